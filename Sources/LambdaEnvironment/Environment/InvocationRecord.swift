package import NIOCore

/// What is told of an invocation when it is over, for the lines of contract 10.5.
package struct InvocationRecord: Sendable, Equatable {
    package var requestID: String
    package var traceID: String?
    /// From the delivery of the event until the runtime was ready again, or gone; a time-out counts as the time-out.
    package var duration: TimeAmount
    /// How long init took; only for the first invocation after an init that ran before it.
    package var initDuration: TimeAmount?
    /// The platform's reason why there was no answer.
    package var failure: EnvironmentFailure?
    /// The type of the error that the function itself reported; where it reported one.
    package var functionErrorType: String?
    /// The size of what the runtime answered, in bytes; where it answered.
    package var producedByteCount: Int?
    /// The largest resident memory of the runtime's processes so far, in bytes; where it was looked at.
    package var peakMemoryByteCount: Int?

    package init(
        requestID: String, traceID: String? = nil, duration: TimeAmount, initDuration: TimeAmount? = nil,
        failure: EnvironmentFailure? = nil, functionErrorType: String? = nil, producedByteCount: Int? = nil,
        peakMemoryByteCount: Int? = nil
    ) {
        self.requestID = requestID
        self.traceID = traceID
        self.duration = duration
        self.initDuration = initDuration
        self.failure = failure
        self.functionErrorType = functionErrorType
        self.producedByteCount = producedByteCount
        self.peakMemoryByteCount = peakMemoryByteCount
    }
}

extension InvocationRecord {
    /// Whole milliseconds, rounded up, with init: as AWS bills images and custom runtimes (contract 10.5).
    package var billedMilliseconds: Int64 {
        let nanoseconds = self.duration.nanoseconds + (self.initDuration?.nanoseconds ?? 0)
        return (nanoseconds + 999_999) / 1_000_000
    }

    /// Whole megabytes, rounded up.
    package var peakMemoryMegabytes: Int? {
        self.peakMemoryByteCount.map { ($0 + 1_048_575) / 1_048_576 }
    }
}
