import Logging
import NIOCore
import NIOEmbedded
import Testing

@testable import LambdaHTTP

/// Empty lines between requests (RFC 9112, 2.2), without a socket and without waiting.
@Suite struct EmptyLineTests {
    /// What a connection that has these pieces, one read each, has sent after 30 s of silence; and whether it is open.
    private func answer(to pieces: [String]) throws -> (text: String, isOpen: Bool) {
        let loop = EmbeddedEventLoop()
        let server = HTTPServer(
            configuration: HTTPServerConfiguration(idleTimeout: .minutes(1), headTimeout: .seconds(5)), eventLoop: loop,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), handler: echo)
        let channel = EmbeddedChannel(loop: loop)
        _ = server.accept(channel)
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 80), promise: nil)
        for piece in pieces { try channel.writeInbound(ByteBuffer(string: piece)) }
        for _ in 0..<30 { loop.advanceTime(by: .seconds(1)) }
        var text = ""
        while let part = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: part) }
        let isOpen = channel.isActive
        _ = try channel.finish(acceptAlreadyClosed: true)
        return (text, isOpen)
    }

    @Test(arguments: [["\r\n"], ["\r\n\r", "\n"], ["\r"], ["\r", "\n\r\n"]])
    func anEmptyLineBehindARequestBeginsNoHead(_ lines: [String]) throws {
        let answer = try self.answer(to: ["GET /once HTTP/1.1\r\n\r\n"] + lines)
        #expect(answer.text.hasSuffix("GET /once -|"))
        #expect(answer.isOpen)
    }

    @Test func aHeadThatStopsBehindAnEmptyLineGets408() throws {
        let answer = try self.answer(to: ["GET /once HTTP/1.1\r\n\r\n", "\r\n", "GET /tw"])
        #expect(answer.text.contains("GET /once -|HTTP/1.1 408 "))
    }
}
