import CRabbitMQ
import NIOCore

extension RabbitPool {
    /// Puts a value into the pool, where librabbitmq can be pointed at it.
    private func box<Value>(_ value: Value) throws(AMQPError) -> UnsafeMutableRawPointer {
        guard let pointer = self.allocate(1, of: Value.self) else { throw .outOfMemory() }
        pointer.initialize(to: value)
        return UnsafeMutableRawPointer(pointer)
    }

    private func flag(_ value: Bool) -> amqp_boolean_t { value ? 1 : 0 }

    /// The number of a method, and its arguments as librabbitmq encodes them.
    func arguments(of method: ClientMethod) throws(AMQPError) -> (number: UInt32, UnsafeMutableRawPointer) {
        switch method {
        case .connectionStartOK, .connectionSecureOK, .connectionTuneOK, .connectionOpen, .connectionClose,
            .connectionCloseOK:
            try self.connectionArguments(method)
        case .channelOpen, .channelFlowOK, .channelClose, .channelCloseOK, .confirmSelect:
            try self.channelArguments(method)
        case .exchangeDeclare, .exchangeDelete, .exchangeBind, .exchangeUnbind:
            try self.exchangeArguments(method)
        case .queueDeclare, .queueBind, .queueUnbind, .queuePurge, .queueDelete:
            try self.queueArguments(method)
        case .basicQos, .basicConsume, .basicCancel, .basicCancelOK, .basicGet, .basicRecover:
            try self.basicArguments(method)
        }
    }

    private func connectionArguments(
        _ method: ClientMethod
    ) throws(AMQPError) -> (number: UInt32, UnsafeMutableRawPointer) {
        switch method {
        case .connectionStartOK(let properties, let mechanism, let response):
            let arguments = amqp_connection_start_ok_t(
                client_properties: try self.table(properties),
                mechanism: try self.shortString(mechanism, "the mechanism's name"),
                response: try self.bytes(response), locale: try self.bytes("en_US"))
            return (UInt32(AMQP_CONNECTION_START_OK_METHOD), try self.box(arguments))
        case .connectionSecureOK(let response):
            return (
                UInt32(AMQP_CONNECTION_SECURE_OK_METHOD),
                try self.box(amqp_connection_secure_ok_t(response: try self.bytes(response)))
            )
        case .connectionTuneOK(let channelMax, let frameMax, let heartbeat):
            let arguments = amqp_connection_tune_ok_t(
                channel_max: channelMax, frame_max: frameMax, heartbeat: heartbeat)
            return (UInt32(AMQP_CONNECTION_TUNE_OK_METHOD), try self.box(arguments))
        case .connectionOpen(let virtualHost):
            let arguments = amqp_connection_open_t(
                virtual_host: try self.shortString(virtualHost, "the virtual host's name"),
                capabilities: amqp_bytes_t(len: 0, bytes: nil), insist: 0)
            return (UInt32(AMQP_CONNECTION_OPEN_METHOD), try self.box(arguments))
        case .connectionClose(let replyCode, let replyText):
            let arguments = amqp_connection_close_t(
                reply_code: replyCode, reply_text: try self.shortString(replyText, "the reply text"), class_id: 0,
                method_id: 0)
            return (UInt32(AMQP_CONNECTION_CLOSE_METHOD), try self.box(arguments))
        default:
            return (UInt32(AMQP_CONNECTION_CLOSE_OK_METHOD), try self.box(amqp_connection_close_ok_t()))
        }
    }

    private func channelArguments(
        _ method: ClientMethod
    ) throws(AMQPError) -> (number: UInt32, UnsafeMutableRawPointer) {
        switch method {
        case .channelOpen:
            let arguments = amqp_channel_open_t(out_of_band: amqp_bytes_t(len: 0, bytes: nil))
            return (UInt32(AMQP_CHANNEL_OPEN_METHOD), try self.box(arguments))
        case .channelFlowOK(let active):
            return (UInt32(AMQP_CHANNEL_FLOW_OK_METHOD), try self.box(amqp_channel_flow_ok_t(active: self.flag(active))))
        case .channelClose(let replyCode, let replyText):
            let arguments = amqp_channel_close_t(
                reply_code: replyCode, reply_text: try self.shortString(replyText, "the reply text"), class_id: 0,
                method_id: 0)
            return (UInt32(AMQP_CHANNEL_CLOSE_METHOD), try self.box(arguments))
        case .confirmSelect:
            return (UInt32(AMQP_CONFIRM_SELECT_METHOD), try self.box(amqp_confirm_select_t(nowait: 0)))
        default:
            return (UInt32(AMQP_CHANNEL_CLOSE_OK_METHOD), try self.box(amqp_channel_close_ok_t()))
        }
    }

