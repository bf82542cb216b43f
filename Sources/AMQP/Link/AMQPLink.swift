import Logging
package import NIOCore

/// One connection to one broker, from the handshake to its end; it is never opened again. Loop-bound: the hot paths
/// use it from its own event loop, without a thread hop, a lock or a copy. ``AMQPConnection`` makes a new link when
/// one is lost.
///
/// It is also the channel handler: bytes become frames (``FrameSplitter``), frames become methods (librabbitmq, in
/// ``RabbitDecoder``), and the state machines say what follows.
package final class AMQPLink: @unchecked Sendable {
    // @unchecked: every member is used on `eventLoop` only (asserted at the entries).
    enum Phase {
        /// Can transition to: `open`, `closed`.
        case handshaking(HandshakeStateMachine)
        /// Can transition to: `closing`, `closed`.
        case open
        /// We have sent `connection.close`. Can transition to: `closed`.
        case closing
        /// The end, and why.
        case closed(AMQPError)
    }

    package let eventLoop: any EventLoop
    let logger: Logger
    private let maxBodyByteCount: Int
    private let outboundLimit: Int

    var phase: Phase
    var splitter: FrameSplitter
    let decoder = RabbitDecoder()
    let encoder: RabbitEncoder
    let outbound = OutboundBuffer()
    /// What was read and is not a whole frame yet.
    var unread = ByteBuffer()
    var context: ChannelHandlerContext?
    var channels: [UInt16: AMQPLinkChannel] = [:]
    /// The one that the last frame was for: most likely the next one is, too.
    var lastChannel: AMQPLinkChannel?
    var heartbeat: HeartbeatMonitor?
    var heartbeatTimer: Scheduled<Void>?
    /// Whether frames that were read together are being handled.
    package internal(set) var isReading = false
    var workAfterRead: [() -> Void] = []
    var readPauses = 0
    var isReadHeldBack = false
    let openPromise: EventLoopPromise<Void>
    private let closePromise: EventLoopPromise<Void>

    /// What was negotiated. Valid once the link is open.
    package internal(set) var agreement = HandshakeStateMachine.Agreement(
        channelMax: 0, frameMax: 0, heartbeat: 0, serverProperties: [:])
    /// The reason that the broker gave for not reading from us (`connection.blocked`); `nil` while it does.
    package internal(set) var blockedReason: String?
    /// The link has ended. Called once.
    package var onClosed: ((AMQPError) -> Void)?
    /// The broker has stopped, or begun again, to take publishes.
    package var onBlockedChanged: ((String?) -> Void)?
    /// More may be published after ``isWritable`` was false.
    package var onWritable: (() -> Void)?

    init(
        handshake: HandshakeStateMachine, eventLoop: any EventLoop, logger: Logger, maxFrameByteCount: Int,
        maxBodyByteCount: Int, outboundLimit: Int
    ) {
        self.phase = .handshaking(handshake)
        self.eventLoop = eventLoop
        self.logger = logger
        self.maxBodyByteCount = maxBodyByteCount
        self.outboundLimit = outboundLimit
        self.splitter = FrameSplitter(maxFrameByteCount: maxFrameByteCount)
        self.encoder = RabbitEncoder(maxFrameByteCount: maxFrameByteCount)
        self.openPromise = eventLoop.makePromise()
        self.closePromise = eventLoop.makePromise()
    }

    /// Completes when the handshake is through.
    var opened: EventLoopFuture<Void> { self.openPromise.futureResult }

    /// Completes when the link has ended, however it did.
    package var closed: EventLoopFuture<Void> { self.closePromise.futureResult }

    /// Where the link leads to, as address and port.
    var remoteAddress: String {
        guard let address = self.context?.remoteAddress, let host = address.ipAddress, let port = address.port else { return "" }
        return "\(AMQPEndpoint(host: host, port: port))"
    }

    /// Whether requests and publishes may be sent.
    package var isOpen: Bool {
        if case .open = self.phase { return true }
        return false
    }

    /// Why the link has ended; `nil` while it has not.
    package var closedError: AMQPError? {
        if case .closed(let error) = self.phase { return error }
        return nil
    }

    /// False once more is buffered for the socket than the limit allows: publish again after ``onWritable``.
    ///
    /// What is pending counts with the channel's own comparison (above its high water mark): so each time that this is
    /// false, passing the bytes on makes the channel unwritable, and its becoming writable again calls ``onWritable``.
    package var isWritable: Bool {
        (self.context?.channel.isWritable ?? false) && self.outbound.pendingByteCount <= self.outboundLimit
    }
}

