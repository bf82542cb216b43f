internal import LambdaHTTP
package import LambdaProtocol
package import NIOCore

/// The platform's lines that tell of an invocation (contract 10.5).
///
/// Pure: what goes out is only made here. Each invocation has these lines, so they are written straight into memory: with a
/// write to the buffer for each piece they were a tenth of what an invocation costs (Benchmarks).
package struct ReportLines: Sendable {
    private let function: FunctionDescription
    private let timeout: TimeAmount
    private let json: PlatformEventFormat?

    /// - Parameters:
    ///   - function: Whose invocations they are.
    ///   - timeout: The function's time-out.
    ///   - format: Text or JSON.
    package init(function: FunctionDescription, timeout: TimeAmount, format: LogFormat) {
        self.function = function
        self.timeout = timeout
        self.json = format == .json ? PlatformEventFormat(function: function) : nil
    }

    /// An invocation begins.
    package func start(
        requestID: String, traceID: String? = nil, at time: EpochClock.Instant, into buffer: inout ByteBuffer
    ) {
        if let json = self.json {
            json.write([.start(requestID: requestID, traceID: traceID)], at: time, into: &buffer)
        } else {
            buffer.writeText(usualByteCount: Self.usualByteCount) { text in
                text.write("START RequestId: ")
                text.write(requestID)
                text.write(" Version: ")
                text.write(self.function.version)
                text.write("\n")
            }
        }
    }

    /// An invocation is over: what failed, END and REPORT.
    package func end(_ record: InvocationRecord, at time: EpochClock.Instant, into buffer: inout ByteBuffer) {
        if let json = self.json {
            json.write([.runtimeDone(record), .report(record)], at: time, into: &buffer)
        } else {
            if let fault = self.fault(record, at: time) { buffer.writeString(fault) }
            buffer.writeText(usualByteCount: Self.usualByteCount) { text in
                text.write("END RequestId: ")
                text.write(record.requestID)
                text.write("\n")
                self.writeReport(record, to: &text)
            }
        }
    }

    /// Init begins.
    ///
    /// AWS's line goes on with the ARN of its own runtime, which there is none of here. `provided` is AWS's word for a
    /// runtime that comes with the function.
    package func initStart(
        phase: InitPhase, runtimeVersion: String?, at time: EpochClock.Instant, into buffer: inout ByteBuffer
    ) {
        if let json = self.json {
            json.write([.initStart(phase: phase, runtimeVersion: runtimeVersion)], at: time, into: &buffer)
        } else {
            buffer.writeString("INIT_START Runtime Version: \(runtimeVersion ?? "provided")\n")
        }
    }

    /// Init has failed.
    package func initFailure(
        _ failure: EnvironmentFailure, after duration: TimeAmount, phase: InitPhase, at time: EpochClock.Instant,
        into buffer: inout ByteBuffer
    ) {
        if let json = self.json {
            return json.write(
                [.initReport(phase: phase, duration: duration, failure: failure)], at: time, into: &buffer)
        }
        let milliseconds = DecimalText.hundredths(ofMillisecondsIn: duration)
        buffer.writeString(
            "INIT_REPORT Init Duration: \(milliseconds) ms\tPhase: \(phase.rawValue)\t\(self.textStatus(failure))\n")
        if phase == .initialisation, let errorType = failure.errorType {
            buffer.writeString("Error: \(failure.reason(timeout: self.timeout))\n\(errorType)\n")
        }
    }

    /// The lines that say why an invocation failed, with their line feeds; `nil` where the platform has nothing to say.
    package func fault(_ record: InvocationRecord, at time: EpochClock.Instant) -> String? {
        guard let failure = record.failure else { return nil }
        let reason = failure.reason(timeout: self.timeout)
        if failure == .timedOut { return "\(time.iso8601) \(record.requestID) \(reason)\n\n" }
        return "RequestId: \(record.requestID) Error: \(reason)\n" + (failure.errorType.map { "\($0)\n" } ?? "")
    }

    private func writeReport(_ record: InvocationRecord, to text: inout TextWriter) {
        text.write("REPORT RequestId: ")
        text.write(record.requestID)
        text.write("\tDuration: ")
        text.write(millisecondsIn: record.duration)
        text.write(" ms\tBilled Duration: ")
        text.write(decimal: record.billedMilliseconds)
        text.write(" ms\tMemory Size: ")
        text.write(decimal: Int64(self.function.memorySizeInMegabytes))
        if let megabytes = record.peakMemoryMegabytes {
            text.write(" MB\tMax Memory Used: ")
            text.write(decimal: Int64(megabytes))
        }
        text.write(" MB")
        if let initDuration = record.initDuration {
            text.write("\tInit Duration: ")
            text.write(millisecondsIn: initDuration)
            text.write(" ms")
        }
        if let failure = record.failure {
            text.write("\t")
            text.write(self.textStatus(failure))
        }
        text.write("\t\n")
    }

    /// Of both lines at an invocation's end, with room to spare.
    private static let usualByteCount = 512

    private func textStatus(_ failure: EnvironmentFailure) -> String {
        switch failure {
        case .timedOut, .initTimedOut: "Status: timeout"
        default: "Status: error\tError Type: \(failure.errorType ?? "Sandbox.Failure")"
        }
    }
}

extension PlatformEventFormat {
    /// Writes events as lines.
    fileprivate func write(_ events: [PlatformEvent], at time: EpochClock.Instant, into buffer: inout ByteBuffer) {
        for event in events {
            guard let text = self.text(event, at: time) else { continue }
            buffer.writeString(text)
            buffer.writeString("\n")
        }
    }
}
