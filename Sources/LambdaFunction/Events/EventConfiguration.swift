package import LambdaMessages
package import LambdaProtocol
package import NIOCore

/// How a function's events are kept, run and tried again.
package struct EventConfiguration: Sendable {
    /// What a function's queues for events are.
    package enum QueueType: String, Sendable, CaseIterable {
        /// Replicated, and safe between two queues; classic where the broker has none or allows none.
        case quorum
        case classic
    }

    package var functionName: String
    /// The function's queue for calls, of whose name those for events are made.
    package var queueName: String
    /// In records; with `$LATEST` where the event names no other.
    package var arn: FunctionARN
    /// The qualifier in a record's ARN, where the event names none; default `$LATEST`.
    package var qualifier: String
    package var messages: InvocationMessageConfiguration
    package var policy: EventPolicy
    package var queueType: QueueType
    /// Where the record of an event goes that has succeeded; default nowhere.
    package var onSuccess: EventDestination?
    /// Where the record of an event goes that has failed for good, beside the dead letters; default nowhere.
    package var onFailure: EventDestination?
    /// How long an event that came over HTTP may wait for the broker's confirm; default 10 s.
    package var acceptTimeout: TimeAmount
    /// How often a daemon to which no event comes looks at their queue; default 10 s.
    package var watchPeriod: TimeAmount

    package init(
        functionName: String, queueName: String, arn: FunctionARN, qualifier: String = "$LATEST",
        messages: InvocationMessageConfiguration, policy: EventPolicy = EventPolicy(), queueType: QueueType = .quorum,
        onSuccess: EventDestination? = nil, onFailure: EventDestination? = nil, acceptTimeout: TimeAmount = .seconds(10),
        watchPeriod: TimeAmount = .seconds(10)
    ) {
        self.functionName = functionName
        self.queueName = queueName
        self.arn = arn
        self.qualifier = qualifier
        self.messages = messages
        self.policy = policy
        self.queueType = queueType
        self.onSuccess = onSuccess
        self.onFailure = onFailure
        self.acceptTimeout = acceptTimeout
        self.watchPeriod = watchPeriod
    }
}
