import CRabbitMQ
import NIOCore

extension RabbitDecoder {
    /// Whether a broker may send this method to a client.
    static func isServerMethod(_ number: UInt32) -> Bool {
        switch Int(number) {
        case Int(AMQP_BASIC_DELIVER_METHOD), Int(AMQP_BASIC_ACK_METHOD), Int(AMQP_BASIC_NACK_METHOD),
            Int(AMQP_BASIC_RETURN_METHOD), Int(AMQP_BASIC_GET_OK_METHOD), Int(AMQP_BASIC_GET_EMPTY_METHOD),
            Int(AMQP_BASIC_QOS_OK_METHOD), Int(AMQP_BASIC_CONSUME_OK_METHOD), Int(AMQP_BASIC_CANCEL_METHOD),
            Int(AMQP_BASIC_CANCEL_OK_METHOD), Int(AMQP_BASIC_RECOVER_OK_METHOD),
            Int(AMQP_CONFIRM_SELECT_OK_METHOD),
            Int(AMQP_QUEUE_DECLARE_OK_METHOD), Int(AMQP_QUEUE_BIND_OK_METHOD), Int(AMQP_QUEUE_UNBIND_OK_METHOD),
            Int(AMQP_QUEUE_PURGE_OK_METHOD), Int(AMQP_QUEUE_DELETE_OK_METHOD),
            Int(AMQP_EXCHANGE_DECLARE_OK_METHOD), Int(AMQP_EXCHANGE_DELETE_OK_METHOD),
            Int(AMQP_EXCHANGE_BIND_OK_METHOD), Int(AMQP_EXCHANGE_UNBIND_OK_METHOD),
            Int(AMQP_CHANNEL_OPEN_OK_METHOD), Int(AMQP_CHANNEL_FLOW_METHOD), Int(AMQP_CHANNEL_CLOSE_METHOD),
            Int(AMQP_CHANNEL_CLOSE_OK_METHOD),
            Int(AMQP_CONNECTION_START_METHOD), Int(AMQP_CONNECTION_SECURE_METHOD),
            Int(AMQP_CONNECTION_TUNE_METHOD), Int(AMQP_CONNECTION_OPEN_OK_METHOD),
            Int(AMQP_CONNECTION_CLOSE_METHOD), Int(AMQP_CONNECTION_CLOSE_OK_METHOD),
            Int(AMQP_CONNECTION_BLOCKED_METHOD), Int(AMQP_CONNECTION_UNBLOCKED_METHOD):
            true
        default: false
        }
    }
}

extension RabbitView {
    /// The Swift value of a decoded method that ``RabbitDecoder/isServerMethod(_:)`` let through.
    func serverMethod(_ number: UInt32, _ decoded: UnsafeMutableRawPointer) -> ServerMethod {
        switch number >> 16 {
        case 60: self.basicMethod(number, decoded)
        case 10: self.connectionMethod(number, decoded)
        case 50: self.queueMethod(number, decoded)
        default: self.channelExchangeOrConfirmMethod(number, decoded)
        }
    }

    private func basicMethod(_ number: UInt32, _ decoded: UnsafeMutableRawPointer) -> ServerMethod {
        switch Int(number) {
        case Int(AMQP_BASIC_DELIVER_METHOD):
            let method = decoded.assumingMemoryBound(to: amqp_basic_deliver_t.self).pointee
            return .basicDeliver(
                .init(
                    consumerTag: self.shortString(method.consumer_tag), deliveryTag: method.delivery_tag,
                    isRedelivered: method.redelivered != 0, exchange: self.shortString(method.exchange),
                    routingKey: self.shortString(method.routing_key)))
        case Int(AMQP_BASIC_ACK_METHOD):
            let method = decoded.assumingMemoryBound(to: amqp_basic_ack_t.self).pointee
            return .basicAck(deliveryTag: method.delivery_tag, multiple: method.multiple != 0)
        case Int(AMQP_BASIC_NACK_METHOD):
            let method = decoded.assumingMemoryBound(to: amqp_basic_nack_t.self).pointee
            return .basicNack(deliveryTag: method.delivery_tag, multiple: method.multiple != 0)
        case Int(AMQP_BASIC_RETURN_METHOD):
            let method = decoded.assumingMemoryBound(to: amqp_basic_return_t.self).pointee
            return .basicReturn(
                .init(
                    replyCode: method.reply_code, replyText: self.string(method.reply_text),
                    exchange: self.shortString(method.exchange), routingKey: self.shortString(method.routing_key)))
        case Int(AMQP_BASIC_GET_OK_METHOD):
            let method = decoded.assumingMemoryBound(to: amqp_basic_get_ok_t.self).pointee
            return .basicGetOK(
                .init(
                    deliveryTag: method.delivery_tag, isRedelivered: method.redelivered != 0,
                    exchange: self.shortString(method.exchange), routingKey: self.shortString(method.routing_key),
                    messageCount: method.message_count))
        case Int(AMQP_BASIC_GET_EMPTY_METHOD): return .basicGetEmpty
        case Int(AMQP_BASIC_QOS_OK_METHOD): return .basicQosOK
        case Int(AMQP_BASIC_CONSUME_OK_METHOD):
            let method = decoded.assumingMemoryBound(to: amqp_basic_consume_ok_t.self).pointee
            return .basicConsumeOK(consumerTag: self.shortString(method.consumer_tag))
        case Int(AMQP_BASIC_CANCEL_METHOD):
            let method = decoded.assumingMemoryBound(to: amqp_basic_cancel_t.self).pointee
            return .basicCancel(consumerTag: self.shortString(method.consumer_tag))
        case Int(AMQP_BASIC_CANCEL_OK_METHOD):
            let method = decoded.assumingMemoryBound(to: amqp_basic_cancel_ok_t.self).pointee
            return .basicCancelOK(consumerTag: self.shortString(method.consumer_tag))
        default: return .basicRecoverOK
        }
    }

