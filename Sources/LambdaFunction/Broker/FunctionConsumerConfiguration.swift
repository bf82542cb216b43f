package import LambdaMessages
package import NIOCore

/// How a function's queue is consumed.
package struct FunctionConsumerConfiguration: Sendable {
    package var functionName: String
    /// The queue: the function's name, or `name:qualifier` for a container that serves one qualifier.
    package var queueName: String
    /// How many messages may be delivered and not answered: the environments, and what waits in this process for one.
    package var prefetch: Int
    /// How many more while work is short; `nil`: `prefetch` is all, and nothing is given back before a drain.
    package var credit: CreditPolicy.Limits?
    /// Who has messages first: a higher number before a lower one (`x-priority`).
    package var priority: Int32
    /// While no environment is ready, the priority is lower by two; where it looks ahead it is lower by one.
    package var prefersWarm: Bool
    package var messages: InvocationMessageConfiguration
    /// How long the answer of a function that is done may wait for its caller's credit: the function's time-out.
    package var streamPatience: TimeAmount
    /// How often a daemon without work looks whether the broker has forgotten it.
    package var watchPeriod: TimeAmount

    package init(
        functionName: String, queueName: String, prefetch: Int, credit: CreditPolicy.Limits? = nil, priority: Int32 = 0,
        prefersWarm: Bool = false, messages: InvocationMessageConfiguration, streamPatience: TimeAmount = .seconds(3),
        watchPeriod: TimeAmount = .seconds(10)
    ) {
        self.functionName = functionName
        self.queueName = queueName
        self.prefetch = prefetch
        self.credit = credit
        self.priority = priority
        self.prefersWarm = prefersWarm
        self.messages = messages
        self.streamPatience = streamPatience
        self.watchPeriod = watchPeriod
    }
}
