package import LambdaProtocol
package import NIOCore

extension EnvironmentFailure {
    /// The error type that AWS gives this failure (contract 10.4, 10.6); `nil` for what is none of the function's.
    package var errorType: String? {
        switch self {
        case .timedOut: "Sandbox.Timedout"
        case .exited(.outOfMemory): "Runtime.OutOfMemory"
        case .exited: "Runtime.ExitError"
        case .notStarted(let failure): failure.errorType
        case .extensionFailed(let failure): failure.kind.rawValue
        case .initError(let type): type
        case .initTimedOut, .shutdown: nil
        }
    }

    /// The reason in AWS's words, after `Error: `.
    ///
    /// - Parameter timeout: The function's time-out.
    /// - Returns: For example `Runtime exited with error: signal: killed`.
    package func reason(timeout: TimeAmount) -> String {
        switch self {
        case .timedOut: "Task timed out after \(DecimalText.hundredths(ofSecondsIn: timeout)) seconds"
        case .exited(let exit): exit.reason
        case .notStarted(let failure): failure.reason
        case .extensionFailed(let failure): failure.reason
        case .initError: "Runtime reported an error during init"
        case .initTimedOut: "Init timed out"
        case .shutdown: "The function's host is shutting down"
        }
    }

    /// What the caller of an invocation that ended so is told.
    ///
    /// - Parameters:
    ///   - requestID: The invocation's id.
    ///   - timeout: The function's time-out.
    ///   - executedVersion: The function's version.
    ///   - initError: The runtime's own document, where it posted one.
    /// - Returns: A function error, or for an environment that is shut down a refusal.
    package func outcome(
        requestID: String, timeout: TimeAmount, executedVersion: String, initError: FunctionReply?
    ) -> InvocationOutcome {
        if case .initError = self, let initError { return .functionError(initError) }
        guard self != .shutdown else {
            // The runtime had the event: it may have run, and the caller must know that.
            return .refused(InvokeError(.noAnswer, "The function's host was stopped while the function ran."))
        }
        let document = ErrorDocument.platform(
            type: self.errorType ?? "Sandbox.Failure", requestID: requestID, reason: self.reason(timeout: timeout))
        return .functionError(
            FunctionReply(body: document, contentType: "application/json", executedVersion: executedVersion))
    }
}
