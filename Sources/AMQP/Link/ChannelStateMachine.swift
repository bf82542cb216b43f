import DequeModule
import NIOCore

/// One channel of one link: whether it is open, and which requests wait for their reply.
///
/// Pure: no I/O. AMQP answers the requests of a channel in order, so the waiters are a queue; a reply of another kind
/// than the oldest waiter expects is a protocol violation, never a guess. But RabbitMQ has the queue itself answer
/// `basic.consume` and `basic.cancel`, so that the channel's later answers, and those of other queues, may overtake these two
/// (rabbit_amqqueue_process, `maybe_send_reply`); they carry the consumer's tag.
package struct ChannelStateMachine<Waiter> {
    /// The reply that a request expects.
    package enum Expectation: Sendable, Equatable {
        case channelOpenOK, channelCloseOK
        case exchangeDeclareOK, exchangeDeleteOK, exchangeBindOK, exchangeUnbindOK
        case queueDeclareOK, queueBindOK, queueUnbindOK, queuePurgeOK, queueDeleteOK
        case qosOK, get, recoverOK, confirmSelectOK
        case consumeOK(consumerTag: AMQPShortString), cancelOK(consumerTag: AMQPShortString)
    }

    private enum State {
        /// Can transition to: `closing`, `closed`.
        case open
        /// We have sent `channel.close`; the error is there when the broker's own close crossed it. Can transition to:
        /// `closed`.
        case closing(AMQPError?)
        /// Nothing more may be sent. The error says why.
        case closed(AMQPError)
    }

    package enum RequestAction {
        case send
        case refuse(Waiter, AMQPError)
    }

    package enum Action {
        case none
        case resume(Waiter, ServerMethod)
        /// The method's content follows.
        case assemble(ServerMethod)
        case acked(deliveryTag: UInt64, multiple: Bool)
        case nacked(deliveryTag: UInt64, multiple: Bool)
        /// The broker cancelled a consumer: its queue is gone, or has moved.
        case consumerCancelled(AMQPShortString)
        /// The broker asks for less or more; the answer is `channel.flow-ok`.
        case flow(active: Bool)
        /// The broker closed the channel: answer `channel.close-ok`, and fail everybody who waits. Whether it was for a
        /// publish.
        case closedByServer(AMQPError, [Waiter], isForPublish: Bool)
        /// The broker's close crossed ours: answer `channel.close-ok`. The answer to ours is still to come.
        case closeCrossed
        /// Our own close is complete; `waiter` asked for it.
        case closedByUs(Waiter, failed: [Waiter], AMQPError)
        case violation(ProtocolViolation)
    }

    private var state: State = .open
    private var waiters: Deque<(Expectation, Waiter)> = []

    package init() {}

    /// Why the channel is closed; `nil` while it is not.
    package var closedError: AMQPError? {
        if case .closed(let error) = self.state { return error }
        return nil
    }

    /// Whether anything but a close may still be sent.
    package var isOpen: Bool {
        if case .open = self.state { return true }
        return false
    }

    /// A request is to be sent, whose reply `waiter` wants.
    package mutating func request(_ expectation: Expectation, _ waiter: Waiter) -> RequestAction {
        switch self.state {
        case .open:
            self.waiters.append((expectation, waiter))
            if case .channelCloseOK = expectation { self.state = .closing(nil) }
            return .send
        case .closing:
            return .refuse(waiter, AMQPError(.channelClosed, "the channel is being closed", mayHaveExecuted: false))
        case .closed(let error):
            return .refuse(waiter, error.ofUnsentCall)
        }
    }

    /// The request that was just accepted could not be encoded: nothing was sent, so nothing will be answered.
    package mutating func requestNotSent() {
        _ = self.waiters.popLast()
        if case .closing = self.state { self.state = .open }
    }

    package mutating func methodReceived(_ method: ServerMethod) -> Action {
        switch self.state {
        case .closed: .none
        case .closing(let crossed): self.methodReceivedWhileClosing(method, crossed)
        case .open: self.methodReceivedWhileOpen(method)
        }
    }

    /// The content of `basic.get-ok` is whole.
    package mutating func getCompleted() -> Waiter? {
        guard let index = self.index(where: { $0 == .get }) else { return nil }
        return self.waiters.remove(at: index).1
    }

    /// The link is gone. Returns everybody who waits.
    package mutating func linkClosed(_ error: AMQPError) -> [Waiter] {
        if case .closed = self.state { return [] }
        self.state = .closed(error)
        return self.takeWaiters()
    }
}

