package import LambdaAMQP

/// How a function's queue is consumed.
package struct FunctionConsumerConfiguration: Sendable {
    package var functionName: String
    /// The queue: the function's name, or `name:qualifier` for a container that serves one qualifier.
    package var queueName: String
    /// How many messages may be delivered and not answered: the environments, and what waits in this process for one.
    package var prefetch: Int
    package var messages: InvocationMessageConfiguration

    package init(
        functionName: String, queueName: String, prefetch: Int, messages: InvocationMessageConfiguration
    ) {
        self.functionName = functionName
        self.queueName = queueName
        self.prefetch = prefetch
        self.messages = messages
    }
}
