package import LambdaProtocol
package import NIOCore

/// The platform's lines that tell of an invocation (contract 10.5).
///
/// Pure: what goes out is only made here. Each invocation has these lines, so they are written piece by piece: an
/// interpolated string costs many times as much.
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
            buffer.write("START RequestId: ", requestID)
            buffer.write(" Version: ", self.function.version, "\n")
        }
    }

    /// An invocation is over: what failed, END and REPORT.
    package func end(_ record: InvocationRecord, at time: EpochClock.Instant, into buffer: inout ByteBuffer) {
        if let json = self.json {
            json.write([.runtimeDone(record), .report(record)], at: time, into: &buffer)
        } else {
            if let fault = self.fault(record, at: time) { buffer.writeString(fault) }
            buffer.write("END RequestId: ", record.requestID, "\n")
            self.textReport(record, into: &buffer)
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

    private func textReport(_ record: InvocationRecord, into buffer: inout ByteBuffer) {
        buffer.write("REPORT RequestId: ", record.requestID)
        buffer.write("\tDuration: ", DecimalText.hundredths(ofMillisecondsIn: record.duration), " ms")
        buffer.write("\tBilled Duration: ", String(record.billedMilliseconds), " ms")
        buffer.write("\tMemory Size: ", String(self.function.memorySizeInMegabytes), " MB")
        if let megabytes = record.peakMemoryMegabytes { buffer.write("\tMax Memory Used: ", String(megabytes), " MB") }
        if let initDuration = record.initDuration {
            buffer.write("\tInit Duration: ", DecimalText.hundredths(ofMillisecondsIn: initDuration), " ms")
        }
        if let failure = record.failure { buffer.writeString("\t\(self.textStatus(failure))") }
        buffer.writeStaticString("\t\n")
    }

    private func textStatus(_ failure: EnvironmentFailure) -> String {
        switch failure {
        case .timedOut, .initTimedOut: "Status: timeout"
        default: "Status: error\tError Type: \(failure.errorType ?? "Sandbox.Failure")"
        }
    }
}

extension ByteBuffer {
    fileprivate mutating func write(_ head: StaticString, _ value: String, _ tail: StaticString = "") {
        self.writeStaticString(head)
        self.writeString(value)
        self.writeStaticString(tail)
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