extension ChannelStateMachine {
    private mutating func takeWaiters() -> [Waiter] {
        defer { self.waiters.removeAll() }
        return self.waiters.map(\.1)
    }

    /// After our `channel.close` everything but the broker's own close and its close-ok is dropped (AMQP 0-9-1, 1.5.2.5).
    private mutating func methodReceivedWhileClosing(_ method: ServerMethod, _ crossed: AMQPError?) -> Action {
        switch method {
        case .channelCloseOK:
            let error = crossed ?? AMQPError(.channelClosed, "the channel was closed")
            self.state = .closed(error)
            var waiters = self.takeWaiters()
            guard let closer = waiters.popLast() else { return .none }
            return .closedByUs(closer, failed: waiters, error)
        case .channelClose(let closure):
            // Each side answers the other's close (AMQP 0-9-1, 1.5.2.5); before both have, the number is not free.
            self.state = .closing(Self.error(of: closure))
            return .closeCrossed
        case .basicDeliver, .basicReturn, .basicGetOK:
            // Dropped too, but only once its content has been read.
            return .assemble(method)
        default:
            return .none
        }
    }

    private mutating func methodReceivedWhileOpen(_ method: ServerMethod) -> Action {
        switch method {
        case .basicDeliver, .basicReturn: return .assemble(method)
        case .basicGetOK:
            guard self.index(where: { $0 == .get }) != nil else { return Self.unexpected(method) }
            return .assemble(method)
        case .basicAck(let tag, let multiple): return .acked(deliveryTag: tag, multiple: multiple)
        case .basicNack(let tag, let multiple): return .nacked(deliveryTag: tag, multiple: multiple)
        case .basicCancel(let tag): return .consumerCancelled(tag)
        case .channelFlow(let active): return .flow(active: active)
        case .channelClose(let closure): return self.closedByServer(closure)
        default:
            guard let index = self.index(where: { $0.accepts(method) }) else { return Self.unexpected(method) }
            return .resume(self.waiters.remove(at: index).1, method)
        }
    }

    /// The request that a reply is for: the oldest, or one behind such as may be overtaken.
    private func index(where isMeant: (Expectation) -> Bool) -> Int? {
        for (index, (expectation, _)) in self.waiters.enumerated() {
            if isMeant(expectation) { return index }
            guard expectation.mayBeOvertaken else { return nil }
        }
        return nil
    }

    private mutating func closedByServer(_ closure: ServerMethod.Closure) -> Action {
        let error = Self.error(of: closure)
        self.state = .closed(error)
        // basic.publish
        let isForPublish = closure.classID == 60 && closure.methodID == 40
        return .closedByServer(error, self.takeWaiters(), isForPublish: isForPublish)
    }

    private static func error(of closure: ServerMethod.Closure) -> AMQPError {
        .channelClosedByServer(
            AMQPReplyCode(rawValue: closure.replyCode), text: closure.replyText, doing: "using a channel")
    }

    private static func unexpected(_ method: ServerMethod) -> Action {
        .violation(ProtocolViolation(.commandInvalid, "\(method.name) came, which nothing had asked for"))
    }
}

extension ChannelStateMachine.Expectation {
    /// Whether the answers of later requests may come first.
    var mayBeOvertaken: Bool {
        switch self {
        case .consumeOK, .cancelOK: true
        default: false
        }
    }

    func accepts(_ method: ServerMethod) -> Bool {
        switch (self, method) {
        case (.consumeOK(let expected), .basicConsumeOK(let tag)), (.cancelOK(let expected), .basicCancelOK(let tag)):
            expected == tag
        case (.channelOpenOK, .channelOpenOK), (.exchangeDeclareOK, .exchangeDeclareOK),
            (.exchangeDeleteOK, .exchangeDeleteOK), (.exchangeBindOK, .exchangeBindOK),
            (.exchangeUnbindOK, .exchangeUnbindOK), (.queueDeclareOK, .queueDeclareOK),
            (.queueBindOK, .queueBindOK), (.queueUnbindOK, .queueUnbindOK), (.queuePurgeOK, .queuePurgeOK),
            (.queueDeleteOK, .queueDeleteOK), (.qosOK, .basicQosOK), (.get, .basicGetEmpty),
            (.recoverOK, .basicRecoverOK), (.confirmSelectOK, .confirmSelectOK):
            true
        default: false
        }
    }
}

extension ServerMethod {
    /// The case's name, without what it carries.
    package var name: String {
        let text = "\(self)"
        return String(text.prefix { $0 != "(" })
    }
}