extension AMQPLink {
    /// Whether a publish would leave soon: there is room, and the broker does not block publishers.
    package var takesPublishes: Bool { self.isWritable && self.blockedReason == nil }
}

// MARK: - Channels and closing

extension AMQPLink {
    /// Opens a channel.
    package func openChannel() -> EventLoopFuture<AMQPLinkChannel> {
        self.eventLoop.assertInEventLoop()
        guard self.isOpen else {
            return self.eventLoop.makeFailedFuture(
                self.closedError ?? AMQPError(.connectionLost, "the connection is not open"))
        }
        guard let number = self.takeChannelNumber() else {
            return self.eventLoop.makeFailedFuture(
                AMQPError(.resourceRefused, "channel_max: all \(self.agreement.channelMax) channels are in use"))
        }
        let channel = AMQPLinkChannel(
            number: number, epoch: ChannelEpochs.next(), link: self, maxBodyByteCount: self.maxBodyByteCount)
        self.channels[number] = channel
        return channel.request(.channelOpen, expecting: .channelOpenOK).map { _ in channel }
    }

    /// The next free number: low ones first, since a broker and librabbitmq keep something for each ever used.
    private func takeChannelNumber() -> UInt16? {
        let limit = self.agreement.channelMax == 0 ? UInt16.max : self.agreement.channelMax
        return (1...limit).first { self.channels[$0] == nil }
    }

    /// A channel is closed on both sides; its number may be used again.
    func channelEnded(_ channel: AMQPLinkChannel) {
        self.channels[channel.number] = nil
        self.lastChannel = nil
    }

    /// Closes the connection in AMQP's way; completes when the broker has agreed, or after `timeout`.
    package func close(timeout: TimeAmount = .seconds(5)) -> EventLoopFuture<Void> {
        self.eventLoop.assertInEventLoop()
        switch self.phase {
        case .open:
            self.phase = .closing
            self.answer(.connectionClose(replyCode: 200, replyText: "closed by the client"), on: 0)
            self.outbound.flush()
            // The broker's answer comes behind whatever a slow reader holds up.
            self.readOn()
            let timer = self.eventLoop.assumeIsolated().scheduleTask(in: timeout) {
                self.finish(AMQPError(.connectionClosed, "the connection was closed; the broker did not agree in time"))
            }
            self.closed.whenComplete { _ in timer.cancel() }
        case .handshaking:
            self.finish(AMQPError(.connectionClosed, "the connection was closed while it was being opened"))
        case .closing, .closed: break
        }
        return self.closed
    }

    /// Ends the link at once, without a word to the broker.
    package func abort(_ error: AMQPError) {
        self.finish(error)
    }

    /// The broker broke the protocol: it is told, and the link ends.
    func violated(_ violation: ProtocolViolation) {
        if case .closed = self.phase { return }
        self.answer(
            .connectionClose(
                replyCode: violation.replyCode.rawValue, replyText: String(violation.message.prefix(200))), on: 0)
        self.outbound.flush()
        self.finish(AMQPError(.protocolViolation, violation.message, replyCode: violation.replyCode))
    }

    /// Ends the link: everybody who waits is told why.
    func finish(_ error: AMQPError) {
        if case .closed = self.phase { return }
        self.phase = .closed(error)
        self.heartbeatTimer?.cancel()
        self.outbound.detach()
        self.context?.close(promise: nil)
        self.context = nil
        self.unread = ByteBuffer()
        self.openPromise.fail(error)
        let channels = self.channels.values
        self.channels = [:]
        self.lastChannel = nil
        for channel in channels { channel.linkClosed(error) }
        let onClosed = self.onClosed
        (self.onClosed, self.onBlockedChanged, self.onWritable) = (nil, nil, nil)
        onClosed?(error)
        self.closePromise.succeed()
    }
}
