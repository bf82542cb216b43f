public import NIOCore

/// A message that a consumer received.
public struct AMQPDelivery: Sendable {
    /// The consumer that it is for.
    public let consumerTag: AMQPShortString
    /// The broker may have delivered the message before.
    ///
    /// A hint only: a hand-back sets it too.
    public let isRedelivered: Bool
    /// The exchange that it was published to.
    public let exchange: AMQPShortString
    /// The routing key that it was published with.
    public let routingKey: AMQPShortString
    /// Its properties and headers.
    public let properties: AMQPProperties
    /// Its body.
    public let body: ByteBuffer
    /// Its number on the channel, with which it is acknowledged.
    package let deliveryTag: UInt64
    /// The opening of the channel that the number belongs to; a number of an earlier one is never acknowledged.
    package let epoch: ChannelEpoch

    init(_ method: ServerMethod.Deliver, _ properties: AMQPProperties, _ body: ByteBuffer, epoch: ChannelEpoch) {
        self.consumerTag = method.consumerTag
        self.isRedelivered = method.isRedelivered
        self.exchange = method.exchange
        self.routingKey = method.routingKey
        self.properties = properties
        self.body = body
        self.deliveryTag = method.deliveryTag
        self.epoch = epoch
    }

    /// A message as a consumer would receive it, for a test of what handles messages.
    ///
    /// It belongs to no channel: to acknowledge or refuse it sends nothing, and returns `false`.
    ///
    /// - Parameters:
    ///   - message: Its properties and body.
    ///   - exchange: The exchange that it was published to. Default: the default one.
    ///   - routingKey: The routing key that it was published with. Default: empty.
    ///   - consumerTag: The consumer that it is for. Default: empty.
    ///   - isRedelivered: Whether the broker may have delivered it before. Default: false.
    public init(
        _ message: AMQPMessage, exchange: AMQPShortString = .empty, routingKey: AMQPShortString = .empty,
        consumerTag: AMQPShortString = .empty, isRedelivered: Bool = false
    ) {
        self.consumerTag = consumerTag
        self.isRedelivered = isRedelivered
        self.exchange = exchange
        self.routingKey = routingKey
        self.properties = message.properties
        self.body = message.body
        self.deliveryTag = 0
        self.epoch = .none
    }
}

/// Tells one opening of a channel from the next: delivery tags start again at 1 with each.
package struct ChannelEpoch: Sendable, Hashable {
    package let number: UInt64

    /// The epoch of no channel: those of channels begin at 1.
    package static let none = ChannelEpoch(number: 0)

    package init(number: UInt64) {
        self.number = number
    }
}

/// A message that was asked for with `basic.get`.
public struct AMQPFetchedMessage: Sendable {
    /// The broker may have delivered the message before.
    public let isRedelivered: Bool
    /// The exchange that it was published to.
    public let exchange: AMQPShortString
    /// The routing key that it was published with.
    public let routingKey: AMQPShortString
    /// How many messages are left in the queue.
    public let messageCount: Int
    /// Its properties and headers.
    public let properties: AMQPProperties
    /// Its body.
    public let body: ByteBuffer
    package let deliveryTag: UInt64
    package let epoch: ChannelEpoch

    init(_ method: ServerMethod.GetOK, _ properties: AMQPProperties, _ body: ByteBuffer, epoch: ChannelEpoch) {
        self.isRedelivered = method.isRedelivered
        self.exchange = method.exchange
        self.routingKey = method.routingKey
        self.messageCount = Int(method.messageCount)
        self.properties = properties
        self.body = body
        self.deliveryTag = method.deliveryTag
        self.epoch = epoch
    }

    /// A message as ``AMQPChannel/get(queue:noAck:)`` would return it, for a test of what handles messages.
    ///
    /// It belongs to no channel: to acknowledge or refuse it sends nothing, and returns `false`.
    ///
    /// - Parameters:
    ///   - message: Its properties and body.
    ///   - exchange: The exchange that it was published to. Default: the default one.
    ///   - routingKey: The routing key that it was published with. Default: empty.
    ///   - isRedelivered: Whether the broker may have delivered it before. Default: false.
    ///   - messageCount: How many messages are left in the queue. Default: 0.
    public init(
        _ message: AMQPMessage, exchange: AMQPShortString = .empty, routingKey: AMQPShortString = .empty,
        isRedelivered: Bool = false, messageCount: Int = 0
    ) {
        self.isRedelivered = isRedelivered
        self.exchange = exchange
        self.routingKey = routingKey
        self.messageCount = messageCount
        self.properties = message.properties
        self.body = message.body
        self.deliveryTag = 0
        self.epoch = .none
    }
}

/// A message that came back because no queue took it.
package struct AMQPReturnedMessage: Sendable {
    /// Why, as a reply code (312: no route).
    package let replyCode: AMQPReplyCode
    /// Why, in the broker's words.
    package let replyText: String
    /// The exchange that it was published to.
    package let exchange: AMQPShortString
    /// The routing key that it was published with.
    package let routingKey: AMQPShortString
    /// Its properties and headers.
    package let properties: AMQPProperties
    /// Its body.
    package let body: ByteBuffer
}
