import Logging
import NIOCore
import NIOEmbedded
import TestSupport

@testable import AMQP

/// A whole connection as a broker that means harm sees it: handshake, channel, consumer, confirms, replies.
///
/// What it does is the same whatever pieces the bytes come in. What it sends are frames. When the socket has ended, it
/// has ended, and everybody who waited has been told once.
enum AMQPLinkTarget: FuzzTarget {
    static let name = "amqp-link"

    static var seeds: [[UInt8]] {
        let all = AMQPSeeds.frames.flatMap(\.bytes)
        let working = AMQPSeeds.frames.filter { $0.channel == 1 && $0.classID == 60 || $0.type > 1 }.flatMap(\.bytes)
        return [[5, 0] + AMQPSeeds.handshake.flatMap(\.bytes) + all, [5, 1] + all, [9, 2] + working]
            + AMQPSeeds.frames.map { [6, 2] + $0.bytes }
    }

    static func run(_ input: FuzzInput) {
        var input = input
        let seed = input.byte()
        let stage = LinkRun.Stage(rawValue: input.byte() % 3) ?? .fresh
        let bytes = input.all()
        let whole = LinkRun(stage).run(FuzzSplit(bytes: bytes, seed: nil))
        let pieces = LinkRun(stage).run(FuzzSplit(bytes: bytes, seed: seed))
        check(whole == pieces, "in one piece: \(whole)\nin pieces: \(pieces)")
    }

    static func mutate(_ input: [UInt8], limit: Int, _ random: inout FuzzRandom) -> [UInt8]? {
        AMQPMutation.mutate(input, headByteCount: 2, limit: limit, &random)
    }
}

/// One connection from its beginning to its end.
private final class LinkRun {
    enum Stage: UInt8 {
        case fresh, open, working
    }

    private let loop = EmbeddedEventLoop()
    private let channel: EmbeddedChannel
    private let link: AMQPLink
    /// What was told to whom, in order.
    private var told: [String] = []
    private var waiting = 0
    private var sent: [UInt8] = []

    init(_ stage: Stage) {
        let handshake = HandshakeStateMachine(
            .init(
                mechanisms: [.plain], username: "guest", password: "guest", virtualHost: "/", connectionName: nil,
                channelMax: 2047, frameMax: 131_072, heartbeat: 30))
        self.link = AMQPLink(
            handshake: handshake, eventLoop: self.loop,
            logger: Logger(label: "fuzz", factory: { _ in SwiftLogNoOpLogHandler() }), maxFrameByteCount: 131_072,
            maxBodyByteCount: 1 << 16, outboundLimit: 1 << 20)
        self.channel = EmbeddedChannel(handler: self.link, loop: self.loop)
        self.channel.connect(to: Self.address, promise: nil)
        self.wait(self.link.opened, "opened")
        self.link.onClosed = { self.tell("closed \($0)") }
        self.link.onBlockedChanged = { self.tell("blocked \($0 ?? "not")") }
        guard stage != .fresh else { return }
        self.receive(AMQPSeeds.handshake)
        guard stage == .working else { return }
        let opening = self.link.openChannel()
        opening.assumeIsolated().whenSuccess { self.work($0) }
        self.receive([.channelOpenOK(on: 1), .confirmSelectOK(on: 1), .basicConsumeOK("tag", on: 1)])
    }

    private static let address: SocketAddress = {
        do { return try SocketAddress(ipAddress: "127.0.0.1", port: 5672) } catch { fatalError("\(error)") }
    }()

    /// Everything that can wait for an answer.
    private func work(_ channel: AMQPLinkChannel) {
        channel.onClosed = { self.tell("channel closed \($0)") }
        channel.onReturned = { self.tell("returned \($0.routingKey) \($0.body)") }
        self.wait(channel.selectConfirms(), "confirms")
        let consumption = AMQPConsumption(queue: "q", consumerTag: "tag")
        let consuming = channel.consume(
            consumption,
            deliver: { self.tell("delivered \($0.deliveryTag) \($0.routingKey) \($0.body)") },
            cancelled: { self.tell("cancelled") })
        self.wait(consuming, "consuming")
        for number in 1...3 {
            self.waiting += 1
            try? channel.publish(
                exchange: "", routingKey: AMQPShortString("r\(number)"), isMandatory: number < 3,
                properties: AMQPProperties(contentType: "text/plain"), body: ByteBuffer(bytes: [UInt8(number)])
            ) { outcome in
                self.waiting -= 1
                self.tell("publish \(number): \(outcome)")
            }
        }
        self.wait(channel.request(.basicGet(queue: "q", noAck: true), expecting: .get), "got")
        self.wait(channel.request(.queueDeclare(.init(name: "q"), passive: true), expecting: .queueDeclareOK), "declared")
        self.wait(channel.cancel("other"), "other cancelled")
    }

    private func wait<Value>(_ future: EventLoopFuture<Value>, _ what: String) {
        self.waiting += 1
        future.assumeIsolated().whenComplete { result in
            self.waiting -= 1
            switch result {
            case .success: self.tell(what)
            case .failure(let error):
                check(error is AMQPError, "an error that is not typed: \(error)")
                self.tell("\(what): \(error)")
            }
        }
    }

    private func tell(_ text: String) {
        self.told.append(text)
    }

    private func receive(_ frames: [FakeFrame]) {
        _ = try? self.channel.writeInbound(ByteBuffer(bytes: frames.flatMap(\.bytes)))
        self.loop.run()
    }

    /// Sends what a broker sends, and lets time pass; then the socket ends.
    func run(_ pieces: FuzzSplit) -> [String] {
        for piece in pieces {
            _ = try? self.channel.writeInbound(piece)
            self.loop.run()
        }
        // Two heartbeats that do not come.
        self.loop.advanceTime(by: .seconds(100))
        self.takeSent()
        _ = try? self.channel.finish(acceptAlreadyClosed: true)
        self.loop.run()
        check(self.link.closedError != nil, "the connection has not ended")
        check(self.waiting == 0, "\(self.waiting) were not told, or told twice: \(self.told)")
        self.checkSent()
        (self.link.onClosed, self.link.onBlockedChanged) = (nil, nil)
        return self.told + ["\(self.sent.count) bytes sent"]
    }

    private func takeSent() {
        while let part = try? self.channel.readOutbound(as: ByteBuffer.self) { self.sent += part.readableBytesView }
    }

    private func checkSent() {
        check(self.sent.starts(with: FakeFrame.protocolHeader), "no protocol header")
        var rest = ByteBuffer(bytes: self.sent.dropFirst(8))
        var splitter = FrameSplitter(maxFrameByteCount: 131_072)
        var byteCount = 0
        while case .frame(let frame) = splitter.next(from: &rest) {
            byteCount += frame.payload.readableBytes + FrameSplitter.overheadByteCount
        }
        // A piece of a body frame is not followed by an end mark, and so counted for more than it takes.
        check(byteCount == self.sent.count - 8, "what was sent are no frames: \(self.sent)")
    }
}
