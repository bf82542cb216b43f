import CRabbitMQ
import NIOCore

/// Turns librabbitmq's structs, which point into a frame, into values that own what they hold.
///
/// Strings become slices of the frame (no copy). A view lives only inside the decoder's closure.
struct RabbitView {
    let frame: ByteBuffer
    let base: UnsafeRawPointer?

    /// The slice of the frame that `bytes` points to.
    func slice(_ bytes: amqp_bytes_t) -> ByteBuffer {
        guard bytes.len > 0, let start = bytes.bytes, let base else { return ByteBuffer() }
        let offset = UnsafeRawPointer(start) - base
        return self.frame.getSlice(at: self.frame.readerIndex + offset, length: bytes.len) ?? ByteBuffer()
    }

    func shortString(_ bytes: amqp_bytes_t) -> AMQPShortString {
        AMQPShortString(bytes: self.slice(bytes))
    }

    func string(_ bytes: amqp_bytes_t) -> String {
        String(buffer: self.slice(bytes))
    }

    /// Properties; only those whose flag is set.
    func properties(_ source: amqp_basic_properties_t) -> AMQPProperties {
        let flags = Int(source._flags)
        func has(_ flag: some BinaryInteger) -> Bool { flags & Int(flag) != 0 }
        return AMQPProperties { fields in
            if has(AMQP_BASIC_CONTENT_TYPE_FLAG) { fields.contentType = self.shortString(source.content_type) }
            if has(AMQP_BASIC_CONTENT_ENCODING_FLAG) {
                fields.contentEncoding = self.shortString(source.content_encoding)
            }
            if has(AMQP_BASIC_HEADERS_FLAG) { fields.headers = self.table(source.headers) }
            if has(AMQP_BASIC_DELIVERY_MODE_FLAG) { fields.deliveryMode = source.delivery_mode }
            if has(AMQP_BASIC_PRIORITY_FLAG) { fields.priority = source.priority }
            if has(AMQP_BASIC_CORRELATION_ID_FLAG) { fields.correlationID = self.shortString(source.correlation_id) }
            if has(AMQP_BASIC_REPLY_TO_FLAG) { fields.replyTo = self.shortString(source.reply_to) }
            if has(AMQP_BASIC_EXPIRATION_FLAG) { fields.expiration = self.shortString(source.expiration) }
            if has(AMQP_BASIC_MESSAGE_ID_FLAG) { fields.messageID = self.shortString(source.message_id) }
            if has(AMQP_BASIC_TIMESTAMP_FLAG) { fields.timestamp = source.timestamp }
            if has(AMQP_BASIC_TYPE_FLAG) { fields.type = self.shortString(source.type) }
            if has(AMQP_BASIC_USER_ID_FLAG) { fields.userID = self.shortString(source.user_id) }
            if has(AMQP_BASIC_APP_ID_FLAG) { fields.appID = self.shortString(source.app_id) }
            if has(AMQP_BASIC_CLUSTER_ID_FLAG) { fields.clusterID = self.shortString(source.cluster_id) }
        }
    }
}

// MARK: - Tables

extension RabbitView {
    /// A table. Recursion is bounded: the scanner has refused what is nested too deep.
    func table(_ source: amqp_table_t) -> AMQPTable {
        var table = AMQPTable()
        for entry in UnsafeBufferPointer(start: source.entries, count: Int(source.num_entries)) {
            table.entries.append(.init(key: self.string(entry.key), value: self.value(entry.value)))
        }
        return table
    }

    private func array(_ source: amqp_array_t) -> [AMQPValue] {
        UnsafeBufferPointer(start: source.entries, count: Int(source.num_entries)).map { self.value($0) }
    }

    private func value(_ source: amqp_field_value_t) -> AMQPValue {
        switch amqp_field_value_kind_t(rawValue: UInt32(source.kind)) {
        case AMQP_FIELD_KIND_BOOLEAN: .bool(source.value.boolean != 0)
        case AMQP_FIELD_KIND_I8: .int8(source.value.i8)
        case AMQP_FIELD_KIND_U8: .uint8(source.value.u8)
        case AMQP_FIELD_KIND_I16: .int16(source.value.i16)
        case AMQP_FIELD_KIND_U16: .uint16(source.value.u16)
        case AMQP_FIELD_KIND_I32: .int32(source.value.i32)
        case AMQP_FIELD_KIND_U32: .uint32(source.value.u32)
        case AMQP_FIELD_KIND_I64: .int64(source.value.i64)
        case AMQP_FIELD_KIND_U64: .uint64(source.value.u64)
        case AMQP_FIELD_KIND_F32: .float(source.value.f32)
        case AMQP_FIELD_KIND_F64: .double(source.value.f64)
        case AMQP_FIELD_KIND_DECIMAL:
            .decimal(scale: source.value.decimal.decimals, unscaled: source.value.decimal.value)
        case AMQP_FIELD_KIND_UTF8: .longString(self.slice(source.value.bytes))
        case AMQP_FIELD_KIND_BYTES: .bytes(self.slice(source.value.bytes))
        case AMQP_FIELD_KIND_ARRAY: .array(self.array(source.value.array))
        case AMQP_FIELD_KIND_TIMESTAMP: .timestamp(source.value.u64)
        case AMQP_FIELD_KIND_TABLE: .table(self.table(source.value.table))
        default: .null
        }
    }
}
