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
    /// The largest resident memory of the runtime's processes so far, in bytes; where it was looked at.
    package var peakMemoryByteCount: Int?

    package init(
        requestID: String, traceID: String? = nil, duration: TimeAmount, initDuration: TimeAmount? = nil,
        failure: EnvironmentFailure? = nil, peakMemoryByteCount: Int? = nil
    ) {
        self.requestID = requestID
        self.traceID = traceID
        self.duration = duration
        self.initDuration = initDuration
        self.failure = failure
        self.peakMemoryByteCount = peakMemoryByteCount
    }
}
