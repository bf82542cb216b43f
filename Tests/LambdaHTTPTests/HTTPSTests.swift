import LambdaHTTP
import NIOCore
import NIOHTTP1
import NIOSSL
import TestSupport
import Testing

/// A server with a certificate.
@Suite(.timeLimit(.minutes(1))) struct HTTPSTests {
    private static func context() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: [
                .certificate(try NIOSSLCertificate(bytes: Array(TestCertificates.server.utf8), format: .pem))
            ],
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(TestCertificates.serverKey.utf8), format: .pem)))
        configuration.minimumTLSVersion = .tlsv12
        return try NIOSSLContext(configuration: configuration)
    }

    private static func clientContext() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates([
            try NIOSSLCertificate(bytes: Array(TestCertificates.authority.utf8), format: .pem)
        ])
        return try NIOSSLContext(configuration: configuration)
    }

    @Test func anExchangeSaysWhetherItIsSecure() async throws {
        for isSecure in [false, true] {
            try await withServer(
                tlsContext: isSecure ? Self.context() : nil,
                handler: { exchange in
                    let text = exchange.isSecure ? "secure" : "plain"
                    exchange.respond(status: .ok, headers: [], body: ByteBuffer(string: text))
                }
            ) { server in
                let client = try await RawClient.connect(
                    to: server.address, group: server.group, tlsContext: isSecure ? Self.clientContext() : nil)
                try await client.send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
                #expect(try await client.receivedAll().hasSuffix(isSecure ? "secure" : "plain"))
            }
        }
    }

    @Test func sixMegabytesComeBackWholeOverTLS() async throws {
        try await withServer(tlsContext: Self.context(), handler: echo) { server in
            let client = try await RawClient.connect(
                to: server.address, group: server.group, tlsContext: Self.clientContext())
            let body = String(repeating: "x", count: 6_000_000)
            try await client.send(
                "POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body)
            #expect(try await client.receivedAll().hasSuffix("POST / -|" + body))
        }
    }

    @Test func plainHTTPIsToldThatThisIsNone() async throws {
        try await withServer(tlsContext: Self.context(), handler: echo) { server in
            let answer = try await server.exchange("GET / HTTP/1.1\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
            #expect(answer.hasSuffix("This port speaks HTTPS only.\n"))
            let length = try #require(answer.split(separator: "\r\n\r\n").last).utf8.count
            #expect(answer.contains("content-length: \(length)\r\n"))
        }
    }

    @Test(arguments: ["", "\u{16}\u{3}\u{1}"])
    func aHandshakeThatDoesNotComeToAnEndIsEnded(beginning: String) async throws {
        let configuration = HTTPServerConfiguration(idleTimeout: .hours(1), headTimeout: .milliseconds(50))
        try await withServer(configuration, tlsContext: Self.context(), handler: echo) { server in
            let client = try await server.connect(sending: beginning)
            #expect(try await client.receivedAll().isEmpty)
        }
    }

    @Test func aNewCertificateIsForNewConnections() async throws {
        try await withServer(tlsContext: Self.context(), handler: echo) { server in
            let old = try await RawClient.connect(
                to: server.address, group: server.group, tlsContext: Self.clientContext())
            try await old.send("GET /1 HTTP/1.1\r\n\r\n")
            #expect(try await old.received(until: "GET /1").contains("200 OK"))
            // From now on without one, which no client of TLS takes for its own.
            try await server.server.eventLoop.submit { server.server.tlsContext = nil }.get()
            #expect(try await server.exchange("GET /2 HTTP/1.1\r\nConnection: close\r\n\r\n").contains("GET /2"))
            try await old.send("GET /3 HTTP/1.1\r\n\r\n")
            #expect(try await old.received(until: "GET /3").contains("GET /3"))
        }
    }
}
