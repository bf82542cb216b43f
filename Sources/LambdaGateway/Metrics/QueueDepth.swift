/// How a queue stands, as the broker says.
struct QueueDepth: Sendable, Equatable {
    var queue: String
    /// Messages that wait to be delivered.
    var readyCount: Int
    var consumerCount: Int
}
