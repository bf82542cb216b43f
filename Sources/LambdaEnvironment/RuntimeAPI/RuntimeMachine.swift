/// The machine of a runtime that takes one invocation at a time, or of one that takes several.
enum RuntimeMachine<Waiter> {
    case single(RuntimeStateMachine<Waiter>)
    case concurrent(ConcurrentRuntimeStateMachine<Waiter>)

    /// The answer to a `next`.
    enum NextAction {
        case becameReady
        case wait
        /// `nil`: the one that there is.
        case deliver(id: String?)
        case reject(RuntimeAPIRejection)
    }

    /// - Parameter maxInvocations: How many invocations the runtime may have at a time.
    init(maxInvocations: Int) {
        self = maxInvocations > 1 ? .concurrent(.init(limit: maxInvocations)) : .single(.init())
    }

    /// Whether several invocations may be under way.
    var isConcurrent: Bool {
        if case .concurrent = self { true } else { false }
    }

    mutating func nextRequested(by waiter: Waiter) -> NextAction {
        self.change(
            { machine in
                switch machine.nextRequested(by: waiter) {
                case .becameReady: .becameReady
                case .wait: .wait
                case .deliver: .deliver(id: nil)
                case .reject(let rejection): .reject(rejection)
                }
            },
            { machine in
                switch machine.nextRequested(by: waiter) {
                case .becameReady: .becameReady
                case .wait: .wait
                case .deliver(let id): .deliver(id: id)
                case .reject(let rejection): .reject(rejection)
                }
            })
    }

    mutating func invoke(id: String) -> RuntimeStateMachine<Waiter>.DeliveryAction {
        self.change({ $0.invoke(id: id) }, { $0.invoke(id: id) })
    }

    mutating func responseStarted(id: Substring) -> RuntimeStateMachine<Waiter>.PostAction {
        self.change({ $0.responseStarted(id: id) }, { $0.postStarted(id: String(id), to: .invocationResponse) })
    }

    mutating func errorStarted(id: Substring) -> RuntimeStateMachine<Waiter>.PostAction {
        self.change({ $0.errorStarted(id: id) }, { $0.postStarted(id: String(id), to: .invocationErrorResponse) })
    }

    mutating func postFinished(id: Substring) {
        self.change({ $0.postFinished() }, { $0.postFinished(id: String(id)) })
    }

    /// An invocation has timed out.
    ///
    /// - Returns: Whether nothing is left that could take another.
    mutating func expire(id: String) -> Bool {
        self.change(
            { _ in true },
            {
                $0.expire(id: id)
                return $0.isExhausted
            })
    }

    mutating func initErrorStarted() -> RuntimeStateMachine<Waiter>.PostAction {
        self.change({ $0.initErrorStarted() }, { $0.initErrorStarted() })
    }

    mutating func waiterGone(where isGone: (Waiter) -> Bool) {
        self.change({ $0.waiterGone(where: isGone) }, { $0.waiterGone(where: isGone) })
    }

    mutating func exited() -> [Waiter] {
        self.change({ $0.exited() }, { $0.exited() })
    }

    /// Changes the machine that there is, in place: a copy kept meanwhile would have its queues copied.
    private mutating func change<Result>(
        _ single: (inout RuntimeStateMachine<Waiter>) -> Result,
        _ concurrent: (inout ConcurrentRuntimeStateMachine<Waiter>) -> Result
    ) -> Result {
        switch consume self {
        case .single(var machine):
            let result = single(&machine)
            self = .single(machine)
            return result
        case .concurrent(var machine):
            let result = concurrent(&machine)
            self = .concurrent(machine)
            return result
        }
    }
}
