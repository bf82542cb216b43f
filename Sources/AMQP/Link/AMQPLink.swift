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

    private var phase: Phase
    private var splitter: FrameSplitter
    private let decoder = RabbitDecoder()
    private let encoder: RabbitEncoder
    private let outbound = OutboundBuffer()
    /// What was read and is not a whole frame yet.
    private var unread = ByteBuffer()
    private var context: ChannelHandlerContext?
    private var channels: [UInt16: AMQPLinkChannel] = [:]
    /// The one that the last frame was for: most likely the next one is, too.
    private var lastChannel: AMQPLinkChannel?
    private var nextChannelNumber: UInt16 = 1
    private var heartbeat: HeartbeatMonitor?
    private var heartbeatTimer: Scheduled<Void>?
    /// Whether frames that were read together are being handled.
    package private(set) var isReading = false
    private var workAfterRead: [() -> Void] = []
    private var readPauses = 0
    private var isReadHeldBack = false
    private let openPromise: EventLoopPromise<Void>
    private let closePromise: EventLoopPromise<Void>

    /// What was negotiated. Valid once the link is open.
    package private(set) var agreement = HandshakeStateMachine.Agreement(
        channelMax: 0, frameMax: 0, heartbeat: 0, serverProperties: [:])
    /// The reason that the broker gave for not reading from us (`connection.blocked`); `nil` while it does.
    package private(set) var blockedReason: String?
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
    private func finish(_ error: AMQPError) {
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

// MARK: - Sending

extension AMQPLink {
    func send(_ method: ClientMethod, on channel: UInt16) throws(AMQPError) {
        try self.outbound.append { (buffer) throws(AMQPError) in
            try self.encoder.write(method, channel: channel, to: &buffer)
        }
    }

    /// Sends a method of ours that always encodes; a failure is only worth a line in the log.
    func answer(_ method: ClientMethod, on channel: UInt16) {
        do {
            try self.send(method, on: channel)
        } catch {
            self.logger.warning("An answer to the broker was not sent", metadata: ["error": "\(error)"])
        }
    }

    func sendPublish(
        exchange: AMQPShortString, routingKey: AMQPShortString, isMandatory: Bool, properties: AMQPProperties,
        body: ByteBuffer, on channel: UInt16
    ) throws(AMQPError) {
        let isCopied = body.readableBytes <= min(OutboundBuffer.copyLimit, self.encoder.maxBodyByteCount)
        try self.outbound.append { (buffer) throws(AMQPError) in
            try self.encoder.writePublish(
                exchange: exchange, routingKey: routingKey, isMandatory: isMandatory, properties: properties,
                bodyByteCount: body.readableBytes, body: isCopied ? body : nil, channel: channel, to: &buffer)
        }
        if !isCopied { self.outbound.appendBody(body, channel: channel, encoder: self.encoder) }
    }

    /// Has what `body` sends leave with what is sent next, or with the next ``scheduleFlush()``, which the caller sees to.
    ///
    /// Large messages leave at the end of the loop's turn, as without this.
    package func withoutFlush(_ body: () -> Void) {
        self.outbound.withoutFlush(body)
    }

    /// Sends what waits at the end of the loop's turn: not at once, since frames may be being read.
    package func scheduleFlush() {
        self.outbound.scheduleFlush()
    }

    func sendAck(_ deliveryTag: UInt64, multiple: Bool, on channel: UInt16) throws(AMQPError) {
        try self.outbound.append { (buffer) throws(AMQPError) in
            try self.encoder.writeAck(deliveryTag: deliveryTag, multiple: multiple, channel: channel, to: &buffer)
        }
    }

    func sendNack(_ deliveryTag: UInt64, multiple: Bool, requeue: Bool, on channel: UInt16) throws(AMQPError) {
        try self.outbound.append { (buffer) throws(AMQPError) in
            try self.encoder.writeNack(
                deliveryTag: deliveryTag, multiple: multiple, requeue: requeue, channel: channel, to: &buffer)
        }
    }

    func sendReject(_ deliveryTag: UInt64, requeue: Bool, on channel: UInt16) throws(AMQPError) {
        try self.outbound.append { (buffer) throws(AMQPError) in
            try self.encoder.writeReject(deliveryTag: deliveryTag, requeue: requeue, channel: channel, to: &buffer)
        }
    }
}

// MARK: - Frames

extension AMQPLink {
    /// - Returns: The rest, which is no whole frame yet.
    private func readFrames(_ bytes: consuming ByteBuffer) -> ByteBuffer {
        while true {
            if case .closed = self.phase { return ByteBuffer() }
            switch self.splitter.next(from: &bytes) {
            case .incomplete: return bytes.readableBytes == 0 ? ByteBuffer() : bytes
            case .violation(let violation):
                self.violated(violation)
                return ByteBuffer()
            case .frame(let frame): self.frameReceived(frame)
            }
        }
    }

    private func frameReceived(_ frame: FrameSplitter.Frame) {
        do {
            switch frame.type {
            case .heartbeat: break
            case .method where frame.channel == 0:
                self.connectionMethodReceived(try self.decoder.method(frame.payload))
            case .method:
                let channel = try self.channel(frame.channel)
                channel.methodReceived(try self.decoder.method(frame.payload))
            case .header:
                let channel = try self.channel(frame.channel)
                let (bodyByteCount, properties) = try self.decoder.header(frame.payload)
                channel.headerReceived(bodyByteCount: bodyByteCount, properties)
            case .body:
                try self.channel(frame.channel).bodyReceived(frame.payload, missingByteCount: frame.missingByteCount)
            }
        } catch {
            self.violated(error)
        }
    }

    /// The open channel of a number; frames for any other are refused before they are decoded.
    private func channel(_ number: UInt16) throws(ProtocolViolation) -> AMQPLinkChannel {
        if let channel = self.lastChannel, channel.number == number { return channel }
        guard let channel = self.channels[number] else {
            throw ProtocolViolation(.channelError, "a frame for channel \(number), which is not open")
        }
        self.lastChannel = channel
        return channel
    }

    private func connectionMethodReceived(_ method: ServerMethod) {
        switch (self.phase, method) {
        case (.handshaking(var handshake), _):
            let action = handshake.methodReceived(method)
            self.phase = .handshaking(handshake)
            self.perform(action)
        case (.closing, .connectionCloseOK):
            self.finish(AMQPError(.connectionClosed, "the connection was closed"))
        case (.open, .connectionClose(let closure)), (.closing, .connectionClose(let closure)):
            self.answer(.connectionCloseOK, on: 0)
            self.outbound.flush()
            self.finish(Self.closedWhileOpen(closure))
        case (.open, .connectionBlocked(let reason)):
            self.blockedReason = reason
            self.onBlockedChanged?(reason)
        case (.open, .connectionUnblocked):
            self.blockedReason = nil
            self.onBlockedChanged?(nil)
        case (.closing, _), (.closed, _): break
        case (.open, _):
            self.violated(ProtocolViolation(.commandInvalid, "\(method.name) came on channel 0"))
        }
    }

    /// After the handshake 530 is no longer about the virtual host (RabbitMQ: a consumer tag that is in use, say).
    private static func closedWhileOpen(_ closure: ServerMethod.Closure) -> AMQPError {
        let error = AMQPError.connectionClosedByServer(
            AMQPReplyCode(rawValue: closure.replyCode), text: closure.replyText, doing: "connected")
        guard error.code == .vhostNotFound else { return error }
        return AMQPError(
            .connectionClosed, error.message, replyCode: error.replyCode, isServerInitiated: true,
            isRetriable: error.isRetriable)
    }

    private func perform(_ action: HandshakeStateMachine.Action) {
        switch action {
        case .send(let methods):
            for method in methods { self.answer(method, on: 0) }
            self.outbound.flush()
        case .opened(let agreement):
            self.agreement = agreement
            self.splitter.maxFrameByteCount = Int(agreement.frameMax)
            self.encoder.maxFrameByteCount = Int(agreement.frameMax)
            self.phase = .open
            self.startHeartbeats(seconds: Int64(agreement.heartbeat))
            self.openPromise.succeed()
        case .fail(let error):
            self.outbound.flush()
            self.finish(error)
        }
    }
}

// MARK: - Heartbeats

extension AMQPLink {
    private func startHeartbeats(seconds: Int64) {
        guard seconds > 0 else { return }
        self.heartbeat = HeartbeatMonitor(interval: .seconds(seconds), now: self.eventLoop.now)
        self.checkHeartbeat()
    }

    private func checkHeartbeat() {
        guard let action = self.heartbeat?.check(now: self.eventLoop.now) else { return }
        switch action {
        case .peerIsGone:
            // While we hold back reading, the peer's heartbeats wait in the socket: silence says nothing then.
            guard self.readPauses > 0 else {
                return self.finish(AMQPError(.connectionLost, "the broker missed two heartbeats"))
            }
            self.heartbeat?.bytesRead(now: self.eventLoop.now)
            self.checkHeartbeat()
        case .sendHeartbeat(let next):
            self.outbound.append { self.encoder.writeHeartbeat(to: &$0) }
            self.scheduleHeartbeatCheck(at: next)
        case .wait(let next): self.scheduleHeartbeatCheck(at: next)
        }
    }

    private func scheduleHeartbeatCheck(at deadline: NIODeadline) {
        self.heartbeatTimer = self.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.checkHeartbeat()
        }
    }
}

