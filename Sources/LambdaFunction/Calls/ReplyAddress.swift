package import AMQP
import NIOCore

/// What a `reply_to` says of its queue.
package enum ReplyAddress {
    // Names that begin with `amq.` are the broker's, so that eight bytes tell: `amq.rabb` and `amq.gen-`.
    private static let directPrefix: UInt64 = 0x616D_712E_7261_6262
    private static let serverNamedPrefix: UInt64 = 0x616D_712E_6765_6E2D

    /// Whether a reply that is published as mandatory comes back when its queue is gone.
    ///
    /// Not so for direct reply-to: there RabbitMQ returns every mandatory reply up to 4.1, and none from 4.2 on
    /// (rabbitmq.com/docs/direct-reply-to).
    package static func returnsWhenGone(_ replyTo: AMQPShortString) -> Bool {
        self.prefix(of: replyTo) != self.directPrefix
    }

    /// Whether the queue was named by the broker: then the name is used once. Any other may be declared again.
    package static func neverComesBack(_ replyTo: AMQPShortString) -> Bool {
        self.prefix(of: replyTo) == self.serverNamedPrefix
    }

    private static func prefix(of name: AMQPShortString) -> UInt64? {
        name.bytes.getInteger(at: name.bytes.readerIndex, as: UInt64.self)
    }
}
