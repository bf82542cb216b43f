import AMQP
import NIOCore

/// A time-out as the property `expiration` says it: whole milliseconds, in decimal digits (RabbitMQ, Time-To-Live).
///
/// Callers use the same time-out again and again, so the text of the last one is kept.
struct ExpirationText {
    private var milliseconds: Int64 = 0
    private var text = AMQPShortString.empty

    /// The text of a time-out, rounded up: zero would mean to deliver at once or to drop in silence.
    mutating func text(of timeout: TimeAmount) -> AMQPShortString {
        let milliseconds = max(1, (timeout.nanoseconds + 999_999) / 1_000_000)
        if milliseconds != self.milliseconds {
            self.milliseconds = milliseconds
            self.text = AMQPShortString("\(milliseconds)")
        }
        return self.text
    }
}
