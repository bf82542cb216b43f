/// Where a runtime stands with the Runtime API. The raw values are the names that 403 messages carry (contract 5).
package enum RuntimeState: String, Sendable {
    /// The process runs and has asked for nothing yet. Can transition to: `ready` (first next), `initError`.
    case started = "Started"
    /// The runtime has posted to init/error. Everything is refused; the process is about to end.
    case initError = "InitError"
    /// The runtime waits for an event. Can transition to: `running`, when an event is delivered.
    case ready = "Ready"
    /// The runtime has the event. Can transition to: `invocationResponse`, `invocationErrorResponse`.
    case running = "Running"
    /// The body of a response is being received. Can transition to: `responseSent`.
    case invocationResponse = "InvocationResponse"
    /// The body of an error is being received. Can transition to: `responseSent`.
    case invocationErrorResponse = "InvocationErrorResponse"
    /// The invocation has its answer. Can transition to: `ready`, by the next `next`.
    case responseSent = "RuntimeResponseSentState"
    /// No process runs, or it is being killed: what still comes from it is refused. Final for this process.
    case exited = "Exited"
}
