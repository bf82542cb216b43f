import LambdaHTTP
import NIOCore
import NIOHTTP1
import Testing

@Suite(.timeLimit(.minutes(1))) struct HTTPServerTests {
    @Test func pipelinedRequestsAreAnsweredInOrderInOneConnection() async throws {
        try await withServer(handler: echo) { server in
            let text = try await server.exchange(
                "POST /a?x=1 HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi"
                    + "GET /b HTTP/1.1\r\n\r\n"
                    + "POST /c HTTP/1.1\r\nContent-Length: 2\r\nConnection: close\r\n\r\nyo")
            #expect(
                text == "HTTP/1.1 200 OK\r\nx-test: yes\r\ncontent-length: 14\r\n\r\nPOST /a x=1|hi"
                    + "HTTP/1.1 200 OK\r\nx-test: yes\r\ncontent-length: 9\r\n\r\nGET /b -|"
                    + "HTTP/1.1 200 OK\r\nx-test: yes\r\ncontent-length: 12\r\nconnection: close\r\n\r\nPOST /c -|yo")
        }
    }

    @Test func pipelinedRequestsWaitForALateAnswer() async throws {
        try await withServer(
            handler: { exchange in
                exchange.eventLoop.scheduleTask(in: .milliseconds(20)) { echo(exchange) }
            }
        ) { server in
            let client = try await server.connect()
            try await client.send("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n")
            let text = try await client.received(until: "/3")
            #expect(text.components("GET /") == ["1", "2", "3"])
        }
    }

    @Test func keptAliveConnectionTakesRequestAfterRequest() async throws {
        try await withServer(handler: echo) { server in
            let client = try await server.connect()
            for index in 0..<20 {
                try await client.send("POST /\(index) HTTP/1.1\r\nContent-Length: 1\r\n\r\nx")
                let answer = try await client.received(until: "/\(index) -|x")
                #expect(answer.hasSuffix("POST /\(index) -|x"))
            }
        }
    }

    @Test func chunkedBodyWithTrailersIsCollected() async throws {
        try await withServer(handler: echo) { server in
            let client = try await server.connect()
            try await client.send("POST /t HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTrailer: E\r\n\r\n3\r\nabc\r\n")
            try await client.send("2\r\nde\r\n0\r\nE: Oops\r\n\r\n")
            let answer = try await client.received(until: "Oops")
            #expect(answer.hasSuffix("POST /t -|abcde|E=Oops"))
        }
    }

    @Test func expectedContinueIsSentWhenTheBodyIsAskedFor() async throws {
        try await withServer(handler: echo) { server in
            let client = try await server.connect()
            try await client.send("POST /e HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
            let answer = try await client.received(until: "\r\n\r\n")
            #expect(answer == "HTTP/1.1 100 Continue\r\n\r\n")
            try await client.send("ok")
            let second = try await client.received(until: "|ok")
            #expect(second.contains("200 OK"))
        }
    }

    @Test func unknownExpectationIsRefused() async throws {
        try await withServer(handler: echo) { server in
            let client = try await server.connect()
            try await client.send("POST /e HTTP/1.1\r\nContent-Length: 2\r\nExpect: cake\r\n\r\n")
            let answer = try await client.received(until: "\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 417 "))
        }
    }

    @Test func truncatedBodyIsToldToTheHandlerWhoMayAnswer() async throws {
        try await withServer(handler: echo) { server in
            let client = try await server.connect()
            try await client.send("POST /e HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc")
            try await client.closeOutput()
            let answer = try await client.receivedAll()
            #expect(answer.hasSuffix("truncated"))
        }
    }

    @Test func halfClosedClientStillGetsItsAnswers() async throws {
        try await withServer(
            handler: { exchange in exchange.eventLoop.scheduleTask(in: .milliseconds(20)) { echo(exchange) } }
        ) { server in
            let client = try await server.connect()
            try await client.send("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n")
            try await client.closeOutput()
            let answer = try await client.receivedAll()
            #expect(answer.components("GET /") == ["1", "2"])
        }
    }

    @Test func aHeaderOfMoreThanAMebibytePassesWhereItIsAllowed() async throws {
        let value = String(repeating: "x", count: 5 * 256 * 1024)
        let request = "GET /h HTTP/1.1\r\nX-Cause: \(value)\r\nConnection: close\r\n\r\n"
        try await withServer(HTTPServerConfiguration(maxHeadByteCount: 3 * 512 * 1024), handler: echo) { server in
            let answer = try await server.exchange(request)
            #expect(answer.hasSuffix("GET /h -|"))
        }
        try await withServer(handler: echo) { server in
            let client = try await server.connect()
            client.sendIgnoringErrors(ByteBuffer(string: request))
            let answer = try await client.received(until: "\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 431 "))
        }
    }

    @Test func sixMegabytesComeBackWhole() async throws {
        try await withServer(handler: echo) { server in
            let body = String(repeating: "0123456789abcdef", count: 6 * 64 * 1024)
            let text = try await server.exchange(
                "POST /big HTTP/1.1\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body)
            #expect(text.hasSuffix("|" + body))
        }
    }

    @Test func aBodyOverTheLimitIsRefusedBeforeItComes() async throws {
        try await withServer(
            handler: { exchange in
                exchange.collectBody(upTo: 10) { result in
                    exchange.respond(status: .payloadTooLarge, headers: [], body: ByteBuffer(string: "\(result)"))
                }
            }
        ) { server in
            let client = try await server.connect()
            try await client.send("POST / HTTP/1.1\r\nContent-Length: 11\r\n\r\n")
            let answer = try await client.received(until: "11")
            #expect(answer.contains("tooLarge"))
            // The body is thrown away, and the connection lives on.
            try await client.send("01234567890POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
            try await client.send("b\r\n01234567890\r\n0\r\n\r\nPOST / HTTP/1.1\r\nContent-Length: 1\r\n\r\nx")
            let text = try await client.received(until: "success")
            #expect(text.contains("declaredByteCount: nil"))
        }
    }

    @Test func headIsAnsweredWithoutBodyButWithItsLength() async throws {
        try await withServer(handler: echo) { server in
            let text = try await server.exchange("HEAD /h HTTP/1.1\r\nConnection: close\r\n\r\n")
            #expect(text.contains("content-length: 10\r\n"))
            #expect(text.hasSuffix("\r\n\r\n"))
        }
    }

    @Test func oldClientsGetWhatTheyAskFor() async throws {
        try await withServer(handler: echo) { server in
            let answer = try await server.exchange("GET /o HTTP/1.0\r\n\r\n")
            #expect(answer.contains("connection: close\r\n"))
            let client = try await server.connect()
            try await client.send("GET /o HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            let second = try await client.received(until: "/o")
            #expect(second.contains("connection: keep-alive\r\n"))
        }
    }

    @Test func malformedRequestsAreAnsweredAndClosed() async throws {
        for request in ["\u{16}\u{3}\u{1}", "GET /\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n"] {
            try await withServer(handler: echo) { server in
                let client = try await server.connect()
                try await client.send(request)
                let answer = try await client.received(until: "\r\n\r\n")
                #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(request)")
            }
        }
    }

    @Test func aGoodRequestBeforeABadOneIsAnswered() async throws {
        try await withServer(handler: echo) { server in
            let client = try await server.connect()
            try await client.send("GET /good HTTP/1.1\r\n\r\nbad\r\n\r\n")
            let text = try await client.received(until: "400")
            #expect(text.hasPrefix("HTTP/1.1 200 OK"))
            #expect(text.contains("HTTP/1.1 400 "))
        }
    }

    @Test func slowHeadGets408() async throws {
        let configuration = HTTPServerConfiguration(headTimeout: .milliseconds(60))
        try await withServer(configuration, handler: echo) { server in
            let client = try await server.connect()
            try await client.send("GET / HTTP/1.1\r\nX-Slow")
            let answer = try await client.received(until: "\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 408 "))
        }
    }

    @Test func slowHeadBehindAWholeRequestGets408() async throws {
        let configuration = HTTPServerConfiguration(idleTimeout: .hours(1), headTimeout: .milliseconds(60))
        try await withServer(configuration, handler: echo) { server in
            let client = try await server.connect(sending: "GET /first HTTP/1.1\r\n\r\nGET /second HTTP/1.1\r\nX-Slow")
            let answer = try await client.receivedAll()
            #expect(answer.contains("GET /first -|HTTP/1.1 408 "))
        }
    }

    @Test func slowHeadThatBeganWhileTheRequestBeforeItWasAnsweredGets408() async throws {
        let configuration = HTTPServerConfiguration(idleTimeout: .hours(1), headTimeout: .milliseconds(60))
        let later: @Sendable (HTTPExchange) -> Void = { exchange in
            exchange.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(20)) { echo(exchange) }
        }
        try await withServer(configuration, handler: later) { server in
            let client = try await server.connect(sending: "GET /first HTTP/1.1\r\n\r\nGET /second HTTP/1.1\r\nX-Slow")
            let answer = try await client.receivedAll()
            #expect(answer.contains("GET /first -|HTTP/1.1 408 "))
        }
    }

    @Test func idleConnectionIsClosedWithoutAWord() async throws {
        let configuration = HTTPServerConfiguration(idleTimeout: .seconds(3))
        try await withServer(configuration, handler: echo) { server in
            let client = try await server.connect(sending: "GET /once HTTP/1.1\r\n\r\n")
            let answer = try await client.receivedAll()
            #expect(answer.hasSuffix("GET /once -|"))
        }
    }

    @Test func silentBodyTimesOut() async throws {
        let configuration = HTTPServerConfiguration(bodyTimeout: .milliseconds(60))
        try await withServer(configuration, handler: echo) { server in
            let client = try await server.connect()
            try await client.send("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc")
            let answer = try await client.received(until: "timedOut")
            #expect(answer.contains("connection: close"))
        }
    }

    @Test func oneConnectionTooManyIsClosed() async throws {
        try await withServer(HTTPServerConfiguration(maxConnections: 1), handler: echo) { server in
            let first = try await server.connect()
            try await first.send("GET /1 HTTP/1.1\r\n\r\n")
            _ = try await first.received(until: "/1")
            let second = try await server.connect()
            let answer = try await second.receivedAll()
            #expect(answer == "")
            try await first.close()
        }
    }

    @Test func streamedResponseIsChunkedWithTrailers() async throws {
        try await withServer(
            handler: { exchange in
                let writer = exchange.startStreaming(status: .ok, headers: [])
                _ = writer.write(ByteBuffer(string: "hello"))
                exchange.eventLoop.scheduleTask(in: .milliseconds(5)) {
                    _ = writer.write(ByteBuffer(string: String(repeating: "y", count: 40_000)))
                    writer.end(trailers: ["x-end": "1"])
                }
            }
        ) { server in
            let text = try await server.exchange("GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
            #expect(text.contains("transfer-encoding: chunked\r\n"))
            #expect(text.contains("\r\n\r\n5\r\nhello\r\n9c40\r\nyyyy"))
            #expect(text.hasSuffix("yyy\r\n0\r\nx-end: 1\r\n\r\n"))
            let old = try await server.exchange("GET / HTTP/1.0\r\n\r\n")
            #expect(old.contains("\r\n\r\nhelloyyy"))
            #expect(old.hasSuffix("yyy"))
        }
    }

    @Test func aSlowReaderIsNoticedByTheWriter() async throws {
        try await withServer(handler: { exchange in Pump(exchange).run() }) { server in
            let text = try await server.exchange("GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
            #expect(text.utf8.count > Pump.byteCount)
            #expect(text.hasSuffix("\r\n0\r\n\r\n"))
        }
    }

    @Test func streamedRequestBodyComesPartByPart() async throws {
        try await withServer(
            handler: { exchange in
                let text = NIOLoopBoundBox("", eventLoop: exchange.eventLoop)
                exchange.streamBody { part in
                    switch part {
                    case .bytes(let bytes):
                        text.value += "[\(String(buffer: bytes))]"
                        exchange.eventLoop.scheduleTask(in: .milliseconds(2)) { exchange.readNext() }
                    case .end(let trailers):
                        text.value += trailers?.first(name: "t") ?? "none"
                        exchange.respond(status: .ok, headers: [], body: ByteBuffer(string: text.value))
                    case .failed(let error):
                        exchange.respond(status: .badRequest, headers: [], body: ByteBuffer(string: "\(error)"))
                    }
                }
            }
        ) { server in
            let client = try await server.connect()
            try await client.send(
                "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                    + "1\r\na\r\n2\r\nbc\r\n0\r\nt: 9\r\n\r\n")
            let answer = try await client.receivedAll()
            #expect(answer.hasSuffix("[a][bc]9"))
        }
    }

    @Test(arguments: [64 * 1024, 128 * 1024])
    func noMoreIsReadAtOnceThanMayBe(byteCount: Int) async throws {
        var configuration = HTTPServerConfiguration()
        configuration.maxReadByteCount = byteCount
        try await withServer(
            configuration,
            handler: { exchange in
                let largest = NIOLoopBoundBox(0, eventLoop: exchange.eventLoop)
                exchange.streamBody { part in
                    switch part {
                    case .bytes(let bytes):
                        largest.value = max(largest.value, bytes.readableBytes)
                        exchange.readNext()
                    case .end, .failed:
                        exchange.respond(status: .ok, headers: [], body: ByteBuffer(string: "[\(largest.value)]"))
                    }
                }
            }
        ) { server in
            // Client and server share a thread: what the client's socket takes lies there before the server reads.
            let body = String(repeating: "x", count: 1 << 20)
            let answer = try await server.exchange(
                "POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body)
            #expect(answer.hasSuffix("[\(byteCount)]"))
        }
    }

    @Test func lostConnectionIsToldOnce() async throws {
        let (aborts, abort) = AsyncStream.makeStream(of: String.self)
        try await withServer(
            HTTPServerConfiguration(allowsHalfClosure: false),
            handler: { exchange in
                exchange.onAbort = {
                    abort.yield("gone")
                    exchange.respond(status: .ok, headers: [], body: nil)
                    abort.finish()
                }
            }
        ) { server in
            let client = try await server.connect()
            try await client.send("GET /next HTTP/1.1\r\n\r\n")
            try await client.close()
            var told: [String] = []
            for await text in aborts { told.append(text) }
            #expect(told == ["gone"])
        }
    }

    @Test func shutdownFinishesWhatRunsAndClosesWhatIsIdle() async throws {
        let (exchanges, arrival) = AsyncStream.makeStream(of: HTTPExchange.self)
        try await withServer(handler: { arrival.yield($0) }) { server in
            let idle = try await server.connect()
            let busy = try await server.connect()
            try await busy.send("GET /busy HTTP/1.1\r\n\r\n")
            guard let exchange = await exchanges.first(where: { _ in true }) else { return }
            let loop = exchange.eventLoop
            async let down: Void = loop.flatSubmit { server.server.shutdown(grace: .seconds(20)) }.get()
            let answer = try await idle.receivedAll()
            #expect(answer == "")
            try await loop.submit { echo(exchange) }.get()
            let text = try await busy.receivedAll()
            #expect(text.contains("connection: close"))
            try await down
        }
    }

    @Test func graceEndsWhatDoesNotEnd() async throws {
        let (exchanges, arrival) = AsyncStream.makeStream(of: HTTPExchange.self)
        try await withServer(handler: { arrival.yield($0) }) { server in
            let busy = try await server.connect()
            try await busy.send("GET /busy HTTP/1.1\r\n\r\n")
            guard let exchange = await exchanges.first(where: { _ in true }) else { return }
            try await exchange.eventLoop.flatSubmit { server.server.shutdown(grace: .milliseconds(20)) }.get()
            let answer = try await busy.receivedAll()
            #expect(answer == "")
        }
    }

    @Test func lineBreaksInValuesDoNotMakeFields() async throws {
        try await withServer(
            handler: { $0.respond(status: .noContent, headers: [("x-a", "1\r\nx-b: 2")], body: nil) }
        ) { server in
            let text = try await server.exchange("GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
            #expect(text == "HTTP/1.1 204 No Content\r\nx-a: 1  x-b: 2\r\nconnection: close\r\n\r\n")
        }
    }

    @Test func upgradeOffersAreIgnored() async throws {
        try await withServer(handler: echo) { server in
            let text = try await server.exchange(
                "POST /u HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n"
                    + "Content-Length: 2\r\n\r\nhiGET /next HTTP/1.1\r\nConnection: close\r\n\r\n")
            #expect(text.contains("POST /u -|hi"))
            #expect(text.hasSuffix("GET /next -|"))
        }
    }

    @Test(arguments: [
        ("/a?b=1", "/a", "b=1"), ("/a", "/a", nil), ("/a?", "/a", ""), ("http://h:1/p?q", "/p", "q"),
        ("http://h", "/", nil), ("*", "*", nil), ("/a?b?c", "/a", "b?c"), ("http://h?q", "", "q"),
    ] as [(String, String, String?)])
    func targetsAreSplit(uri: String, path: String, query: String?) async throws {
        try await withServer(
            handler: { exchange in
                let text = "\(exchange.path) \(exchange.query.map { "?\($0)" } ?? "-")"
                exchange.respond(status: .ok, headers: [], body: ByteBuffer(string: text))
            }
        ) { server in
            let text = try await server.exchange("GET \(uri) HTTP/1.1\r\nConnection: close\r\n\r\n")
            #expect(text.hasSuffix("\r\n\r\n\(path) \(query.map { "?\($0)" } ?? "-")"))
        }
    }
}

/// Writes as long as the connection takes bytes, and goes on when it takes them again.
private final class Pump: @unchecked Sendable {
    static let byteCount = 8 * 1024 * 1024
    private let writer: HTTPResponseWriter
    private var left = Pump.byteCount

    init(_ exchange: HTTPExchange) {
        self.writer = exchange.startStreaming(status: .ok, headers: [])
    }

    func run() {
        self.writer.onWritable = self.pump
        self.pump()
    }

    private func pump() {
        while self.left > 0 {
            self.left -= 64 * 1024
            if !self.writer.write(ByteBuffer(repeating: 0x61, count: 64 * 1024)) { break }
        }
        guard self.left <= 0 else { return }
        self.writer.onWritable = nil
        self.writer.end()
    }
}

extension String {
    /// The single characters that follow each occurrence of `mark`.
    fileprivate func components(_ mark: String) -> [String] {
        var found: [String] = []
        var rest = Substring(self)
        while let range = rest.range(ofText: mark) {
            rest = rest[range...]
            found.append(String(rest.prefix(1)))
        }
        return found
    }
}

extension Substring {
    /// Where `text` ends for the first time.
    fileprivate func range(ofText text: String) -> Index? {
        var index = self.startIndex
        while index < self.endIndex {
            if self[index...].hasPrefix(text) { return self.index(index, offsetBy: text.count) }
            index = self.index(after: index)
        }
        return nil
    }
}