    private func exchangeArguments(
        _ method: ClientMethod
    ) throws(AMQPError) -> (number: UInt32, UnsafeMutableRawPointer) {
        switch method {
        case .exchangeDeclare(let exchange, let passive):
            let arguments = amqp_exchange_declare_t(
                ticket: 0, exchange: try self.shortString(exchange.name, "the exchange's name"),
                type: try self.shortString(exchange.type, "the exchange's type"), passive: self.flag(passive),
                durable: self.flag(exchange.isDurable), auto_delete: self.flag(exchange.isAutoDelete),
                internal: self.flag(exchange.isInternal), nowait: 0, arguments: try self.table(exchange.arguments))
            return (UInt32(AMQP_EXCHANGE_DECLARE_METHOD), try self.box(arguments))
        case .exchangeBind(let binding):
            let arguments = amqp_exchange_bind_t(
                ticket: 0, destination: try self.shortString(binding.destination, "the destination's name"),
                source: try self.shortString(binding.source, "the source's name"),
                routing_key: try self.shortString(binding.routingKey, "the routing key"), nowait: 0,
                arguments: try self.table(binding.arguments))
            return (UInt32(AMQP_EXCHANGE_BIND_METHOD), try self.box(arguments))
        case .exchangeUnbind(let binding):
            let arguments = amqp_exchange_unbind_t(
                ticket: 0, destination: try self.shortString(binding.destination, "the destination's name"),
                source: try self.shortString(binding.source, "the source's name"),
                routing_key: try self.shortString(binding.routingKey, "the routing key"), nowait: 0,
                arguments: try self.table(binding.arguments))
            return (UInt32(AMQP_EXCHANGE_UNBIND_METHOD), try self.box(arguments))
        case .exchangeDelete(let exchange, let ifUnused):
            let arguments = amqp_exchange_delete_t(
                ticket: 0, exchange: try self.shortString(exchange, "the exchange's name"),
                if_unused: self.flag(ifUnused), nowait: 0)
            return (UInt32(AMQP_EXCHANGE_DELETE_METHOD), try self.box(arguments))
        default: throw AMQPError(.invalidArgument, "not a method of class exchange")
        }
    }

    private func queueArguments(
        _ method: ClientMethod
    ) throws(AMQPError) -> (number: UInt32, UnsafeMutableRawPointer) {
        switch method {
        case .queueDeclare(let queue, let passive):
            let arguments = amqp_queue_declare_t(
                ticket: 0, queue: try self.shortString(queue.name, "the queue's name"), passive: self.flag(passive),
                durable: self.flag(queue.isDurable), exclusive: self.flag(queue.isExclusive),
                auto_delete: self.flag(queue.isAutoDelete), nowait: 0, arguments: try self.table(queue.arguments))
            return (UInt32(AMQP_QUEUE_DECLARE_METHOD), try self.box(arguments))
        case .queueBind(let binding):
            let arguments = amqp_queue_bind_t(
                ticket: 0, queue: try self.shortString(binding.queue, "the queue's name"),
                exchange: try self.shortString(binding.exchange, "the exchange's name"),
                routing_key: try self.shortString(binding.routingKey, "the routing key"), nowait: 0,
                arguments: try self.table(binding.arguments))
            return (UInt32(AMQP_QUEUE_BIND_METHOD), try self.box(arguments))
        case .queueUnbind(let binding):
            let arguments = amqp_queue_unbind_t(
                ticket: 0, queue: try self.shortString(binding.queue, "the queue's name"),
                exchange: try self.shortString(binding.exchange, "the exchange's name"),
                routing_key: try self.shortString(binding.routingKey, "the routing key"),
                arguments: try self.table(binding.arguments))
            return (UInt32(AMQP_QUEUE_UNBIND_METHOD), try self.box(arguments))
        case .queuePurge(let queue):
            let arguments = amqp_queue_purge_t(
                ticket: 0, queue: try self.shortString(queue, "the queue's name"), nowait: 0)
            return (UInt32(AMQP_QUEUE_PURGE_METHOD), try self.box(arguments))
        case .queueDelete(let queue, let ifUnused, let ifEmpty):
            let arguments = amqp_queue_delete_t(
                ticket: 0, queue: try self.shortString(queue, "the queue's name"), if_unused: self.flag(ifUnused),
                if_empty: self.flag(ifEmpty), nowait: 0)
            return (UInt32(AMQP_QUEUE_DELETE_METHOD), try self.box(arguments))
        default: throw AMQPError(.invalidArgument, "not a method of class queue")
        }
    }

    private func basicArguments(
        _ method: ClientMethod
    ) throws(AMQPError) -> (number: UInt32, UnsafeMutableRawPointer) {
        switch method {
        case .basicQos(let prefetchCount, let isGlobal):
            let arguments = amqp_basic_qos_t(
                prefetch_size: 0, prefetch_count: prefetchCount, global: self.flag(isGlobal))
            return (UInt32(AMQP_BASIC_QOS_METHOD), try self.box(arguments))
        case .basicConsume(let consumption):
            let arguments = amqp_basic_consume_t(
                ticket: 0, queue: try self.shortString(consumption.queue, "the queue's name"),
                consumer_tag: try self.shortString(consumption.consumerTag, "the consumer tag"), no_local: 0,
                no_ack: self.flag(consumption.noAck), exclusive: self.flag(consumption.isExclusive), nowait: 0,
                arguments: try self.table(consumption.arguments))
            return (UInt32(AMQP_BASIC_CONSUME_METHOD), try self.box(arguments))
        case .basicCancel(let consumerTag):
            let arguments = amqp_basic_cancel_t(
                consumer_tag: try self.shortString(consumerTag, "the consumer tag"), nowait: 0)
            return (UInt32(AMQP_BASIC_CANCEL_METHOD), try self.box(arguments))
        case .basicCancelOK(let consumerTag):
            let arguments = amqp_basic_cancel_ok_t(
                consumer_tag: try self.shortString(consumerTag, "the consumer tag"))
            return (UInt32(AMQP_BASIC_CANCEL_OK_METHOD), try self.box(arguments))
        case .basicGet(let queue, let noAck):
            let arguments = amqp_basic_get_t(
                ticket: 0, queue: try self.shortString(queue, "the queue's name"), no_ack: self.flag(noAck))
            return (UInt32(AMQP_BASIC_GET_METHOD), try self.box(arguments))
        case .basicRecover(let requeue):
            return (
                UInt32(AMQP_BASIC_RECOVER_METHOD), try self.box(amqp_basic_recover_t(requeue: self.flag(requeue)))
            )
        default: throw AMQPError(.invalidArgument, "not a method of class basic")
        }
    }
}
