package import NIOCore

/// A method that a client sends. `basic.publish`, `ack`, `nack` and `reject`, which have no reply and are sent with
/// each message, have functions of their own in ``RabbitEncoder``.
package enum ClientMethod: Sendable, Equatable {
    case connectionStartOK(clientProperties: AMQPTable, mechanism: String, response: ByteBuffer)
    case connectionSecureOK(response: ByteBuffer)
    case connectionTuneOK(channelMax: UInt16, frameMax: UInt32, heartbeat: UInt16)
    case connectionOpen(virtualHost: String)
    case connectionClose(replyCode: UInt16, replyText: String)
    case connectionCloseOK

    case channelOpen
    case channelFlowOK(active: Bool)
    case channelClose(replyCode: UInt16, replyText: String)
    case channelCloseOK

    case exchangeDeclare(AMQPExchangeDeclaration, passive: Bool)
    case exchangeDelete(exchange: String, ifUnused: Bool)
    case exchangeBind(AMQPExchangeBinding)
    case exchangeUnbind(AMQPExchangeBinding)

    case queueDeclare(AMQPQueueDeclaration, passive: Bool)
    case queueBind(AMQPQueueBinding)
    case queueUnbind(AMQPQueueBinding)
    case queuePurge(queue: String)
    case queueDelete(queue: String, ifUnused: Bool, ifEmpty: Bool)

    case basicQos(prefetchCount: UInt16, isGlobal: Bool)
    case basicConsume(AMQPConsumption)
    case basicCancel(consumerTag: AMQPShortString)
    case basicCancelOK(consumerTag: AMQPShortString)
    case basicGet(queue: String, noAck: Bool)
    case basicRecover(requeue: Bool)

    case confirmSelect
}
