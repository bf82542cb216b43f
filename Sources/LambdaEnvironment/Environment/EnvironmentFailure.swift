/// Why an invocation got no answer from its runtime, or why init failed.
///
/// What has texts is indirect: the actions of every invocation have room for a failure, and hardly ever one.
package enum EnvironmentFailure: Sendable, Equatable {
    /// The function's time-out passed.
    case timedOut
    /// Init took longer than its own limit; nobody was waiting in this environment.
    case initTimedOut
    /// The runtime posted to init/error; the document is the runtime's, the type the one that it named (contract 4.5).
    indirect case initError(type: String)
    case exited(ProcessExit)
    indirect case notStarted(ProcessStartFailure)
    /// An extension has ended, could not be started, or reported an error.
    indirect case extensionFailed(ExtensionFailure)
    /// The daemon stops.
    case shutdown
}
