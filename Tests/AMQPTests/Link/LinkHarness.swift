import Logging
import NIOCore
import NIOEmbedded
import TestSupport

@testable import AMQP

/// A link on an embedded channel: no socket, no clock; the test is the broker.
final class LinkHarness {
    let loop = EmbeddedEventLoop()
    let channel: EmbeddedChannel
    let link: AMQPLink

    init(maxBodyByteCount: Int = 1 << 20) throws {
        let handshake = HandshakeStateMachine(
            .init(
                mechanisms: [.plain], username: "guest", password: "guest", virtualHost: "/", connectionName: nil,
                channelMax: 2047, frameMax: 131_072, heartbeat: 0))
        self.link = AMQPLink(
            handshake: handshake, eventLoop: self.loop,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), maxFrameByteCount: 131_072,
            maxBodyByteCount: maxBodyByteCount, outboundLimit: 1 << 20)
        self.channel = EmbeddedChannel(handler: self.link, loop: self.loop)
        try self.channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 5672)).wait()
    }

    /// A link through its handshake.
    static func opened(maxBodyByteCount: Int = 1 << 20) throws -> LinkHarness {
        let harness = try LinkHarness(maxBodyByteCount: maxBodyByteCount)
        harness.receive(RawFrame.start() + RawFrame.tune() + RawFrame.openOK)
        _ = harness.sentMethods()
        return harness
    }

    /// A link with channel 1 open.
    static func withChannel(maxBodyByteCount: Int = 1 << 20) throws -> (LinkHarness, AMQPLinkChannel) {
        let harness = try opened(maxBodyByteCount: maxBodyByteCount)
        let channel = harness.link.openChannel()
        harness.receive(RawFrame.channelOpenOK(1))
        _ = harness.sentMethods()
        return (harness, try channel.wait())
    }

    /// Bytes come from the broker.
    func receive(_ bytes: [UInt8]) {
        _ = try? self.channel.writeInbound(ByteBuffer(bytes: bytes))
        self.loop.run()
    }

    /// What the link has sent since the last call, as class and method numbers ("header", "body" for the others).
    func sentMethods() -> [String] {
        self.loop.run()
        var bytes = ByteBuffer()
        while var part = try? self.channel.readOutbound(as: ByteBuffer.self) { bytes.writeBuffer(&part) }
        if bytes.readableBytesView.starts(with: "AMQP".utf8) { bytes.moveReaderIndex(forwardBy: 8) }
        var methods: [String] = []
        var splitter = FrameSplitter(maxFrameByteCount: 131_072)
        while case .frame(let frame) = splitter.next(from: &bytes) {
            switch frame.type {
            case .method:
                let numbers = frame.payload.getMultipleIntegers(
                    at: frame.payload.readerIndex, as: (UInt16, UInt16).self)
                methods.append("\(numbers?.0 ?? 0).\(numbers?.1 ?? 0)")
            default: methods.append("\(frame.type)")
            }
        }
        return methods
    }

    /// The socket ends.
    func hangUp() {
        _ = try? self.channel.finish(acceptAlreadyClosed: true)
        self.loop.run()
    }
}
