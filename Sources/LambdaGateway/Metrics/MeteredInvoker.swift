import LambdaProtocol
import NIOCore

/// An invoker whose requests are counted, for metrics: whatever is in front of it, and whatever it does.
// @unchecked: every member is used on `eventLoop` only.
final class MeteredInvoker: FunctionInvoker, EventAcceptor, @unchecked Sendable {
    let eventLoop: any EventLoop
    private let invoker: BrokerInvoker
    /// What was counted so far.
    private(set) var counts = GatewayCounts()

    init(_ invoker: BrokerInvoker) {
        self.eventLoop = invoker.eventLoop
        self.invoker = invoker
    }

    func resolve(_ name: FunctionName) -> Result<ResolvedFunction, InvokeError> {
        let resolved = self.invoker.resolve(name)
        if case .failure(let error) = resolved { self.counts.ended(name.name, GatewayOutcome(error), after: nil) }
        return resolved
    }

    func invoke(
        _ request: InvocationRequest, of function: ResolvedFunction, completion: @escaping (InvocationOutcome) -> Void
    ) {
        let start = NIODeadline.now()
        self.invoker.invoke(request, of: function) { outcome in
            self.ended(function, outcome, since: start)
            completion(outcome)
        }
    }

    func invoke(
        _ request: InvocationRequest, of function: ResolvedFunction, into sink: any ResponseSink,
        completion: @escaping (InvocationOutcome) -> Void
    ) {
        let start = NIODeadline.now()
        self.invoker.invoke(request, of: function, into: sink) { outcome in
            self.ended(function, outcome, since: start)
            completion(outcome)
        }
    }

    func check(_ function: ResolvedFunction, completion: @escaping (InvokeError?) -> Void) {
        self.invoker.check(function) { error in
            self.counts.ended(function.name, error.map { GatewayOutcome($0) } ?? .checked, after: nil)
            completion(error)
        }
    }

    func accept(
        _ request: InvocationRequest, of function: ResolvedFunction, completion: @escaping (InvokeError?) -> Void
    ) {
        self.invoker.accept(request, of: function) { error in
            self.counts.ended(function.name, error.map { GatewayOutcome($0) } ?? .accepted, after: nil)
            completion(error)
        }
    }

    private func ended(_ function: ResolvedFunction, _ outcome: InvocationOutcome, since start: NIODeadline) {
        self.counts.ended(function.name, GatewayOutcome(outcome), after: .now() - start)
    }
}
