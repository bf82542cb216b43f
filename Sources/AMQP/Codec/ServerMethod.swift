package import NIOCore

/// A method that a broker sends to a client. Any other method from the broker is a protocol violation.
package enum ServerMethod: Sendable, Equatable {
    case connectionStart(ConnectionStart)
    case connectionSecure(challenge: ByteBuffer)
    case connectionTune(channelMax: UInt16, frameMax: UInt32, heartbeat: UInt16)
    case connectionOpenOK
    case connectionClose(Closure)
    case connectionCloseOK
    case connectionBlocked(reason: String)
    case connectionUnblocked

    case channelOpenOK
    case channelFlow(active: Bool)
    case channelClose(Closure)
    case channelCloseOK

    case exchangeDeclareOK
    case exchangeDeleteOK
    case exchangeBindOK
    case exchangeUnbindOK

    case queueDeclareOK(QueueDeclareOK)
    case queueBindOK
    case queueUnbindOK
    case queuePurgeOK(messageCount: UInt32)
    case queueDeleteOK(messageCount: UInt32)

    case basicQosOK
    case basicConsumeOK(consumerTag: AMQPShortString)
    case basicCancel(consumerTag: AMQPShortString)
    case basicCancelOK(consumerTag: AMQPShortString)
    case basicReturn(Return)
    case basicDeliver(Deliver)
    case basicGetOK(GetOK)
    case basicGetEmpty
    case basicAck(deliveryTag: UInt64, multiple: Bool)
    case basicNack(deliveryTag: UInt64, multiple: Bool)
    case basicRecoverOK

    case confirmSelectOK
}

extension ServerMethod {
    /// `connection.start`: what the broker is and which mechanisms it takes.
    package struct ConnectionStart: Sendable, Equatable {
        package var versionMajor: UInt8
        package var versionMinor: UInt8
        package var serverProperties: AMQPTable
        package var mechanisms: String
    }

    /// `connection.close` and `channel.close`: why, and which method was at fault (0 for none).
    package struct Closure: Sendable, Equatable {
        package var replyCode: UInt16
        package var replyText: String
        package var classID: UInt16
        package var methodID: UInt16
    }

    /// `queue.declare-ok`: the queue's name, which the broker may have made, and what is in it.
    package struct QueueDeclareOK: Sendable, Equatable {
        package var queue: AMQPShortString
        package var messageCount: UInt32
        package var consumerCount: UInt32
    }

    /// `basic.return`: a message that could not be routed comes back, its content follows.
    package struct Return: Sendable, Equatable {
        package var replyCode: UInt16
        package var replyText: String
        package var exchange: AMQPShortString
        package var routingKey: AMQPShortString
    }

    /// `basic.deliver`: a message for a consumer, its content follows.
    package struct Deliver: Sendable, Equatable {
        package var consumerTag: AMQPShortString
        package var deliveryTag: UInt64
        package var isRedelivered: Bool
        package var exchange: AMQPShortString
        package var routingKey: AMQPShortString
    }

    /// `basic.get-ok`: a message that was asked for, its content follows.
    package struct GetOK: Sendable, Equatable {
        package var deliveryTag: UInt64
        package var isRedelivered: Bool
        package var exchange: AMQPShortString
        package var routingKey: AMQPShortString
        package var messageCount: UInt32
    }
}
