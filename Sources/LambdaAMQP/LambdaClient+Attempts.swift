import AMQPRPC
import Logging

extension CallInstruments.Names {
    /// A client's invocations.
    static let lambdaClient = CallInstruments.Names(
        count: "lambda_client_invocations", duration: "lambda_client_invocation_duration",
        retries: "lambda_client_retries", subject: "function", attribute: "faas.invoked_name")
}

extension LambdaClient {
    /// Makes an invocation as often as its policy says.
    @inline(__always)
    func attempting<Value: Sendable>(
        _ function: String, _ options: InvocationOptions, _ measurement: CallMeasurement?,
        _ attempt: (ContinuousClock.Instant) async throws(LambdaError) -> Value
    ) async throws(LambdaError) -> Value {
        guard options.timeout > .zero else { throw LambdaError(.badRequest, "the time-out must be longer than 0") }
        let start = ContinuousClock.now
        var attempts = InvocationAttempts(
            policy: options.retryPolicy, isIdempotent: options.isIdempotent,
            deadline: start + options.timeout)
        var deadline = attempts.attemptDeadline(now: start)
        while true {
            do throws(LambdaError) {
                return try await attempt(deadline)
            } catch {
                let action = attempts.failed(error, now: .now, jitter: .random(in: 0...1))
                guard case .retry(let pause) = action else { throw attempts.outcome(error) }
                self.retry(function, attempts.number, after: error, measurement, pause)
                do {
                    try await Task.sleep(for: pause)
                } catch _ {
                    throw attempts.outcome(.cancelled)
                }
                deadline = attempts.attemptDeadline(now: .now)
            }
        }
    }

    private func retry(
        _ function: String, _ attempt: Int, after error: LambdaError, _ measurement: CallMeasurement?,
        _ pause: Duration
    ) {
        measurement?.retried(attempt: attempt, after: error.code.description)
        self.logger.debug(
            "An invocation is made again",
            metadata: [
                LambdaLogKey.function: "\(function)", LambdaLogKey.attempt: "\(attempt)",
                LambdaLogKey.error: "\(error)", LambdaLogKey.pause: "\(pause)",
            ])
    }
}
