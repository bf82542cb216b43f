import AMQP
import NIOCore

/// One request that a server handles: its handler's task, its deadline, its beats and its stream.
final class ServedCall: @unchecked Sendable {
    // @unchecked: every stored `var` is used on the server's loop only.
    typealias StreamElement = (reply: RPCReply, sent: CheckedContinuation<Result<Void, AMQPError>, Never>)

    let delivery: AMQPDelivery
    let channel: AMQPLinkChannel
    /// When the caller stops waiting.
    let deadline: ContinuousClock.Instant?
    /// Whether the caller takes several replies.
    let isStream: Bool
    private let eventLoop: any EventLoop
    /// Set where the server remembers replies and the request has a key.
    var key: RememberedReplies<ServedCall>.Key?
    /// What its handler runs in; nil for one that has joined another.
    var task: Task<Void, Never>?
    var hasExpired = false
    private var stream: ReplyStreamStateMachine<StreamElement>
    /// Where the caller sends further credit.
    private let creditQueue: AMQPShortString?
    private var beats: RepeatedTask?
    /// Why nothing more can be sent.
    private var streamEnd = AMQPError.handlerCancelled

    init(
        _ delivery: AMQPDelivery, on channel: AMQPLinkChannel, creditQueue: AMQPShortString?, timeout: TimeAmount?
    ) {
        self.delivery = delivery
        self.channel = channel
        self.eventLoop = channel.eventLoop
        self.deadline = timeout.map { .now + .nanoseconds($0.nanoseconds) }
        let credit = delivery.properties.headers?[RPCHeader.streamCredit]?.integerValue
        self.isStream = creditQueue != nil && credit != nil && delivery.properties.replyTo != nil
        self.stream = ReplyStreamStateMachine(credit: credit ?? 0)
        self.creditQueue = creditQueue
    }

    /// How long the caller waits, from a request's receipt; nil where it has not said.
    static func timeout(of properties: AMQPProperties) -> TimeAmount? {
        let milliseconds =
            properties.headers?[RPCHeader.timeout]?.integerValue ?? properties.expirationMilliseconds.map { Int($0) }
        // More than a year would overflow NIO's clock, and means that nobody counts.
        return milliseconds.map { .milliseconds(Int64(min(max($0, 0), 365 * 24 * 3_600_000))) }
    }
}

// MARK: - Beats, on the loop

extension ServedCall {
    /// Begins to tell the caller that its request is being handled, if it wants to be told.
    func startBeats() {
        guard let interval = self.delivery.properties.headers?[RPCHeader.beatInterval]?.integerValue, interval > 0,
            self.delivery.properties.replyTo != nil
        else { return }
        self.sendBeat()
        // Not more often than every 10 ms, whatever a caller asks for.
        let pause = TimeAmount.milliseconds(Int64(min(max(interval, 10), 3_600_000)))
        self.beats = self.eventLoop.scheduleRepeatedTask(initialDelay: pause, delay: pause) { _ in self.sendBeat() }
    }

    func stopBeats() {
        self.beats?.cancel()
        self.beats = nil
    }

    /// One that cannot leave now is left out: the next one says the same.
    private func sendBeat() {
        guard self.channel.isOpen else { return self.stopBeats() }
        guard self.channel.link.isWritable else { return }
        let properties = AMQPProperties(contentType: nil, headers: [RPCHeader.beat: true])
        try? self.publish(RPCReply(properties: properties, body: ByteBuffer()), on: self.channel)
    }

    /// Nobody waits for the handler any more, which may go on for ever.
    func giveUp() {
        self.stopBeats()
        self.endStream(.handlerCancelled)
        self.task?.cancel()
    }

    /// Publishes a reply under the caller's own id.
    func publish(_ reply: RPCReply, on channel: AMQPLinkChannel) throws(AMQPError) {
        guard let replyTo = self.delivery.properties.replyTo else { return }
        var properties = reply.properties
        properties.correlationID = self.delivery.properties.correlationID
        // Never mandatory: direct reply-to addresses come back as unroutable on some brokers (field 2.1).
        try channel.publish(
            exchange: .empty, routingKey: replyTo, isMandatory: false, properties: properties, body: reply.body)
    }
}

// MARK: - The stream

extension ServedCall {
    /// Names one element that waits to be sent, for its cancellation.
    private final class Ticket: @unchecked Sendable {
        // @unchecked: used on the server's loop only.
        /// The cancellation may come first.
        var isCancelled = false
    }

    /// Sends an element once the caller takes it; from any task.
    func send(_ reply: RPCReply) async throws(AMQPError) {
        let ticket = Ticket()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                self.eventLoop.execute { self.enqueue((reply, continuation), ticket) }
            }
        } onCancel: {
            self.eventLoop.execute {
                ticket.isCancelled = true
                let element = self.stream.cancelled(ObjectIdentifier(ticket))
                element?.sent.resume(returning: .failure(.handlerCancelled))
            }
        }
        try result.get()
    }

    private func enqueue(_ element: StreamElement, _ ticket: Ticket) {
        guard !ticket.isCancelled, self.stream.enqueue(element, ObjectIdentifier(ticket)) else {
            return element.sent.resume(returning: .failure(ticket.isCancelled ? .handlerCancelled : self.streamEnd))
        }
        self.sendElements()
    }

    /// Sends what may leave now: after an element, after credit, when the connection keeps up again.
    func sendElements() {
        while let (element, sequence) = self.stream.next(isWritable: self.channel.link.isWritable) {
            var reply = element.reply
            reply.properties.replyTo = self.creditQueue
            reply.setHeader(RPCHeader.streamSequence, .int64(Int64(sequence)))
            do throws(AMQPError) {
                try self.publish(reply, on: self.channel)
                element.sent.resume(returning: .success(()))
            } catch {
                // The reader misses an element: what follows would be of no use to it.
                element.sent.resume(returning: .failure(error))
                self.endStream(error)
            }
        }
    }

    /// The caller takes more.
    func credited(_ count: Int) {
        self.stream.credited(count)
        self.sendElements()
    }

    /// Nothing more is sent: those who wait to send are told why.
    func endStream(_ error: AMQPError) {
        if self.stream.isOpen { self.streamEnd = error }
        for element in self.stream.end() { element.sent.resume(returning: .failure(error)) }
    }

    /// Makes a reply, or nothing, the last message of the stream.
    ///
    /// - Returns: Nil where nobody reads the stream any more.
    func lastMessage(_ reply: RPCReply?) -> RPCReply? {
        guard self.stream.isOpen else { return nil }
        let sentCount = self.stream.sentCount
        self.endStream(.handlerCancelled)
        // A single reply needs no stream around it.
        if sentCount == 0, let reply { return reply }
        var last = reply ?? RPCReply(body: ByteBuffer())
        // An error is no element.
        let isElement = reply != nil && RPCFault(last) == nil
        if isElement { last.setHeader(RPCHeader.streamSequence, .int64(Int64(sentCount))) }
        last.setHeader(RPCHeader.streamEnd, .int64(Int64(sentCount + (isElement ? 1 : 0))))
        return last
    }
}

extension RPCReply {
    mutating func setHeader(_ name: String, _ value: AMQPValue) {
        var headers = self.properties.headers ?? AMQPTable()
        headers[name] = value
        self.properties.headers = headers
    }
}

extension AMQPError {
    static var handlerCancelled: AMQPError {
        AMQPError(.cancelled, "nobody reads the stream any more, or its handler was cancelled")
    }
}
