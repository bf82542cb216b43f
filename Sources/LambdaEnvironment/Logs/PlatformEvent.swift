package import NIOCore

/// What the platform tells of an environment's life: in JSON log lines, and to who subscribed to telemetry
/// (contract 8.4).
package enum PlatformEvent: Sendable, Equatable {
    /// `runtimeVersion` as far as it is known.
    case initStart(phase: InitPhase, runtimeVersion: String?)
    /// The runtime has asked for an event for the first time, or has failed to.
    case initRuntimeDone(phase: InitPhase, failure: EnvironmentFailure?)
    /// Init is over: the runtime and every extension are ready, or it has failed.
    case initReport(phase: InitPhase, duration: TimeAmount, failure: EnvironmentFailure?)
    case start(requestID: String, traceID: String?)
    /// The runtime is done with an invocation; `duration` is the runtime's own.
    case runtimeDone(InvocationRecord)
    /// The environment is done with an invocation.
    case report(InvocationRecord)
    /// The Logs API's twin of `report`.
    case end(requestID: String)
    /// The Logs API's text of a failure.
    case fault(String)
    /// What has become of an extension's registration; `events` by their wire names.
    case `extension`(name: String, state: String, events: [String], errorType: String?)
    case subscription(TelemetryAPIVersion.API, name: String, types: [TelemetryType])
    case logsDropped(recordCount: Int, byteCount: Int)
}