// MARK: - Reading, and holding it back

extension AMQPLink {
    /// Stops reading from the broker until as many ``resumeReading()`` have come: a consumer without
    /// acknowledgements has more than it can hold.
    package func pauseReading() {
        self.readPauses += 1
    }

    package func resumeReading() {
        self.readPauses -= 1
        if self.readPauses == 0, self.isReadHeldBack {
            self.isReadHeldBack = false
            self.context?.read()
        }
    }
}

extension AMQPLink: ChannelDuplexHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    package func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { self.start(context) }
    }

    package func channelActive(context: ChannelHandlerContext) {
        self.start(context)
        context.fireChannelActive()
    }

    private func start(_ context: ChannelHandlerContext) {
        guard self.context == nil, self.closedError == nil else { return }
        self.context = context
        self.outbound.attach(context)
        // The protocol header (AMQP 0-9-1, 4.2.2).
        self.outbound.append { $0.writeBytes([0x41, 0x4D, 0x51, 0x50, 0, 0, 9, 1]) }
        self.outbound.flush()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = self.unwrapInboundIn(data)
        self.heartbeat?.bytesRead(now: self.eventLoop.now)
        if self.unread.readableBytes > 0 {
            // Into memory of its own: bodies that were cut from the old are still held by others, and an append to it
            // would drag them all along, in a buffer that grows as long as the bytes keep coming.
            var whole = context.channel.allocator.buffer(capacity: self.unread.readableBytes + bytes.readableBytes)
            whole.writeBuffer(&self.unread)
            whole.writeBuffer(&bytes)
            bytes = whole
        }
        self.isReading = true
        self.unread = self.readFrames(bytes)
        self.isReading = false
        while let work = self.workAfterRead.popLast() { work() }
    }

    /// Has something done once all frames that were read together are handled. To be used while ``isReading``.
    package func afterRead(_ work: @escaping () -> Void) {
        self.workAfterRead.append(work)
    }

    package func read(context: ChannelHandlerContext) {
        if self.readPauses > 0 { self.isReadHeldBack = true } else { context.read() }
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { self.onWritable?() }
        context.fireChannelWritabilityChanged()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        self.lost(nil)
        context.fireChannelInactive()
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.lost(error)
        context.close(promise: nil)
    }

    private func lost(_ error: (any Error)?) {
        switch self.phase {
        case .handshaking(var handshake):
            self.finish(AMQPError.handshakeFailed(error) ?? handshake.disconnected())
        case .closing:
            self.finish(AMQPError(.connectionClosed, "the connection was closed"))
        case .open:
            let why = error.map { ": \($0)" } ?? ""
            self.finish(AMQPError(.connectionLost, "the connection to the broker was lost\(why)", underlying: error))
        case .closed: break
        }
    }
}
