/// Why a runtime process could not be started, in the words of contract 10.4.
package struct ProcessStartFailure: Error, Sendable, Equatable {
    /// `Runtime.InvalidEntrypoint` or `Runtime.InvalidWorkingDir`; `Sandbox.Failure` where the fault is the host's.
    package let errorType: String
    /// For example `fork/exec /var/task/bootstrap: no such file or directory`.
    package let reason: String

    package init(errorType: String, reason: String) {
        self.errorType = errorType
        self.reason = reason
    }
}
