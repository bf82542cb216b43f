package import LambdaEnvironment
package import LambdaProtocol
package import NIOCore

/// The lines that tell of an invocation. Pure: what goes out is only made here.
package struct ReportLines: Sendable {
    private let function: FunctionDescription
    private let timeout: TimeAmount
    private let isJSON: Bool

    /// - Parameters:
    ///   - function: Whose invocations they are.
    ///   - timeout: The function's time-out.
    ///   - isJSON: JSON objects instead of text.
    package init(function: FunctionDescription, timeout: TimeAmount, isJSON: Bool) {
        self.function = function
        self.timeout = timeout
        self.isJSON = isJSON
    }

    /// An invocation begins.
    package func start(requestID: String, at time: EpochClock.Instant, into buffer: inout ByteBuffer) {
        guard self.isJSON else {
            buffer.writeString("START RequestId: \(requestID) Version: \(self.function.version)\n")
            return
        }
        buffer.writeString(
            """
            {"time":"\(time.iso8601)","type":"platform.start","record":{"requestId":"\(requestID)",\
            "version":\(JSONText.string(self.function.version))}}\n
            """)
    }

    /// An invocation is over: what failed, END and REPORT.
    package func end(_ record: InvocationRecord, at time: EpochClock.Instant, into buffer: inout ByteBuffer) {
        if self.isJSON {
            self.jsonEnd(record, at: time, into: &buffer)
        } else {
            self.fault(record, at: time, into: &buffer)
            buffer.writeString("END RequestId: \(record.requestID)\n")
            self.textReport(record, into: &buffer)
        }
    }

    /// Init has failed.
    package func initFailure(
        _ failure: EnvironmentFailure, after duration: TimeAmount, insideInvocation: Bool, at time: EpochClock.Instant,
        into buffer: inout ByteBuffer
    ) {
        let phase = insideInvocation ? "invoke" : "init"
        let milliseconds = DecimalText.hundredths(ofMillisecondsIn: duration)
        if self.isJSON {
            buffer.writeString(
                """
                {"time":"\(time.iso8601)","type":"platform.initReport","record":{"initializationType":"on-demand",\
                "phase":"\(phase)",\(self.jsonStatus(failure)),"metrics":{"durationMs":\(milliseconds)}}}\n
                """)
        } else {
            buffer.writeString(
                "INIT_REPORT Init Duration: \(milliseconds) ms\tPhase: \(phase)\t\(self.textStatus(failure))\n")
            if !insideInvocation, let errorType = failure.errorType {
                buffer.writeString("Error: \(failure.reason(timeout: self.timeout))\n\(errorType)\n")
            }
        }
    }

    private func fault(_ record: InvocationRecord, at time: EpochClock.Instant, into buffer: inout ByteBuffer) {
        guard let failure = record.failure else { return }
        let reason = failure.reason(timeout: self.timeout)
        if failure == .timedOut {
            buffer.writeString("\(time.iso8601) \(record.requestID) \(reason)\n\n")
        } else {
            buffer.writeString("RequestId: \(record.requestID) Error: \(reason)\n")
            if let errorType = failure.errorType { buffer.writeString("\(errorType)\n") }
        }
    }

    private func textReport(_ record: InvocationRecord, into buffer: inout ByteBuffer) {
        buffer.writeString("REPORT RequestId: \(record.requestID)")
        buffer.writeString("\tDuration: \(DecimalText.hundredths(ofMillisecondsIn: record.duration)) ms")
        buffer.writeString("\tBilled Duration: \(record.billedMilliseconds) ms")
        buffer.writeString("\tMemory Size: \(self.function.memorySizeInMegabytes) MB")
        if let megabytes = record.peakMemoryMegabytes { buffer.writeString("\tMax Memory Used: \(megabytes) MB") }
        if let initDuration = record.initDuration {
            buffer.writeString("\tInit Duration: \(DecimalText.hundredths(ofMillisecondsIn: initDuration)) ms")
        }
        if let failure = record.failure { buffer.writeString("\t\(self.textStatus(failure))") }
        buffer.writeString("\t\n")
    }

    private func textStatus(_ failure: EnvironmentFailure) -> String {
        switch failure {
        case .timedOut, .initTimedOut: "Status: timeout"
        default: "Status: error\tError Type: \(failure.errorType ?? "Sandbox.Failure")"
        }
    }

    private func jsonEnd(_ record: InvocationRecord, at time: EpochClock.Instant, into buffer: inout ByteBuffer) {
        let duration = DecimalText.hundredths(ofMillisecondsIn: record.duration)
        let status = record.failure.map(self.jsonStatus) ?? "\"status\":\"success\""
        var metrics = "\"durationMs\":\(duration),\"billedDurationMs\":\(record.billedMilliseconds)"
        metrics += ",\"memorySizeMB\":\(self.function.memorySizeInMegabytes)"
        if let megabytes = record.peakMemoryMegabytes { metrics += ",\"maxMemoryUsedMB\":\(megabytes)" }
        if let initDuration = record.initDuration {
            metrics += ",\"initDurationMs\":\(DecimalText.hundredths(ofMillisecondsIn: initDuration))"
        }
        buffer.writeString(
            """
            {"time":"\(time.iso8601)","type":"platform.runtimeDone","record":{"requestId":"\(record.requestID)",\
            \(status),"metrics":{"durationMs":\(duration)}}}
            {"time":"\(time.iso8601)","type":"platform.report","record":{"requestId":"\(record.requestID)",\
            \(status),"metrics":{\(metrics)}}}\n
            """)
    }

    private func jsonStatus(_ failure: EnvironmentFailure) -> String {
        switch failure {
        case .timedOut, .initTimedOut: "\"status\":\"timeout\""
        default: "\"status\":\"error\",\"errorType\":\(JSONText.string(failure.errorType ?? "Sandbox.Failure"))"
        }
    }
}

extension InvocationRecord {
    /// Whole milliseconds, rounded up, with init: as AWS bills images and custom runtimes.
    fileprivate var billedMilliseconds: Int64 {
        let nanoseconds = self.duration.nanoseconds + (self.initDuration?.nanoseconds ?? 0)
        return (nanoseconds + 999_999) / 1_000_000
    }

    fileprivate var peakMemoryMegabytes: Int? {
        self.peakMemoryByteCount.map { ($0 + 1_048_575) / 1_048_576 }
    }
}
