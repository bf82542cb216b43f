import AMQP
import LambdaMessages
import LambdaProtocol
import Logging
import NIOCore

// A call from its delivery to its reply, and what becomes of it when its channel goes in between.
extension FunctionConsumer {
    /// Runs a call.
    func call(
        _ message: InvocationMessage, _ delivery: AMQPDelivery, of function: ResolvedFunction,
        on channel: AMQPLinkChannel
    ) {
        let (slot, checkAt) = self.calls.insert(
            .init(
                requestID: message.request.requestID, properties: delivery.properties, event: delivery.body,
                deadline: message.request.startDeadline,
                mayHaveRun: delivery.isRedelivered || message.attempt > 0,
                delivery: .init(channel: channel, tag: delivery.deliveryTag)))
        if let checkAt { self.tellLateCallers(at: checkAt) }
        let ticket = self.ticket(attempt: message.attempt, isRedelivered: delivery.isRedelivered, delivery.deliveryTag)
        let waits = self.invoker.invoke(message.request, of: function, into: nil, ticket: ticket) { outcome in
            self.ended(slot, outcome)
        }
        if waits { self.lookAhead?.messageWaits() }
    }

    /// A message goes back once at most: one that came back stays, and is run first.
    func ticket(attempt: Int, isRedelivered: Bool, _ deliveryTag: UInt64) -> CallTicket {
        CallTicket(
            number: deliveryTag,
            mayGoBack: self.attempts.mayBeHandedBack(attempt: attempt, isRedelivered: isRedelivered))
    }

    private func ended(_ slot: Int, _ outcome: InvocationOutcome) {
        guard let call = self.calls.remove(slot) else { return }
        self.running -= 1
        if let delivery = call.delivery, delivery.channel.isOpen {
            self.answer(call, delivery, outcome)
            self.settledCredit(delivery.tag)
        } else {
            self.keep(outcome, of: call)
        }
        self.completeDrainIfQuiet()
    }

    private func answer(
        _ call: RunningCalls<AMQPLinkChannel>.Call, _ delivery: RunningCalls<AMQPLinkChannel>.Delivery,
        _ outcome: InvocationOutcome
    ) {
        func send() {
            if !call.isAnswered { self.reply(outcome, to: call, on: delivery.channel) }
            self.attempt("acknowledge a message") { try delivery.channel.ack(delivery.tag) }
        }
        if let lookAhead = self.lookAhead { lookAhead.sendReply(on: delivery.channel, send) } else { send() }
    }

    private func reply(
        _ outcome: InvocationOutcome, to call: RunningCalls<AMQPLinkChannel>.Call, on channel: AMQPLinkChannel
    ) {
        guard let replyTo = call.properties.replyTo else { return self.log(outcome, requestID: call.requestID) }
        let message = ReplyMessage(
            call.mayHaveRun ? outcome.afterRedelivery : outcome, requestID: call.requestID,
            correlationID: call.properties.correlationID)
        self.send(message, to: replyTo, on: channel)
    }

    /// Sends a reply; where it cannot be sent as it is, one that says so.
    func send(_ message: ReplyMessage, to replyTo: AMQPShortString, on channel: AMQPLinkChannel) {
        do {
            try self.publish(message, to: replyTo, on: channel)
        } catch {
            let refusal = InvokeError(.service, "The answer cannot be sent: \(error)")
            let requestID = message.properties.headers?[LambdaHeader.requestID]?.stringValue
            let substitute = ReplyMessage(
                .refused(refusal), requestID: requestID ?? "", correlationID: message.properties.correlationID)
            self.attempt("send a reply") { try self.publish(substitute, to: replyTo, on: channel) }
        }
    }

    private func publish(
        _ message: ReplyMessage, to replyTo: AMQPShortString, on channel: AMQPLinkChannel
    ) throws(AMQPError) {
        try channel.publish(
            exchange: .empty, routingKey: replyTo, isMandatory: ReplyAddress.returnsWhenGone(replyTo),
            properties: message.properties, body: message.body)
    }
}

// MARK: - What came again

extension FunctionConsumer {
    /// Whether a delivery may be one of a message that was here before.
    var mayBeKnown: Bool { self.calls.hasOrphans || !self.keptReplies.isEmpty }

