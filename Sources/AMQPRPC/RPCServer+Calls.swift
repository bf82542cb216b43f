import AMQP
import Logging
import NIOCore

// From a request to its answer, on the loop.
extension RPCServer {
    /// What became of a handler.
    enum Outcome: Sendable {
        case answer(RPCAnswer)
        case fault(RPCFault)
        /// It was cancelled, and had no answer.
        case interrupted
    }

    func received(_ delivery: AMQPDelivery, on channel: AMQPLinkChannel) {
        // Sent before the broker knew that we stop: somebody else has it sooner than if we kept it till the end.
        guard !self.isStopping else { return self.giveBack(delivery, on: channel) }
        guard self.calls.count < self.configuration.concurrency else {
            return self.held.append(delivery, on: channel, now: .now())
        }
        self.begin(delivery, on: channel, timeout: ServedCall.timeout(of: delivery.properties))
    }

    private func beginHeld() {
        while self.calls.count < self.configuration.concurrency, let request = self.held.popFirst() {
            // Its caller's time has gone on.
            let timeout = ServedCall.timeout(of: request.delivery.properties)
                .map { max(.zero, $0 - (.now() - request.arrival)) }
            self.begin(request.delivery, on: request.channel, timeout: timeout)
        }
    }

    private func begin(_ delivery: AMQPDelivery, on channel: AMQPLinkChannel, timeout: TimeAmount?) {
        let call = ServedCall(delivery, on: channel, creditQueue: self.creditQueue, timeout: timeout)
        call.startBeats()
        guard let remembered = self.key(of: call) else { return self.begin(call, timeout: timeout) }
        switch remembered {
        case .failure(let fault): self.conclude(call, .fault(fault))
        case .success(let key): self.begin(call, key, timeout: timeout)
        }
    }

    /// The request's key, where replies are remembered and it has one; a stream is too much to remember.
    private func key(of call: ServedCall) -> Result<RememberedReplies<ServedCall>.Key, RPCFault>? {
        guard self.remembered != nil, !call.isStream,
            let value = call.delivery.properties.headers?[RPCHeader.idempotencyKey]
        else { return nil }
        guard let bytes = value.bytesValue, (1...255).contains(bytes.readableBytes) else {
            return .failure(.invalidIdempotencyKey)
        }
        return .success(.init(Array(bytes.readableBytesView)))
    }

    private func begin(_ call: ServedCall, _ key: RememberedReplies<ServedCall>.Key, timeout: TimeAmount?) {
        switch self.remembered?.begin(key, .init(call.delivery.body), call, now: .now()) {
        case .refuse: self.conclude(call, .fault(.idempotencyKeyReused))
        case .answer(let reply): self.conclude(call, .answer(.reply(reply)))
        case .join: break
        case .run, nil:
            call.key = key
            self.begin(call, timeout: timeout)
        }
    }

    private func begin(_ call: ServedCall, timeout: TimeAmount?) {
        self.callCount += 1
        let number = self.callCount
        self.calls[number] = call
        if call.isStream { self.streams[StreamKey(call.delivery.properties)] = call }
        if let timeout { self.expire(number, after: timeout) }
        let context = RPCContext(call)
        // A task of its own, for it has to be cancelled alone: at its deadline, or when nobody reads its stream.
        call.task = Task {
            let outcome = await self.observed(context.delivery) { await self.outcome(context) }
            self.eventLoop.execute { self.finished(number, call, outcome) }
        }
    }

    private func outcome(_ context: RPCContext) async -> Outcome {
        do {
            return .answer(try await self.handler(context))
        } catch let fault as RPCFault {
            return .fault(fault)
        } catch {
            if Task.isCancelled { return .interrupted }
            self.log("A handler failed", error, of: context.properties)
            return .fault(.handlerFailed)
        }
    }

    private func finished(_ number: UInt64, _ call: ServedCall, _ outcome: Outcome) {
        self.calls[number] = nil
        let wanted = self.calls.count
        self.deadlines.sweep(wantedCount: wanted) { self.calls[$0] != nil }
        if call.isStream {
            let key = StreamKey(call.delivery.properties)
            if self.streams[key] === call { self.streams[key] = nil }
        }
        self.conclude(call, outcome)
        call.endStream(.handlerCancelled)
        if let key = call.key {
            let joined = self.remembered?.finished(key, reply: Self.reply(toRemember: outcome), now: .now()) ?? []
            for call in joined { self.concludeJoined(call, outcome) }
        }
        self.closeIfUnused(call.channel)
        self.beginHeld()
        self.endIfDone()
    }

