import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import LambdaHTTP

/// What the bodies of all connections may take together.
@Suite struct BodyMemoryTests {
    let loop = EmbeddedEventLoop()
    let server: HTTPServer

    init() {
        var configuration = HTTPServerConfiguration()
        configuration.maxBodyMemory = 100
        self.server = HTTPServer(
            configuration: configuration, eventLoop: self.loop, logger: Logger(label: "test")
        ) { exchange in
            exchange.collectBody(upTo: 1000) { result in
                let text =
                    switch result {
                    case .success(let body): "whole \(body.bytes.readableBytes)"
                    case .failure(let error): "\(error)"
                    }
                exchange.respond(status: .ok, headers: [], body: ByteBuffer(string: text))
            }
        }
    }

    func connect() -> EmbeddedChannel {
        EmbeddedChannel(handler: HTTPConnectionHandler(server: self.server, eventLoop: self.loop), loop: self.loop)
    }

    func send(_ text: String, on channel: EmbeddedChannel) throws {
        try channel.writeInbound(ByteBuffer(string: text))
        channel.pipeline.fireChannelReadComplete()
    }

    func answer(_ channel: EmbeddedChannel) throws -> String? {
        try channel.readOutbound(as: ByteBuffer.self).map { String(buffer: $0) }?
            .split(separator: "\r\n").last.map(String.init)
    }

    @Test func whoComesWhenItIsUsedUpIsRefusedAndTheOthersAreNot() throws {
        let (first, second) = (self.connect(), self.connect())
        try self.send("POST / HTTP/1.1\r\nContent-Length: 70\r\n\r\n" + String(repeating: "a", count: 60), on: first)
        try self.send("POST / HTTP/1.1\r\nContent-Length: 60\r\n\r\n" + String(repeating: "b", count: 60), on: second)
        #expect(try self.answer(second) == "noRoom")
        #expect(try self.answer(first) == nil)
        try self.send(String(repeating: "a", count: 10), on: first)
        #expect(try self.answer(first) == "whole 70")

        // The same connection may try again.
        try self.send("POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\n" + String(repeating: "b", count: 100), on: second)
        #expect(try self.answer(second) == "whole 100")
        #expect(self.server.bodyMemory.byteCount == 0)
    }

    @Test func whatWasCollectedForAClientThatLeftIsFreeAgain() throws {
        let (first, second) = (self.connect(), self.connect())
        try self.send("POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\n" + String(repeating: "a", count: 99), on: first)
        #expect(self.server.bodyMemory.byteCount == 99)
        first.pipeline.fireChannelInactive()
        #expect(self.server.bodyMemory.byteCount == 0)
        try self.send("POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\n" + String(repeating: "b", count: 100), on: second)
        #expect(try self.answer(second) == "whole 100")
    }

    @Test func aChunkedBodyCountsAsItComes() throws {
        let client = self.connect()
        try self.send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n", on: client)
        try self.send(String(repeating: "a", count: 64) + "\r\n40\r\n" + String(repeating: "a", count: 64), on: client)
        #expect(try self.answer(client) == "noRoom")
        #expect(self.server.bodyMemory.byteCount == 0)
    }
}
