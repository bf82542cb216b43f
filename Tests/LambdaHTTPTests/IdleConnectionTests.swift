import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import LambdaHTTP

/// Time that the test moves on itself: a day takes no time at all.
@Suite struct IdleConnectionTests {
    /// One connection to a server whose handler keeps its requests.
    private final class Connection {
        let loop = EmbeddedEventLoop()
        let channel: EmbeddedChannel
        private(set) var requests: [HTTPExchange] = []
        private var server: HTTPServer?

        init(_ configuration: HTTPServerConfiguration) throws {
            self.channel = EmbeddedChannel(loop: self.loop)
            let server = HTTPServer(configuration: configuration, eventLoop: self.loop, logger: Logger(label: "test")) {
                [unowned self] in self.requests.append($0)
            }
            self.server = server
            let accepted = server.accept(self.channel)
            self.loop.run()
            try accepted.wait()
            try self.channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        }

        func get() throws {
            try self.channel.writeInbound(ByteBuffer(string: "GET /next HTTP/1.1\r\n\r\n"))
        }

        func answer() throws -> String {
            self.requests.removeFirst().respond(status: .ok, headers: [], body: nil)
            return try self.channel.readOutbound(as: ByteBuffer.self).map { String(buffer: $0) } ?? ""
        }
    }

    @Test func aRequestThatWaitsForADayIsAnsweredOverItsConnection() throws {
        for timeout in [nil, TimeAmount.seconds(60)] {
            let connection = try Connection(
                HTTPServerConfiguration(idleTimeout: timeout, headTimeout: timeout, bodyTimeout: timeout))
            try connection.get()
            connection.loop.advanceTime(by: .hours(24))
            #expect(connection.channel.isActive)
            #expect(try connection.answer().hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }

    @Test func aConnectionWithoutARequestIsKeptForADayUnlessThereIsATimeOut() throws {
        let kept = try Connection(HTTPServerConfiguration())
        try kept.get()
        _ = try kept.answer()
        kept.loop.advanceTime(by: .hours(24))
        try kept.get()
        #expect(try kept.answer().hasPrefix("HTTP/1.1 200 OK\r\n"))

        let closed = try Connection(HTTPServerConfiguration(idleTimeout: .seconds(60)))
        try closed.get()
        _ = try closed.answer()
        closed.loop.advanceTime(by: .seconds(59))
        #expect(closed.channel.isActive)
        closed.loop.advanceTime(by: .hours(24))
        #expect(!closed.channel.isActive)
    }

    @Test func withoutTimeOutsNoClockRuns() {
        #expect(HTTPServerTicks(HTTPServerConfiguration()).interval == nil)
        #expect(HTTPServerTicks(HTTPServerConfiguration(idleTimeout: .seconds(60))).interval == .seconds(1))
    }
}
