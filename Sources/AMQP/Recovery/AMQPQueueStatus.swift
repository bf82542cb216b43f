/// What the broker says of a queue.
public struct AMQPQueueStatus: Sendable, Hashable {
    /// The queue's name.
    public let name: String
    /// Messages that are ready to be delivered.
    public let messageCount: Int
    /// Consumers that read the queue.
    public let consumerCount: Int
}
