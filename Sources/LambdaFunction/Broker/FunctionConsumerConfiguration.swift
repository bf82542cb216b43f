package import LambdaMessages
package import NIOCore

/// How a function's queue is consumed.
package struct FunctionConsumerConfiguration: Sendable {
    package var functionName: String
    /// The queue: the function's name, or `name:qualifier` for a container that serves one qualifier.
    package var queueName: String
    /// How many messages may be delivered and not answered: the environments, and what waits in this process for one.
    package var prefetch: Int
    package var messages: InvocationMessageConfiguration
    /// How long the answer of a function that is done may wait for its caller's credit: the function's time-out.
    package var streamPatience: TimeAmount

    package init(
        functionName: String, queueName: String, prefetch: Int, messages: InvocationMessageConfiguration,
        streamPatience: TimeAmount = .seconds(3)
    ) {
        self.functionName = functionName
        self.queueName = queueName
        self.prefetch = prefetch
        self.messages = messages
        self.streamPatience = streamPatience
    }
}
