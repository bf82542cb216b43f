import AMQP
import NIOCore

// How calls end.
extension RPCClient {
    func replyReceived(_ delivery: AMQPDelivery) {
        let id = CallID(correlationID: delivery.properties.correlationID)
        if !self.streams.isEmpty, let id, let receive = self.streams[id] {
            return self.streamReplyReceived(delivery, id, receive)
        }
        guard let id, case .resume(let waiter) = self.calls.replyReceived(for: id)
        else { return self.dropped(delivery.properties) }
        self.tell(waiter, .success(RPCReply(properties: delivery.properties, body: delivery.body)))
    }

    func returned(_ message: AMQPReturnedMessage) {
        guard let id = CallID(correlationID: message.properties.correlationID) else { return }
        self.returned(id, message.replyCode, message.replyText)
    }

    func returned(_ id: CallID, _ replyCode: AMQPReplyCode, _ replyText: String) {
        let error = AMQPError(
            .unroutable, "no queue takes the request: \(replyText)", replyCode: replyCode, isServerInitiated: true)
        self.fail(id, error)
    }

    /// The session is over: no reply to what was sent can come.
    ///
    /// - Parameters:
    ///   - error: For the calls whose request has left, so that nobody knows whether it was executed.
    ///   - absence: For those whose request has not, and for calls that are made before there is another session.
    func sessionLost(_ error: AMQPError, absence: AMQPError) {
        self.session = nil
        self.absence = absence.ofUnsentCall
        while let call = self.unsent.popFirst() { self.fail(call.id, self.absence) }
        for waiter in self.calls.connectionLost() { self.tell(waiter, .failure(error)) }
    }

    /// An error as that of a call whose request may still be here.
    func ofCall(_ id: CallID, _ error: AMQPError) -> AMQPError {
        self.unsent.contains(id) ? error.ofUnsentCall : error
    }

    func fail(_ id: CallID, _ error: AMQPError) {
        self.end(self.calls.returned(id), .failure(error))
    }

    func end(_ action: PendingCalls<CallWaiter>.EndAction, _ result: Result<RPCReply, AMQPError>) {
        if case .resume(let waiter) = action { self.tell(waiter, result) }
    }

    func tell(_ waiter: CallWaiter, _ result: Result<RPCReply, AMQPError>) {
        switch waiter {
        case .completion(let completion): completion(result)
        case .task(let call): self.answer(call, result)
        }
    }

    /// Has ``timerFired()`` called at the deadline; one timer for all calls.
    func armTimer(at deadline: NIODeadline) {
        self.timer.arm(at: deadline, on: self.eventLoop) { self.timerFired() }
    }

    private func timerFired() {
        self.timer.fired()
        let now = NIODeadline.now()
        for id in self.unsent.expire(now: now) { self.fail(id, .notTaken) }
        for waiter in self.calls.expire(now: now) {
            self.tell(waiter, .failure(AMQPError(.timedOut, "no reply came in time")))
        }
        if let next = self.calls.nextDeadline() { self.armTimer(at: next) }
    }

    /// A reply that nobody waits for, any more.
    ///
    /// Who left a stream before its first element could not tell its server, which says only there where it listens.
    private func dropped(_ reply: AMQPProperties) {
        self.droppedReplyCount += 1
        guard let server = reply.replyTo, let id = reply.correlationID,
            let headers = reply.headers, headers[RPCHeader.streamSequence]?.integerValue == 0,
            headers[RPCHeader.streamEnd] == nil
        else { return }
        self.send([RPCHeader.streamCancel: true], correlationID: id, to: server)
    }
}

extension AMQPError {
    static var callCancelled: AMQPError { AMQPError(.cancelled, "the call was cancelled") }
    /// The socket did not take the request before the call's time was over.
    fileprivate static var notTaken: AMQPError {
        AMQPError(.timedOut, "the connection did not take the request in time", mayHaveExecuted: false)
    }
}
