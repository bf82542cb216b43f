/// The names of a function's queues for events (design 5).
///
/// They are made of the name of its queue for calls: the function's, or `name:qualifier`.
package enum EventQueueName {
    /// Where events wait for their next attempt.
    package static func async(of queue: String) -> String { "\(queue).async" }

    /// Where those wait that are tried again after that many milliseconds.
    package static func retry(of queue: String, afterMilliseconds milliseconds: Int64) -> String {
        "\(queue).retry.\(milliseconds)"
    }

    /// Where those end that have failed for good.
    package static func deadLetter(of queue: String) -> String { "\(queue).dead-letter" }
}
