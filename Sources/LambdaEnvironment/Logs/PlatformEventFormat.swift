package import LambdaProtocol
internal import NIOCore

/// Writes platform events as JSON (contract 8.3, 8.4).
///
/// Pure.
package struct PlatformEventFormat: Sendable {
    private let function: FunctionDescription

    /// - Parameter function: Whose events they are.
    package init(function: FunctionDescription) {
        self.function = function
    }

    /// An event in its envelope.
    ///
    /// - Parameters:
    ///   - event: The event.
    ///   - time: When it happened.
    ///   - version: For whom it is.
    /// - Returns: A JSON object without a line feed; `nil` where this version has no such event. A client may refuse a
    ///   whole batch that has a type that it does not know.
    package func text(
        _ event: PlatformEvent, at time: EpochClock.Instant, version: TelemetryAPIVersion = .telemetry
    ) -> String? {
        guard let (type, record) = self.content(of: event, version) else { return nil }
        return "{\"time\":\"\(time.iso8601)\",\"type\":\"platform.\(type)\",\"record\":\(record)}"
    }

    private func content(of event: PlatformEvent, _ version: TelemetryAPIVersion) -> (type: String, record: String)? {
        switch event {
        case .initStart, .initRuntimeDone, .initReport:
            version.api == .telemetry ? self.initialisation(event) : nil
        case .start(let requestID, let traceID):
            ("start", self.start(requestID: requestID, traceID: traceID, version))
        case .runtimeDone(let record):
            version == .logs2020 ? nil : ("runtimeDone", self.runtimeDone(record, version))
        case .report(let record):
            ("report", self.report(record, version))
        case .end(let requestID):
            version.api == .logs ? ("end", "{\"requestId\":\(JSONText.string(requestID))}") : nil
        case .fault(let text):
            version.api == .logs ? ("fault", JSONText.string(text)) : nil
        case .extension(let name, let state, let events, let errorType):
            ("extension", self.extension(name: name, state: state, events: events, errorType: errorType))
        case .subscription(let api, let name, let types):
            version.api == api ? (api.subscriptionEvent, self.subscription(name: name, types: types)) : nil
        case .logsDropped(let records, let bytes):
            ("logsDropped", self.logsDropped(recordCount: records, byteCount: bytes))
        }
    }

    // MARK: Init

    private func initialisation(_ event: PlatformEvent) -> (type: String, record: String)? {
        let initialisationType = "{\"initializationType\":\"on-demand\",\"phase\":"
        switch event {
        case .initStart(let phase, let runtimeVersion):
            let version = runtimeVersion.map { "\"runtimeVersion\":\(JSONText.string($0))," } ?? ""
            return (
                "initStart",
                initialisationType + "\"\(phase.rawValue)\",\(version)\"functionName\":\(JSONText.string(self.function.name)),"
                    + "\"functionVersion\":\(JSONText.string(self.function.version)),"
                    + "\"instanceMaxMemory\":\(self.function.memorySizeInMegabytes * 1_048_576)}"
            )
        case .initRuntimeDone(let phase, let failure):
            return ("initRuntimeDone", initialisationType + "\"\(phase.rawValue)\",\(self.status(failure))}")
        case .initReport(let phase, let duration, let failure):
            return (
                "initReport",
                initialisationType + "\"\(phase.rawValue)\",\(self.status(failure)),"
                    + "\"metrics\":{\"durationMs\":\(DecimalText.hundredths(ofMillisecondsIn: duration))}}"
            )
        default:
            return nil
        }
    }

    // MARK: Invocations

    private func start(requestID: String, traceID: String?, _ version: TelemetryAPIVersion) -> String {
        "{\"requestId\":\(JSONText.string(requestID)),\"version\":\(JSONText.string(self.function.version))"
            + self.tracing(traceID, version) + "}"
    }

    private func runtimeDone(_ record: InvocationRecord, _ version: TelemetryAPIVersion) -> String {
        let head = "{\"requestId\":\(JSONText.string(record.requestID)),"
        guard version.api == .telemetry else { return head + "\"status\":\"\(self.statusWord(record))\"}" }
        var metrics = "\"durationMs\":\(DecimalText.hundredths(ofMillisecondsIn: record.duration))"
        if let count = record.producedByteCount { metrics += ",\"producedBytes\":\(count)" }
        return head + "\(self.status(record)),\"metrics\":{\(metrics)}\(self.tracing(record.traceID, version))}"
    }

    private func report(_ record: InvocationRecord, _ version: TelemetryAPIVersion) -> String {
        let duration = DecimalText.hundredths(ofMillisecondsIn: record.duration)
        var metrics = "\"durationMs\":\(duration),\"billedDurationMs\":\(record.billedMilliseconds)"
        metrics += ",\"memorySizeMB\":\(self.function.memorySizeInMegabytes)"
        if let megabytes = record.peakMemoryMegabytes { metrics += ",\"maxMemoryUsedMB\":\(megabytes)" }
        if let initDuration = record.initDuration {
            metrics += ",\"initDurationMs\":\(DecimalText.hundredths(ofMillisecondsIn: initDuration))"
        }
        let status = version.api == .telemetry ? "\(self.status(record))," : ""
        return "{\"requestId\":\(JSONText.string(record.requestID)),\(status)\"metrics\":{\(metrics)}"
            + self.tracing(record.traceID, version) + "}"
    }

    private func tracing(_ traceID: String?, _ version: TelemetryAPIVersion) -> String {
        guard version.api == .telemetry, let traceID, !traceID.isEmpty else { return "" }
        return ",\"tracing\":{\"type\":\"X-Amzn-Trace-Id\",\"value\":\(JSONText.string(traceID))}"
    }

    // MARK: Status

    private func status(_ record: InvocationRecord) -> String {
        if let failure = record.failure { return self.status(failure) }
        guard let errorType = record.functionErrorType else { return "\"status\":\"success\"" }
        return "\"status\":\"error\",\"errorType\":\(JSONText.string(errorType))"
    }

    private func statusWord(_ record: InvocationRecord) -> String {
        record.failure?.statusWord ?? (record.functionErrorType == nil ? "success" : "error")
    }

    private func status(_ failure: EnvironmentFailure?) -> String {
        guard let failure else { return "\"status\":\"success\"" }
        let word = failure.statusWord
        guard word != "timeout" else { return "\"status\":\"timeout\"" }
        return "\"status\":\"\(word)\",\"errorType\":\(JSONText.string(failure.errorType ?? "Sandbox.Failure"))"
    }

    // MARK: Extensions and telemetry

    private func `extension`(name: String, state: String, events: [String], errorType: String?) -> String {
        let error = errorType.map { ",\"errorType\":\(JSONText.string($0))" } ?? ""
        return "{\"name\":\(JSONText.string(name)),\"state\":\(JSONText.string(state)),"
            + "\"events\":[\(events.map(JSONText.string).joined(separator: ","))]\(error)}"
    }

    private func subscription(name: String, types: [TelemetryType]) -> String {
        "{\"name\":\(JSONText.string(name)),\"state\":\"Subscribed\","
            + "\"types\":[\(types.map { JSONText.string($0.rawValue) }.joined(separator: ","))]}"
    }

    private func logsDropped(recordCount: Int, byteCount: Int) -> String {
        "{\"reason\":\"Consumer seems to have fallen behind as it has not acknowledged receipt of logs.\","
            + "\"droppedRecords\":\(recordCount),\"droppedBytes\":\(byteCount)}"
    }
}

extension EnvironmentFailure {
    /// `error` where the function is at fault, `failure` where the platform is (contract 8.4).
    fileprivate var statusWord: String {
        switch self {
        case .timedOut, .initTimedOut: "timeout"
        case .exited, .initError, .extensionFailed: "error"
        case .notStarted(let failure): failure.errorType.hasPrefix("Sandbox.") ? "failure" : "error"
        case .shutdown: "failure"
        }
    }
}
