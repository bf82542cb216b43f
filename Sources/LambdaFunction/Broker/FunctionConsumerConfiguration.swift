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
    /// While no environment is ready, the priority is lower by ``coldPriorityStep``.
    package var prefersWarm: Bool
    package var messages: InvocationMessageConfiguration
    /// How long the answer of a function that is done may wait for its caller's credit: the function's time-out.
    package var streamPatience: TimeAmount

    /// Below the messages that a warm daemon holds beyond those that it runs: a short wait is better than a cold start.
    package static let coldPriorityStep: Int32 = 2

    package init(
        functionName: String, queueName: String, prefetch: Int, credit: CreditPolicy.Limits? = nil, priority: Int32 = 0,
        prefersWarm: Bool = false, messages: InvocationMessageConfiguration, streamPatience: TimeAmount = .seconds(3)
    ) {
        self.functionName = functionName
        self.queueName = queueName
        self.prefetch = prefetch
        self.credit = credit
        self.priority = priority
        self.prefersWarm = prefersWarm
        self.messages = messages
        self.streamPatience = streamPatience
    }
}