    /// What is said again to who asks again: a success, and an error that would come again.
    private static func reply(toRemember outcome: Outcome) -> RPCReply? {
        switch outcome {
        case .answer(.reply(let reply)): reply
        case .answer(.noReply): RPCReply(body: ByteBuffer())
        case .fault(let fault): fault.isRetriable || fault == .handlerFailed ? nil : fault.reply
        case .answer(.reject), .interrupted: nil
        }
    }
}

// MARK: - Answering

extension RPCServer {
    private func conclude(_ call: ServedCall, _ outcome: Outcome) {
        call.stopBeats()
        switch outcome {
        case .answer(.reply(let reply)): self.reply(reply, to: call)
        case .answer(.noReply) where call.isStream: self.reply(nil, to: call)
        case .answer(.noReply): self.acknowledge(call)
        case .answer(.reject(let requeue)): self.reject(call, requeue: requeue)
        case .fault(let fault): self.answer(fault, to: call)
        case .interrupted where call.hasExpired: self.answer(.deadlineExceeded, to: call)
        case .interrupted where self.isStoppingAtOnce: self.reject(call, requeue: true)
        // The reader of its stream has gone.
        case .interrupted: self.acknowledge(call)
        }
    }

    /// What became of the call that it has joined is its own outcome, unless that call ended for a reason of its own: its
    /// caller's time was over, and this one's is not.
    private func concludeJoined(_ call: ServedCall, _ outcome: Outcome) {
        guard case .interrupted = outcome else { return self.conclude(call, outcome) }
        call.stopBeats()
        self.reject(call, requeue: true)
    }

    /// An error that nobody waits for goes to the queue's dead letters, if any, rather than into nothing.
    private func answer(_ fault: RPCFault, to call: ServedCall) {
        guard call.delivery.properties.replyTo != nil else { return self.reject(call, requeue: false) }
        self.reply(fault.reply, to: call)
    }

    private func reply(_ reply: RPCReply?, to call: ServedCall) {
        guard let reply = call.isStream ? call.lastMessage(reply) : reply else { return self.acknowledge(call) }
        guard let channel = call.channel.isOpen ? call.channel : self.channel, channel.isOpen else {
            let error = AMQPError(.connectionLost, "the broker delivers the request again")
            return self.log("A reply was not sent", error, of: call.delivery.properties)
        }
        // The way that its elements took is gone, and its reader knows.
        if call.isStream, channel !== call.channel { return }
        do throws(AMQPError) {
            try call.publish(reply, on: channel)
        } catch {
            self.log("A reply was not sent", error, of: call.delivery.properties)
            // It would fail again: so the caller is told, and the request is not given back.
            try? call.publish(RPCFault.replyNotSent.reply, on: channel)
            return self.reject(call, requeue: false)
        }
        self.acknowledge(call)
    }

    /// A tag belongs to its channel; on a later one it would acknowledge somebody else's request.
    private func acknowledge(_ call: ServedCall) {
        guard call.channel.isOpen else { return }
        do throws(AMQPError) {
            try call.channel.ack(call.delivery.deliveryTag)
        } catch {
            self.log("A request was not acknowledged", error, of: call.delivery.properties)
        }
    }

    private func reject(_ call: ServedCall, requeue: Bool) {
        guard call.channel.isOpen else { return }
        do throws(AMQPError) {
            try call.channel.reject(call.delivery.deliveryTag, requeue: requeue)
        } catch {
            self.log("A request was not refused", error, of: call.delivery.properties)
        }
    }

    func giveBack(_ delivery: AMQPDelivery, on channel: AMQPLinkChannel) {
        guard channel.isOpen else { return }
        // A nack, which no queue counts towards a delivery limit: nobody has looked at it.
        try? channel.nack(delivery.deliveryTag, requeue: true)
    }
}

// MARK: - Deadlines

extension RPCServer {
    private func expire(_ number: UInt64, after timeout: TimeAmount) {
        let deadline = NIODeadline.now() + timeout
        self.deadlines.insert(number, at: deadline)
        self.armTimer(at: deadline)
    }

    private func armTimer(at deadline: NIODeadline) {
        self.timer.arm(at: deadline, on: self.eventLoop) { self.timerFired() }
    }

    private func timerFired() {
        self.timer.fired()
        let now = NIODeadline.now()
        while let number = self.deadlines.popFirst(dueAt: now) {
            guard let call = self.calls[number] else { continue }
            call.hasExpired = true
            call.stopBeats()
            call.task?.cancel()
        }
        if let next = self.deadlines.first(where: { self.calls[$0] != nil }) { self.armTimer(at: next) }
    }
}
