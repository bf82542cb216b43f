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
        else { return self.droppedReplyCount += 1 }
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
        self.absence = absence
        while let call = self.unsent.popFirst() { self.fail(call.id, absence) }
        for waiter in self.calls.connectionLost() { self.tell(waiter, .failure(error)) }
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

    /// One timer for all calls.
    ///
    /// The usual new call is due after those that wait, and leaves it alone.
    func armTimer(at deadline: NIODeadline) {
        if let timerDeadline, timerDeadline <= deadline { return }
        self.timer?.cancel()
        self.timerDeadline = deadline
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.timerFired() }
    }

    private func timerFired() {
        self.timerDeadline = nil
        for waiter in self.calls.expire(now: .now()) {
            self.tell(waiter, .failure(AMQPError(.timedOut, "no reply came in time")))
        }
        if let next = self.calls.nextDeadline() { self.armTimer(at: next) }
    }

    func stopTimer() {
        self.timer?.cancel()
        self.timerDeadline = nil
    }
}

extension AMQPError {
    static var callCancelled: AMQPError { AMQPError(.cancelled, "the call was cancelled") }
}
