import LambdaHTTP
import LambdaMetrics
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

/// The port of the metrics, over a real socket.
@Suite(.timeLimit(.minutes(1))) struct MetricsServerTests {
    /// Sends requests, one after the other, and returns what came until the server hung up.
    private func exchange(
        _ requests: String, collect: @escaping @Sendable (any EventLoop) -> EventLoopFuture<ByteBuffer>
    ) async throws -> String {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let server = try await loop.flatSubmit {
            MetricsServer.bind(
                .init(host: "127.0.0.1", port: 0), eventLoop: loop,
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })) { collect(loop) }
        }.get()
        let address = try #require(try await loop.submit { server.localAddress }.get())
        let promise = loop.makePromise(of: String.self)
        let channel = try await ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Reader(promise))
                }
            }
            .connect(to: address).get()
        try await channel.writeAndFlush(ByteBuffer(string: requests))
        let answer = try await promise.futureResult.get()
        try await loop.flatSubmit { server.close() }.get()
        try await group.shutdownGracefully()
        return answer
    }

    private func request(_ line: String, connection: String = "close") -> String {
        "\(line) HTTP/1.1\r\nHost: x\r\nConnection: \(connection)\r\n\r\n"
    }

    @Test func metricsAreServedAsTextOfTheirVersion() async throws {
        let answer = try await self.exchange(self.request("GET /metrics")) {
            $0.makeSucceededFuture(ByteBuffer(string: "a 1\n"))
        }
        #expect(answer.hasPrefix("HTTP/1.1 200"))
        #expect(answer.lowercased().contains("content-type: text/plain; version=0.0.4; charset=utf-8\r\n"))
        #expect(answer.hasSuffix("\r\n\r\na 1\n"))
    }

    @Test(arguments: [("GET /", "404"), ("GET /metrics/", "404"), ("POST /metrics", "405")])
    func nothingElseIsServed(line: String, status: String) async throws {
        let answer = try await self.exchange(self.request(line)) { $0.makeSucceededFuture(ByteBuffer(string: "a 1\n")) }
        #expect(answer.hasPrefix("HTTP/1.1 \(status)"))
        #expect(!answer.contains("a 1"))
    }

    @Test func metricsThatCannotBeCollectedAreAServerError() async throws {
        let answer = try await self.exchange(self.request("GET /metrics")) {
            $0.makeFailedFuture(ChannelError.operationUnsupported)
        }
        #expect(answer.hasPrefix("HTTP/1.1 500"))
    }
}

private final class Reader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var text = ""
    private let promise: EventLoopPromise<String>

    init(_ promise: EventLoopPromise<String>) { self.promise = promise }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.text += String(buffer: self.unwrapInboundIn(data))
    }

    func channelInactive(context: ChannelHandlerContext) { self.promise.succeed(self.text) }
}