    private func connectionMethod(_ number: UInt32, _ decoded: UnsafeMutableRawPointer) -> ServerMethod {
        switch Int(number) {
        case Int(AMQP_CONNECTION_START_METHOD):
            let method = decoded.assumingMemoryBound(to: amqp_connection_start_t.self).pointee
            return .connectionStart(
                .init(
                    versionMajor: method.version_major, versionMinor: method.version_minor,
                    serverProperties: self.table(method.server_properties),
                    mechanisms: self.string(method.mechanisms)))
        case Int(AMQP_CONNECTION_SECURE_METHOD):
            let method = decoded.assumingMemoryBound(to: amqp_connection_secure_t.self).pointee
            return .connectionSecure(challenge: self.slice(method.challenge))
        case Int(AMQP_CONNECTION_TUNE_METHOD):
            let method = decoded.assumingMemoryBound(to: amqp_connection_tune_t.self).pointee
            return .connectionTune(
                channelMax: method.channel_max, frameMax: method.frame_max, heartbeat: method.heartbeat)
        case Int(AMQP_CONNECTION_CLOSE_METHOD):
            let method = decoded.assumingMemoryBound(to: amqp_connection_close_t.self).pointee
            return .connectionClose(
                .init(
                    replyCode: method.reply_code, replyText: self.string(method.reply_text),
                    classID: method.class_id, methodID: method.method_id))
        case Int(AMQP_CONNECTION_BLOCKED_METHOD):
            let method = decoded.assumingMemoryBound(to: amqp_connection_blocked_t.self).pointee
            return .connectionBlocked(reason: self.string(method.reason))
        case Int(AMQP_CONNECTION_UNBLOCKED_METHOD): return .connectionUnblocked
        case Int(AMQP_CONNECTION_CLOSE_OK_METHOD): return .connectionCloseOK
        default: return .connectionOpenOK
        }
    }

    private func queueMethod(_ number: UInt32, _ decoded: UnsafeMutableRawPointer) -> ServerMethod {
        switch Int(number) {
        case Int(AMQP_QUEUE_DECLARE_OK_METHOD):
            let method = decoded.assumingMemoryBound(to: amqp_queue_declare_ok_t.self).pointee
            return .queueDeclareOK(
                .init(
                    queue: self.shortString(method.queue), messageCount: method.message_count,
                    consumerCount: method.consumer_count))
        case Int(AMQP_QUEUE_PURGE_OK_METHOD):
            let method = decoded.assumingMemoryBound(to: amqp_queue_purge_ok_t.self).pointee
            return .queuePurgeOK(messageCount: method.message_count)
        case Int(AMQP_QUEUE_DELETE_OK_METHOD):
            let method = decoded.assumingMemoryBound(to: amqp_queue_delete_ok_t.self).pointee
            return .queueDeleteOK(messageCount: method.message_count)
        case Int(AMQP_QUEUE_BIND_OK_METHOD): return .queueBindOK
        default: return .queueUnbindOK
        }
    }

    private func channelExchangeOrConfirmMethod(
        _ number: UInt32, _ decoded: UnsafeMutableRawPointer
    ) -> ServerMethod {
        switch Int(number) {
        case Int(AMQP_CHANNEL_OPEN_OK_METHOD): return .channelOpenOK
        case Int(AMQP_CHANNEL_FLOW_METHOD):
            let method = decoded.assumingMemoryBound(to: amqp_channel_flow_t.self).pointee
            return .channelFlow(active: method.active != 0)
        case Int(AMQP_CHANNEL_CLOSE_METHOD):
            let method = decoded.assumingMemoryBound(to: amqp_channel_close_t.self).pointee
            return .channelClose(
                .init(
                    replyCode: method.reply_code, replyText: self.string(method.reply_text),
                    classID: method.class_id, methodID: method.method_id))
        case Int(AMQP_CHANNEL_CLOSE_OK_METHOD): return .channelCloseOK
        case Int(AMQP_EXCHANGE_DECLARE_OK_METHOD): return .exchangeDeclareOK
        case Int(AMQP_EXCHANGE_DELETE_OK_METHOD): return .exchangeDeleteOK
        case Int(AMQP_EXCHANGE_BIND_OK_METHOD): return .exchangeBindOK
        case Int(AMQP_EXCHANGE_UNBIND_OK_METHOD): return .exchangeUnbindOK
        default: return .confirmSelectOK
        }
    }
}
