import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1

@testable import LambdaHTTP

/// One connection to a listener, from the first byte to the end, on a channel without a socket.
///
/// What comes back is HTTP, whatever came in; a connection that falls silent is ended.
final class HTTPConversation {
    let loop: EmbeddedEventLoop
    private let channel: EmbeddedChannel
    private let server: HTTPServer
    private let handled: Methods
    private var sent: [UInt8] = []

    init(_ configuration: HTTPServerConfiguration, loop: EmbeddedEventLoop, _ handler: @escaping (HTTPExchange) -> Void) {
        let methods = Methods()
        self.handled = methods
        self.loop = loop
        self.server = HTTPServer(
            configuration: configuration, eventLoop: loop,
            logger: Logger(label: "fuzz", factory: { _ in SwiftLogNoOpLogHandler() })
        ) { exchange in
            methods.all.append(exchange.head.method)
            handler(exchange)
        }
        self.channel = EmbeddedChannel(loop: loop)
        _ = self.server.accept(self.channel)
        self.channel.connect(to: Self.address, promise: nil)
    }

    private final class Methods {
        var all: [HTTPMethod] = []
    }

    private static let address: SocketAddress = {
        do { return try SocketAddress(ipAddress: "127.0.0.1", port: 8080) } catch { fatalError("\(error)") }
    }()

    /// Sends the bytes, lets an hour pass, and hangs up.
    ///
    /// - Parameter closesInput: Whether the client closes its sending side behind them.
    /// - Returns: The statuses of what was answered.
    func run(_ pieces: FuzzSplit, closesInput: Bool) -> [Int] {
        for piece in pieces where self.channel.isActive {
            _ = try? self.channel.writeInbound(piece)
            self.loop.run()
            self.takeSent()
        }
        if closesInput { self.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
        self.loop.run()
        for _ in 0..<12 { self.loop.advanceTime(by: .minutes(5)) }
        self.takeSent()
        let wasActive = self.channel.isActive
        _ = try? self.channel.finish(acceptAlreadyClosed: true)
        self.loop.run()
        check(self.server.connectionCount == 0, "the server still knows of the connection")
        check(self.server.bodyMemory.byteCount == 0, "bodies that are gone are counted still")
        check(!wasActive || !self.server.configuration.hasTimeouts, "a silent connection stays open")
        return self.readAnswers(wasCut: !wasActive)
    }

    private func takeSent() {
        while let part = try? self.channel.readOutbound(as: ByteBuffer.self) { self.sent += part.readableBytesView }
    }

    /// - Parameter wasCut: Whether the server has closed the connection: that is how an answer ends that failed midway.
    private func readAnswers(wasCut: Bool) -> [Int] {
        var reader = HTTPAnswerReader(self.sent)
        var statuses: [Int] = []
        while !reader.isAtEnd {
            let isHead = statuses.count < self.handled.all.count && self.handled.all[statuses.count] == .HEAD
            switch reader.next(hasBody: !isHead) {
            case .answer(let status): statuses.append(status)
            case .interim: break
            case .cut where wasCut: return statuses + [0]
            case .cut, .malformed:
                fatalError("no HTTP: \(String(decoding: self.sent, as: UTF8.self))")
            }
        }
        check(statuses.count <= self.handled.all.count + 1, "\(statuses) for \(self.handled.all.count) requests")
        return statuses
    }
}

extension HTTPServerConfiguration {
    fileprivate var hasTimeouts: Bool { self.idleTimeout != nil }
}
