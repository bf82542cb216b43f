import LambdaEnvironment
import LambdaProtocol
import NIOCore

// Invocations that carry an idempotency key, calls and events alike.
extension LocalFunction {
    /// An invocation that waits for the outcome of another one.
    struct IdempotentWaiter {
        let wantsLogTail: Bool
        let completion: (InvocationOutcome) -> Void
        let arriveAgain: () -> Void
    }

    /// Runs an invocation unless another one with its key runs, or has had a result.
    ///
    /// - Parameters:
    ///   - request: The invocation, which carries a key.
    ///   - completion: Its caller's.
    ///   - onJoin: Called where it is not run.
    ///   - run: Runs it, with another completion.
    func runOnce(
        _ request: InvocationRequest, completion: @escaping (InvocationOutcome) -> Void,
        onJoin: @escaping () -> Void = {}, run: @escaping (@escaping (InvocationOutcome) -> Void) -> Void
    ) {
        self.eventLoop.assertInEventLoop()
        guard let key = IdempotentCalls<IdempotentWaiter>.Key(request), self.remembersResults else {
            return run(completion)
        }
        let waiter = IdempotentWaiter(wantsLogTail: request.wantsLogTail, completion: completion) {
            self.runOnce(request, completion: completion, onJoin: onJoin, run: run)
        }
        switch self.idempotentCalls.arrived(key, event: EventDigest(request.event), waiter, now: .now()) {
        case .run:
            run { outcome in
                let ending = self.idempotentCalls.ended(key, outcome, now: .now())
                completion(outcome)
                self.carryOut(ending, outcome)
            }
        case .wait: onJoin()
        case .answer(let outcome):
            onJoin()
            completion(request.wantsLogTail ? outcome : outcome.withoutLogTail)
        case .refuse(let error): completion(.refused(error))
        }
    }

    private func carryOut(_ ending: IdempotentCalls<IdempotentWaiter>.Ending, _ outcome: InvocationOutcome) {
        switch ending {
        case .share(let waiters):
            for waiter in waiters { waiter.completion(waiter.wantsLogTail ? outcome : outcome.withoutLogTail) }
        case .arriveAgain(let waiters):
            for waiter in waiters { waiter.arriveAgain() }
        }
    }
}

extension InvocationOutcome {
    /// For a caller who did not ask for the end of the log.
    fileprivate var withoutLogTail: InvocationOutcome {
        switch self {
        case .result(var reply):
            reply.logTail = nil
            return .result(reply)
        case .functionError(var reply):
            reply.logTail = nil
            return .functionError(reply)
        case .refused: return self
        }
    }
}
