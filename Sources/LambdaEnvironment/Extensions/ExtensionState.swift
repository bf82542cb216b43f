/// Where an extension stands with the Extensions API.
///
/// The raw values are the names that 403 messages and telemetry carry (contract 7.3).
package enum ExtensionState: String, Sendable {
    /// Its process runs, or its name is known; it has not registered. Can transition to: `registered`, `launchError`.
    case started = "Started"
    /// Registered, and has asked for nothing yet. Can transition to: `ready`, `initError`, `exitError`.
    case registered = "Registered"
    /// Waits for an event. Can transition to: `running`, `exitError`.
    case ready = "Ready"
    /// Has an event. Can transition to: `ready`, by the next `next`; `exitError`.
    case running = "Running"
    /// Has posted to init/error. Only the same again is accepted. Can transition to: `exited`.
    case initError = "InitError"
    /// Has posted to exit/error. Only the same again is accepted. Can transition to: `exited`.
    case exitError = "ExitError"
    /// Was still there when its time to shut down was over. Final.
    case shutdownFailed = "ShutdownFailed"
    /// Its process has ended. Final.
    case exited = "Exited"
    /// Its program could not be started. Final.
    case launchError = "LaunchError"
}
