package import NIOCore
import NIOPosix

/// Asks a program that runs here whether it can do its work: what a container's health check starts, in images that have
/// nothing else in them that could ask.
package struct ReadinessCheck: Sendable {
    private static let connectTimeout = TimeAmount.seconds(2)
    private static let answerTimeout = TimeAmount.seconds(5)

    private let host: String
    private let port: Int
    private let request: String

    /// - Parameters:
    ///   - host: Where the program listens; an address that means "all" is asked at the loopback.
    ///   - port: Its port.
    ///   - method: Of the request.
    ///   - path: Of the request.
    ///   - headers: Further header lines.
    package init(host: String, port: Int, method: String, path: String, headers: [(String, String)] = []) {
        self.host = ["0.0.0.0", "::", ""].contains(host) ? "127.0.0.1" : host
        self.port = port
        let fields = [("Host", "localhost"), ("Connection", "close"), ("Content-Length", "0")] + headers
        self.request =
            "\(method) \(path) HTTP/1.1\r\n" + fields.map { "\($0): \($1)\r\n" }.joined() + "\r\n"
    }

    /// Asks, and waits for the answer, seven seconds at most.
    ///
    /// - Parameter prepare: Adds what the connection needs below HTTP, as TLS.
    /// - Returns: `nil` when the answer's status is 200 to 299; else what is wrong.
    package func run(preparing prepare: @escaping @Sendable (any Channel) throws -> Void = { _ in }) -> String? {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let status = group.next().makePromise(of: String.self)
        let request = self.request
        ClientBootstrap(group: group)
            .connectTimeout(Self.connectTimeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try prepare(channel)
                    try channel.pipeline.syncOperations.addHandler(StatusReader(request: request, status: status))
                }
            }
            .connect(host: self.host, port: self.port)
            .cascadeFailure(to: status)
        group.next().scheduleTask(in: Self.answerTimeout) { status.fail(ChannelError.connectTimeout(Self.answerTimeout)) }
        do {
            let answer = try status.futureResult.wait()
            return answer.hasPrefix("2") ? nil : answer
        } catch {
            return "no answer from \(self.host):\(self.port): \(error)"
        }
    }
}

/// Sends a request once there is a connection, and reads the first line of what comes back.
private final class StatusReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let request: String
    private let status: EventLoopPromise<String>
    private var received = ""

    init(request: String, status: EventLoopPromise<String>) {
        self.request = request
        self.status = status
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: self.request)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.received += String(buffer: self.unwrapInboundIn(data))
        guard let line = self.received.split(separator: "\r\n", omittingEmptySubsequences: false).first,
            line.utf8.count < self.received.utf8.count || self.received.utf8.count > 256
        else { return }
        self.status.succeed(line.split(separator: " ", maxSplits: 1).dropFirst().first.map(String.init) ?? String(line))
        context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.status.fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.status.fail(ChannelError.eof)
    }
}
