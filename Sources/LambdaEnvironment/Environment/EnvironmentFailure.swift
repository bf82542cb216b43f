/// Why an invocation got no answer from its runtime, or why init failed.
package enum EnvironmentFailure: Sendable, Equatable {
    /// The function's time-out passed.
    case timedOut
    /// Init took longer than its own limit; nobody was waiting in this environment.
    case initTimedOut
    /// The runtime posted to init/error; the document is the runtime's.
    case initError
    case exited(ProcessExit)
    case notStarted(ProcessStartFailure)
    /// An extension has ended, could not be started, or reported an error.
    ///
    /// Indirect, so that the actions of every invocation do not carry room for it.
    indirect case extensionFailed(ExtensionFailure)
    /// The daemon stops.
    case shutdown
}
