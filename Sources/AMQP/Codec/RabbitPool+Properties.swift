import CRabbitMQ
import NIOCore

extension RabbitPool {
    /// Properties in librabbitmq's form, with the flags of those that are set.
    func properties(_ source: AMQPProperties) throws(AMQPError) -> amqp_basic_properties_t {
        try self.properties(source.fields)
    }

    private func properties(_ source: borrowing AMQPProperties.Fields) throws(AMQPError) -> amqp_basic_properties_t {
        var result = amqp_basic_properties_t()
        var flags: Int = 0
        func set(
            _ value: AMQPShortString?, _ field: inout amqp_bytes_t,
            _ flag: some BinaryInteger, _ what: StaticString
        ) throws(AMQPError) {
            guard let value else { return }
            field = try self.shortString(value, what)
            flags |= Int(flag)
        }
        try set(source.contentType, &result.content_type, AMQP_BASIC_CONTENT_TYPE_FLAG, "content-type")
        try set(source.contentEncoding, &result.content_encoding, AMQP_BASIC_CONTENT_ENCODING_FLAG, "content-encoding")
        if let headers = source.headers {
            result.headers = try self.table(headers)
            flags |= Int(AMQP_BASIC_HEADERS_FLAG)
        }
        if let deliveryMode = source.deliveryMode {
            result.delivery_mode = deliveryMode
            flags |= Int(AMQP_BASIC_DELIVERY_MODE_FLAG)
        }
        if let priority = source.priority {
            result.priority = priority
            flags |= Int(AMQP_BASIC_PRIORITY_FLAG)
        }
        try set(source.correlationID, &result.correlation_id, AMQP_BASIC_CORRELATION_ID_FLAG, "correlation-id")
        try set(source.replyTo, &result.reply_to, AMQP_BASIC_REPLY_TO_FLAG, "reply-to")
        try set(source.expiration, &result.expiration, AMQP_BASIC_EXPIRATION_FLAG, "expiration")
        try set(source.messageID, &result.message_id, AMQP_BASIC_MESSAGE_ID_FLAG, "message-id")
        if let timestamp = source.timestamp {
            result.timestamp = timestamp
            flags |= Int(AMQP_BASIC_TIMESTAMP_FLAG)
        }
        try set(source.type, &result.type, AMQP_BASIC_TYPE_FLAG, "type")
        try set(source.userID, &result.user_id, AMQP_BASIC_USER_ID_FLAG, "user-id")
        try set(source.appID, &result.app_id, AMQP_BASIC_APP_ID_FLAG, "app-id")
        try set(source.clusterID, &result.cluster_id, AMQP_BASIC_CLUSTER_ID_FLAG, "cluster-id")
        result._flags = amqp_flags_t(flags)
        return result
    }
}
