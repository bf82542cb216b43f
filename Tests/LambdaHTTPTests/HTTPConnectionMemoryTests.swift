import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import LambdaHTTP

/// What a connection keeps of what it has read.
@Suite struct HTTPConnectionMemoryTests {
    /// A client whose every packet ends within a chunk's size: there is always something that is not a whole part yet.
    @Test func aBodyOfTinyChunksLeavesNothingBehind() throws {
        var body: HTTPBody?
        let loop = EmbeddedEventLoop()
        let server = HTTPServer(
            configuration: HTTPServerConfiguration(), eventLoop: loop, logger: Logger(label: "test")
        ) { exchange in
            exchange.collectBody(upTo: 1_000_000) { body = try? $0.get() }
        }
        let connection = HTTPConnectionHandler(server: server, eventLoop: loop)
        let channel = EmbeddedChannel(handler: connection, loop: loop)

        try channel.writeInbound(ByteBuffer(string: "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1"))
        for _ in 0..<20_000 {
            try channel.writeInbound(ByteBuffer(string: ";extension=0123456789012345678901234567890123456789\r\nx\r\n1"))
        }
        #expect(connection.unread.readableBytes == 1)
        #expect(connection.unread.capacity < 4096)
        try channel.writeInbound(ByteBuffer(string: "\r\ny\r\n0\r\n\r\n"))
        #expect(body?.bytes.readableBytes == 20_001)
    }
}
