import CRabbitMQ
package import NIOCore

/// Decodes the payloads of method and header frames with librabbitmq.
///
/// Only what ``TableScanner`` has passed reaches librabbitmq's table decoder, which recurses: a message with a header
/// table nested 25 000 deep overflows the stack otherwise (verified on 0.11).
package final class RabbitDecoder {
    private let pool = RabbitPool()

    package init() {}

    /// Decodes a method frame's payload.
    ///
    /// - Throws: ``ProtocolViolation`` for what is malformed, or is no method that a broker sends.
    package func method(_ payload: ByteBuffer) throws(ProtocolViolation) -> ServerMethod {
        guard let number = payload.getInteger(at: payload.readerIndex, as: UInt32.self) else {
            throw ProtocolViolation(.frameError, "a method frame without a method")
        }
        let arguments = payload.readerIndex + 4
        if Int(number) == Int(AMQP_CONNECTION_START_METHOD) {
            // version-major, version-minor, then the table.
            try self.scanTable(in: payload, at: arguments + 2)
        }
        guard Self.isServerMethod(number) else {
            throw ProtocolViolation(.commandInvalid, "method \(number >> 16).\(number & 0xFFFF) came from the broker")
        }
        defer { self.pool.recycle() }
        let result = payload.withUnsafeReadableBytes { bytes -> Result<ServerMethod, ProtocolViolation> in
            var decoded: UnsafeMutableRawPointer?
            let encoded = Self.tail(of: bytes, from: 4)
            let status = amqp_decode_method(number, self.pool.pointer, encoded, &decoded)
            guard status == AMQP_STATUS_OK.rawValue, let decoded else {
                return .failure(Self.malformed("method \(number >> 16).\(number & 0xFFFF)", status))
            }
            let view = RabbitView(frame: payload, base: bytes.baseAddress)
            return .success(view.serverMethod(number, decoded))
        }
        return try result.get()
    }

    /// Decodes a header frame's payload: the body's size and the properties.
    ///
    /// - Throws: ``ProtocolViolation`` for what is malformed or of another class than basic.
    package func header(_ payload: ByteBuffer) throws(ProtocolViolation) -> (bodyByteCount: UInt64, AMQPProperties) {
        let start = payload.readerIndex
        guard
            let classID = payload.getInteger(at: start, as: UInt16.self),
            let bodyByteCount = payload.getInteger(at: start + 4, as: UInt64.self),
            let flags = payload.getInteger(at: start + 12, as: UInt16.self)
        else { throw ProtocolViolation(.frameError, "a content header that is cut short") }
        guard classID == UInt16(AMQP_BASIC_CLASS), flags & 1 == 0 else {
            throw ProtocolViolation(.frameError, "a content header of class \(classID) with flags \(flags)")
        }
        if flags == 0 { return (bodyByteCount, AMQPProperties()) }
        guard let refusal = try self.scanHeaders(in: payload, flags: flags) else {
            return (bodyByteCount, try self.properties(payload))
        }
        // Whoever may publish can send such a table, and a connection that ended for it would get the message again and
        // again: so the message is passed on without its headers, and says why.
        let rest = Self.withoutHeaders(payload, table: refusal.table, flags: flags)
        var properties = try self.properties(rest)
        properties.headersRefusal = "\(refusal.violation)"
        return (bodyByteCount, properties)
    }

    private func properties(_ payload: ByteBuffer) throws(ProtocolViolation) -> AMQPProperties {
        defer { self.pool.recycle() }
        let result = payload.withUnsafeReadableBytes { bytes -> Result<AMQPProperties, ProtocolViolation> in
            var decoded: UnsafeMutableRawPointer?
            let encoded = Self.tail(of: bytes, from: 12)
            let status = amqp_decode_properties(UInt16(AMQP_BASIC_CLASS), self.pool.pointer, encoded, &decoded)
            guard status == AMQP_STATUS_OK.rawValue, let decoded else {
                return .failure(Self.malformed("content header", status))
            }
            let view = RabbitView(frame: payload, base: bytes.baseAddress)
            return .success(view.properties(decoded.assumingMemoryBound(to: amqp_basic_properties_t.self).pointee))
        }
        return try result.get()
    }

    /// Finds the header table behind content-type and content-encoding, which come before it, and scans it.
    ///
    /// - Returns: where the table is and what is wrong with it; `nil` when it may be decoded.
    private func scanHeaders(
        in payload: ByteBuffer, flags: UInt16
    ) throws(ProtocolViolation) -> (table: Range<Int>, violation: TableScanner.Violation)? {
        guard Int(flags) & Int(AMQP_BASIC_HEADERS_FLAG) != 0 else { return nil }
        var index = payload.readerIndex + 14
        for flag in [AMQP_BASIC_CONTENT_TYPE_FLAG, AMQP_BASIC_CONTENT_ENCODING_FLAG]
        where Int(flags) & Int(flag) != 0 {
            guard let count = payload.getInteger(at: index, as: UInt8.self) else {
                throw ProtocolViolation(.frameError, "a content header that is cut short")
            }
            index += 1 + Int(count)
        }
        guard let violation = self.violation(ofTableIn: payload, at: index) else { return nil }
        guard let byteCount = payload.getInteger(at: index, as: UInt32.self),
            index + 4 + Int(byteCount) <= payload.writerIndex
        else { throw ProtocolViolation(.syntaxError, "a header table that is longer than its frame") }
        return (index..<index + 4 + Int(byteCount), violation)
    }

    /// The payload of a content header with its header table cut out.
    private static func withoutHeaders(_ payload: ByteBuffer, table: Range<Int>, flags: UInt16) -> ByteBuffer {
        var rest = ByteBuffer()
        rest.writeBytes(payload.readableBytesView[..<table.lowerBound])
        rest.writeBytes(payload.readableBytesView[table.upperBound...])
        rest.setInteger(flags & ~UInt16(AMQP_BASIC_HEADERS_FLAG), at: 12)
        return rest
    }

    private func scanTable(in payload: ByteBuffer, at index: Int) throws(ProtocolViolation) {
        if let violation = self.violation(ofTableIn: payload, at: index) {
            throw ProtocolViolation(.syntaxError, "a table that is refused: \(violation)")
        }
    }

    private func violation(ofTableIn payload: ByteBuffer, at index: Int) -> TableScanner.Violation? {
        let offset = index - payload.readerIndex
        return payload.withUnsafeReadableBytes { bytes -> TableScanner.Violation? in
            do throws(TableScanner.Violation) {
                _ = try TableScanner.scan(bytes, at: offset)
                return nil
            } catch {
                return error
            }
        }
    }

    private static func tail(of bytes: UnsafeRawBufferPointer, from offset: Int) -> amqp_bytes_t {
        // The codec only reads; its struct has one pointer type for both directions.
        amqp_bytes_t(
            len: bytes.count - offset, bytes: UnsafeMutableRawPointer(mutating: bytes.baseAddress.map { $0 + offset }))
    }

    private static func malformed(_ what: String, _ status: Int32) -> ProtocolViolation {
        ProtocolViolation(.syntaxError, "a malformed \(what): \(String(cString: amqp_error_string2(status)))")
    }
}