    /// Keeps what a call has ended in, for its message to come again; only what has run.
    private func keep(_ outcome: InvocationOutcome, of call: RunningCalls<AMQPLinkChannel>.Call) {
        if case .refused = outcome { return }
        let now = NIODeadline.now()
        let isLate = call.deadline.map { $0 <= now } ?? false
        guard !call.isAnswered, let identity = CallIdentity(call.properties, event: call.event) else { return }
        let reply = call.properties.replyTo == nil
            ? nil
            : ReplyMessage(
                isLate ? .refused(.tooLate) : outcome, requestID: call.requestID,
                correlationID: call.properties.correlationID)
        self.logger.notice(
            "A reply waits for a connection, and for its message to come again",
            metadata: ["requestId": "\(call.requestID)"])
        let dropAt = self.keptReplies.insert(
            reply, byteCount: reply?.body.readableBytes ?? 0, for: identity, now: now)
        if let dropAt { self.dropKeptReplies(at: dropAt) }
    }

    private func dropKeptReplies(at time: NIODeadline) {
        self.eventLoop.assumeIsolated().scheduleTask(deadline: time) {
            if let next = self.keptReplies.expire(now: .now()) { self.dropKeptReplies(at: next) }
        }
    }

    /// Whether a delivery belongs to a call that is being run here, or has been.
    func takesUp(_ delivery: AMQPDelivery, on channel: AMQPLinkChannel) -> Bool {
        // One that another daemon has published again to count it is no redelivery to the broker.
        guard delivery.isRedelivered || delivery.properties.attempt > 0,
            let identity = CallIdentity(delivery.properties, event: delivery.body)
        else { return false }
        if let reply = self.keptReplies.take(identity, now: .now()) {
            if let reply, let replyTo = delivery.properties.replyTo {
                self.send(reply, to: replyTo, on: channel)
            }
            self.settle(delivery, on: channel)
            return true
        }
        guard self.calls.join(identity, .init(channel: channel, tag: delivery.deliveryTag)) else { return false }
        // The run is counted already.
        self.running -= 1
        return true
    }

    /// Acknowledges a delivery for which nothing more is to be done.
    func settle(_ delivery: AMQPDelivery, on channel: AMQPLinkChannel) {
        self.running -= 1
        if channel.isOpen { self.attempt("acknowledge a message") { try channel.ack(delivery.deliveryTag) } }
        self.completeDrainIfQuiet()
    }
}

// MARK: - Callers who wait no longer

extension FunctionConsumer {
    private func tellLateCallers(at time: NIODeadline) {
        self.eventLoop.assumeIsolated().scheduleTask(deadline: time) {
            let late = self.calls.late(now: .now())
            for call in late.calls { self.tellLateCaller(of: call) }
            if let next = late.checkAt { self.tellLateCallers(at: next) }
        }
    }

    /// The function runs on, as on AWS, and its message is acknowledged when it is done: until then it takes a slot.
    private func tellLateCaller(of call: RunningCalls<AMQPLinkChannel>.Call) {
        guard call.properties.replyTo != nil, let channel = call.delivery?.channel, channel.isOpen else { return }
        self.reply(.refused(.tooLate), to: call, on: channel)
    }

    /// A reply came back, since there is no queue for it.
    func replyReturned(_ message: AMQPReturnedMessage) {
        self.logger.debug("A reply was not taken: its caller is gone", metadata: ["replyTo": "\(message.routingKey)"])
        self.goneCallers.replyReturned(from: message.routingKey)
    }

    func isForNobody(_ delivery: AMQPDelivery) -> Bool {
        delivery.properties.replyTo.map { self.goneCallers.contains($0) } ?? false
    }

    /// Does not run a call whose caller is gone.
    func drop(_ delivery: AMQPDelivery, on channel: AMQPLinkChannel) {
        self.logger.debug("A call was not run: its caller is gone")
        self.settle(delivery, on: channel)
    }
}

extension InvokeError {
    /// What the caller of a function is told that is done after its time, or not by then.
    fileprivate static let tooLate = InvokeError(
        .noAnswer, "The function did not answer within the time that its caller waits.")
}
