import NIOCore
import NIOPosix
import NIOSSL

/// A TCP client that sends bytes and collects what comes back, until a text has come or the server closes.
final class RawClient: Sendable {
    private let channel: any Channel
    private let collector: NIOLoopBound<Collector>

    /// - Parameter greeting: Sent by the client's own thread as soon as it is connected, however long this task waits
    ///   for its turn.
    static func connect(
        to address: SocketAddress, group: any EventLoopGroup, sending greeting: String = "",
        tlsContext: NIOSSLContext? = nil
    ) async throws -> RawClient {
        let loop = group.next()
        let collector = try await loop.submit { NIOLoopBound(Collector(greeting), eventLoop: loop) }.get()
        let channel = try await ClientBootstrap(group: loop)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tlsContext {
                        let handler = try NIOSSLClientHandler(context: tlsContext, serverHostname: nil)
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                    try channel.pipeline.syncOperations.addHandler(collector.value)
                }
            }
            .connect(to: address).get()
        return RawClient(channel: channel, collector: collector)
    }

    private init(channel: any Channel, collector: NIOLoopBound<Collector>) {
        self.channel = channel
        self.collector = collector
    }

    func send(_ text: String) async throws {
        try await self.channel.writeAndFlush(ByteBuffer(string: text))
    }

    func sendIgnoringErrors(_ bytes: ByteBuffer) {
        self.channel.writeAndFlush(bytes, promise: nil)
    }

    func closeOutput() async throws {
        try await self.channel.close(mode: .output)
    }

    func close() async throws {
        try await self.channel.close()
    }

    /// All that has come, once it contains `text`, or once the server has closed.
    func received(until text: String) async throws -> String {
        try await self.channel.eventLoop.flatSubmit { self.collector.value.wait(for: text) }.get()
    }

    /// All that comes until the server closes.
    func receivedAll() async throws -> String {
        try await self.channel.eventLoop.flatSubmit { self.collector.value.wait(for: nil) }.get()
    }
}

private final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let greeting: String
    private var bytes = ByteBuffer()
    private var ended = false
    private var waiter: (text: String?, promise: EventLoopPromise<String>)?
    private var eventLoop: (any EventLoop)?

    init(_ greeting: String) {
        self.greeting = greeting
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.eventLoop = context.eventLoop
    }

    func channelActive(context: ChannelHandlerContext) {
        if !self.greeting.isEmpty {
            context.writeAndFlush(NIOAny(ByteBuffer(string: self.greeting)), promise: nil)
        }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.bytes.writeImmutableBuffer(self.unwrapInboundIn(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) { self.check() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { self.end() }
    }

    func channelInactive(context: ChannelHandlerContext) { self.end() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { self.end() }

    func wait(for text: String?) -> EventLoopFuture<String> {
        guard let eventLoop = self.eventLoop else { preconditionFailure("not connected") }
        let promise = eventLoop.makePromise(of: String.self)
        self.waiter = (text, promise)
        self.check()
        return promise.futureResult
    }

    private func end() {
        self.ended = true
        self.check()
    }

    private func check() {
        guard let (text, promise) = self.waiter else { return }
        let all = String(buffer: self.bytes)
        guard self.ended || text.map({ all.contains($0) }) ?? false else { return }
        self.waiter = nil
        promise.succeed(all)
    }
}
