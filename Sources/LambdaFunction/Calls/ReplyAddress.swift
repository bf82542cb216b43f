package import AMQP
import NIOCore

/// What a `reply_to` says of its queue.
package enum ReplyAddress {
    private static let directPrefix: [UInt8] = Array("amq.rabbitmq.reply-to".utf8)
    private static let serverNamedPrefix: [UInt8] = Array("amq.gen-".utf8)

    /// Whether a reply that is published as mandatory comes back when its queue is gone.
    ///
    /// Not so for direct reply-to: there RabbitMQ returns every mandatory reply up to 4.1, and none from 4.2 on
    /// (rabbitmq.com/docs/direct-reply-to).
    package static func returnsWhenGone(_ replyTo: AMQPShortString) -> Bool {
        !replyTo.bytes.readableBytesView.starts(with: self.directPrefix)
    }

    /// Whether the queue was named by the broker: then the name is used once. Any other may be declared again.
    package static func neverComesBack(_ replyTo: AMQPShortString) -> Bool {
        replyTo.bytes.readableBytesView.starts(with: self.serverNamedPrefix)
    }
}
