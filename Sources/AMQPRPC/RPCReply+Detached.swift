import AMQP
import NIOCore

// A reply that is kept must not keep more than itself: what a handler passes on from its request are slices of everything
// that was read with it.
extension RPCReply {
    /// The same with bytes of its own, and about how many they are.
    func detached() -> (reply: RPCReply, byteCount: Int) {
        var byteCount = Self.fixedByteCount
        func copy(_ text: AMQPShortString?) -> AMQPShortString? {
            text.map { AMQPShortString(bytes: Self.copy($0.bytes, &byteCount)) }
        }
        var properties = self.properties
        properties.contentType = copy(properties.contentType)
        properties.contentEncoding = copy(properties.contentEncoding)
        properties.expiration = copy(properties.expiration)
        properties.messageID = copy(properties.messageID)
        properties.type = copy(properties.type)
        properties.userID = copy(properties.userID)
        properties.appID = copy(properties.appID)
        properties.clusterID = copy(properties.clusterID)
        // Each caller has its own.
        properties.correlationID = nil
        properties.replyTo = nil
        properties.headers = properties.headers.map { Self.copy($0, &byteCount) }
        return (RPCReply(properties: properties, body: Self.copy(self.body, &byteCount)), byteCount)
    }

    /// What the fields and the bookkeeping take, however little is in them.
    private static var fixedByteCount: Int { 512 }

    private static func copy(_ bytes: ByteBuffer, _ byteCount: inout Int) -> ByteBuffer {
        byteCount += bytes.readableBytes
        return ByteBuffer(bytes: bytes.readableBytesView)
    }

    private static func copy(_ table: AMQPTable, _ byteCount: inout Int) -> AMQPTable {
        AMQPTable(
            entries: table.entries.map { entry in
                byteCount += entry.key.utf8.count + MemoryLayout<AMQPTable.Entry>.stride
                return AMQPTable.Entry(key: entry.key, value: Self.copy(entry.value, &byteCount))
            })
    }

    private static func copy(_ value: AMQPValue, _ byteCount: inout Int) -> AMQPValue {
        switch value {
        case .longString(let bytes): return .longString(Self.copy(bytes, &byteCount))
        case .bytes(let bytes): return .bytes(Self.copy(bytes, &byteCount))
        case .table(let table): return .table(Self.copy(table, &byteCount))
        case .array(let values):
            byteCount += values.count * MemoryLayout<AMQPValue>.stride
            return .array(values.map { Self.copy($0, &byteCount) })
        default: return value
        }
    }
}
