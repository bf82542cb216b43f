import CRabbitMQ
import NIOCore

extension RabbitPool {
    /// A table in librabbitmq's form. Everything it points to dies with the next ``recycle()``.
    ///
    /// - Throws: `invalidArgument` for a key over 255 bytes, which librabbitmq would cut in silence, and for nesting
    ///   over ``TableScanner/maximumDepth``, which we would refuse ourselves when it came back.
    func table(_ table: AMQPTable, depth: Int = 1) throws(AMQPError) -> amqp_table_t {
        guard depth <= TableScanner.maximumDepth else { throw .nestedTooDeep() }
        guard !table.isEmpty else { return amqp_table_t(num_entries: 0, entries: nil) }
        guard let entries = self.allocate(table.count, of: amqp_table_entry_t.self) else { throw .outOfMemory() }
        var index = 0
        for entry in table.entries {
            let key = try self.shortString(entry.key, "a table key")
            let value = try self.fieldValue(entry.value, depth: depth)
            (entries + index).initialize(to: amqp_table_entry_t(key: key, value: value))
            index += 1
        }
        return amqp_table_t(num_entries: Int32(table.count), entries: entries)
    }

    private func array(_ values: [AMQPValue], depth: Int) throws(AMQPError) -> amqp_array_t {
        guard depth <= TableScanner.maximumDepth else { throw .nestedTooDeep() }
        guard !values.isEmpty else { return amqp_array_t(num_entries: 0, entries: nil) }
        guard let entries = self.allocate(values.count, of: amqp_field_value_t.self) else { throw .outOfMemory() }
        for (index, value) in values.enumerated() {
            (entries + index).initialize(to: try self.fieldValue(value, depth: depth))
        }
        return amqp_array_t(num_entries: Int32(values.count), entries: entries)
    }

    private func fieldValue(_ value: AMQPValue, depth: Int) throws(AMQPError) -> amqp_field_value_t {
        var field = amqp_field_value_t()
        func kind(_ kind: amqp_field_value_kind_t) { field.kind = UInt8(kind.rawValue) }
        switch value {
        case .bool(let value):
            kind(AMQP_FIELD_KIND_BOOLEAN)
            field.value.boolean = value ? 1 : 0
        case .int8(let value):
            kind(AMQP_FIELD_KIND_I8)
            field.value.i8 = value
        case .uint8(let value):
            kind(AMQP_FIELD_KIND_U8)
            field.value.u8 = value
        case .int16(let value):
            kind(AMQP_FIELD_KIND_I16)
            field.value.i16 = value
        case .uint16(let value):
            kind(AMQP_FIELD_KIND_U16)
            field.value.u16 = value
        case .int32(let value):
            kind(AMQP_FIELD_KIND_I32)
            field.value.i32 = value
        case .uint32(let value):
            kind(AMQP_FIELD_KIND_U32)
            field.value.u32 = value
        case .int64(let value):
            kind(AMQP_FIELD_KIND_I64)
            field.value.i64 = value
        case .uint64(let value):
            kind(AMQP_FIELD_KIND_U64)
            field.value.u64 = value
        case .float(let value):
            kind(AMQP_FIELD_KIND_F32)
            field.value.f32 = value
        case .double(let value):
            kind(AMQP_FIELD_KIND_F64)
            field.value.f64 = value
        case .decimal(let scale, let unscaled):
            kind(AMQP_FIELD_KIND_DECIMAL)
            field.value.decimal = amqp_decimal_t(decimals: scale, value: unscaled)
        case .longString(let bytes):
            kind(AMQP_FIELD_KIND_UTF8)
            field.value.bytes = try self.bytes(bytes)
        case .bytes(let bytes):
            kind(AMQP_FIELD_KIND_BYTES)
            field.value.bytes = try self.bytes(bytes)
        case .array(let values):
            kind(AMQP_FIELD_KIND_ARRAY)
            field.value.array = try self.array(values, depth: depth + 1)
        case .timestamp(let value):
            kind(AMQP_FIELD_KIND_TIMESTAMP)
            field.value.u64 = value
        case .table(let table):
            kind(AMQP_FIELD_KIND_TABLE)
            field.value.table = try self.table(table, depth: depth + 1)
        case .null:
            kind(AMQP_FIELD_KIND_VOID)
        }
        return field
    }
}

extension AMQPError {
    static func nestedTooDeep() -> AMQPError {
        AMQPError(.invalidArgument, "a table is nested deeper than \(TableScanner.maximumDepth) levels")
    }
}
