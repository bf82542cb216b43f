import NIOConcurrencyHelpers
package import NIOCore

extension EventLoopFuture where Value: Sendable {
    /// The value, with every error as an `AMQPError`. A task that is cancelled waits no longer, and throws `cancelled`.
    ///
    /// - Parameter abandoned: Called on the loop with a value that comes after its task was cancelled, and that nobody
    ///   else will have.
    package func cancellableValue(
        abandoned: @escaping @Sendable (Value) -> Void = { _ in }
    ) async throws(AMQPError) -> Value {
        let wait = CancellableWait<Value>()
        self.whenComplete { result in
            let result = result.mapError { AMQPError.ofFuture($0) }
            if !wait.end(result), case .success(let value) = result { abandoned(value) }
        }
        return try await withTaskCancellationHandler {
            await withCheckedContinuation { wait.begin($0) }
        } onCancel: {
            _ = wait.end(.failure(.waitCancelled))
        }.get()
    }

    /// The value, with every error as an `AMQPError`, whatever becomes of the task: for what comes soon, and is done even so.
    package func value() async throws(AMQPError) -> Value {
        do {
            return try await self.get()
        } catch {
            throw .ofFuture(error)
        }
    }

    /// Waits for the end, however it is.
    func finished() async {
        _ = try? await self.get()
    }
}

/// A task that waits for whichever comes first: what it waits for, or its cancellation. Safe to use from any thread.
private final class CancellableWait<Value: Sendable>: Sendable {
    typealias Outcome = Result<Value, AMQPError>

    private struct State {
        var continuation: CheckedContinuation<Outcome, Never>?
        /// The first to come, also where that was before the task waited.
        var outcome: Outcome?
    }

    private let state = NIOLockedValueBox(State())

    func begin(_ continuation: CheckedContinuation<Outcome, Never>) {
        let outcome = self.state.withLockedValue { state in
            if state.outcome == nil { state.continuation = continuation }
            return state.outcome
        }
        if let outcome { continuation.resume(returning: outcome) }
    }

    /// - Returns: Whether this is what the task is told; `false` where it was told something before.
    func end(_ outcome: Outcome) -> Bool {
        let (isFirst, continuation) = self.state.withLockedValue { state in
            guard state.outcome == nil else { return (false, nil as CheckedContinuation<Outcome, Never>?) }
            state.outcome = outcome
            return (true, state.continuation.take())
        }
        continuation?.resume(returning: outcome)
        return isFirst
    }
}

extension AMQPError {
    static var waitCancelled: AMQPError {
        AMQPError(.cancelled, "the task was cancelled while it waited for the broker")
    }

    fileprivate static func ofFuture(_ error: any Error) -> AMQPError {
        error as? AMQPError ?? AMQPError(.connectionLost, "\(error)", underlying: error)
    }
}
