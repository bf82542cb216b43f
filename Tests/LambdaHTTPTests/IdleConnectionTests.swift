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

        func send(_ text: String) throws {
            try self.channel.writeInbound(ByteBuffer(string: text))
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

    @Test(arguments: [(1, true), (400, true), (600, false)])
    func aBodyThatComesInDropsHasALeastRate(bytesInFiveSeconds: Int, isRefused: Bool) throws {
        var configuration = HTTPServerConfiguration(bodyTimeout: .seconds(10))
        configuration.minByteRate = 100
        let connection = try Connection(configuration)
        try connection.send("POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n")
        var failure: HTTPBodyError?
        connection.requests[0].collectBody(upTo: 100_000) { result in
            if case .failure(let error) = result { failure = error }
        }
        // Never ten seconds of silence.
        for _ in 0..<40 {
            try connection.send(String(repeating: "x", count: bytesInFiveSeconds))
            connection.loop.advanceTime(by: .seconds(5))
        }
        #expect((failure == .timedOut) == isRefused)
    }

    @Test func nextRequestsWaitUntilTheClientTakesItsAnswers() throws {
        let connection = try Connection(HTTPServerConfiguration())
        try connection.send("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n")
        connection.channel.isWritable = false
        connection.channel.pipeline.fireChannelWritabilityChanged()
        _ = try connection.answer()
        #expect(connection.requests.isEmpty)
        connection.channel.isWritable = true
        connection.channel.pipeline.fireChannelWritabilityChanged()
        #expect(connection.requests.map(\.path) == ["/2"])
        #expect(try connection.answer().hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(connection.requests.map(\.path) == ["/3"])
    }

    @Test func withoutTimeOutsNoClockRuns() {
        #expect(HTTPServerTicks(HTTPServerConfiguration()).interval == nil)
        #expect(HTTPServerTicks(HTTPServerConfiguration(idleTimeout: .seconds(60))).interval == .seconds(1))
    }
}
