import NIOCore
import TestSupport

@testable import AMQP

/// What a broker sends, down to decoded methods and properties: `FrameSplitter`, `TableScanner`, `RabbitDecoder`.
///
/// The same comes out whatever pieces the bytes come in, and what was decoded is the same when it is encoded again.
enum AMQPFrameTarget: FuzzTarget {
    static let name = "amqp-frames"

    static var seeds: [[UInt8]] {
        AMQPSeeds.frames.map { [7] + $0.bytes } + [[3] + AMQPSeeds.frames.flatMap(\.bytes)]
    }

    static func run(_ input: FuzzInput) {
        var input = input
        let seed = input.byte()
        let bytes = input.all()
        let whole = self.read(FuzzSplit(bytes: bytes, seed: nil))
        let pieces = self.read(FuzzSplit(bytes: bytes, seed: seed))
        check(whole == pieces, "in one piece: \(whole)\nin pieces: \(pieces)")
    }

    static func mutate(_ input: [UInt8], limit: Int, _ random: inout FuzzRandom) -> [UInt8]? {
        AMQPMutation.mutate(input, headByteCount: 1, limit: limit, &random)
    }

    /// Tables and properties as they are encoded: numbers that are none (NaN) equal nothing, not even themselves.
    private enum Item: Equatable {
        case start(ServerMethod, table: [UInt8])
        case method(ServerMethod)
        case header(UInt64, encoded: [UInt8])
        case body(ByteBuffer)
        case heartbeat
        case violation(ProtocolViolation)
    }

    private static func read(_ pieces: FuzzSplit) -> [Item] {
        var splitter = FrameSplitter(maxFrameByteCount: 131_072)
        let decoder = RabbitDecoder()
        var unread = ByteBuffer()
        var items: [Item] = []
        for piece in pieces {
            unread.writeImmutableBuffer(piece)
            frames: while true {
                switch splitter.next(from: &unread) {
                case .incomplete: break frames
                case .violation(let violation): return items + [.violation(violation)]
                case .frame(let frame): self.append(self.decode(frame, decoder), to: &items)
                }
            }
        }
        return items
    }

    /// The pieces of a body are as they came: together they are the same.
    private static func append(_ item: Item, to items: inout [Item]) {
        guard case .body(var part) = item, case .body(var body)? = items.last else { return items.append(item) }
        body.writeBuffer(&part)
        items[items.count - 1] = .body(body)
    }

    private static func decode(_ frame: FrameSplitter.Frame, _ decoder: RabbitDecoder) -> Item {
        let payload = GuardedMemory.copy(frame.payload)
        do throws(ProtocolViolation) {
            switch frame.type {
            case .heartbeat: return .heartbeat
            case .body: return .body(frame.payload)
            case .method: return self.item(try decoder.method(payload), decoder)
            case .header:
                let (byteCount, properties) = try decoder.header(payload)
                return .header(byteCount, encoded: self.encoded(properties, decoder))
            }
        } catch {
            return .violation(error)
        }
    }

    private static func item(_ method: ServerMethod, _ decoder: RabbitDecoder) -> Item {
        guard case .connectionStart(var start) = method else { return .method(method) }
        let table = AMQPProperties(contentType: nil, headers: start.serverProperties)
        start.serverProperties = [:]
        return .start(.connectionStart(start), table: self.encoded(table, decoder))
    }

    /// What comes from a broker can be sent to one (dead letters and hand-backs are), and is the same when it comes back.
    private static func encoded(_ properties: AMQPProperties, _ decoder: RabbitDecoder) -> [UInt8] {
        guard let encoded = self.encode(properties) else {
            check(self.hasLongKey(properties), "decoded, and refused by the encoder: \(properties.fields)")
            return []
        }
        do throws(ProtocolViolation) {
            let again = try decoder.header(ByteBuffer(bytes: encoded)).1
            check(self.encode(again) == encoded, "decoded: \(properties.fields)\nand again: \(again.fields)")
        } catch {
            check(false, "encoded, and refused by the decoder: \(error)")
        }
        return encoded
    }

    /// The payload of the content header; `nil` where the encoder refuses it.
    private static func encode(_ properties: AMQPProperties) -> [UInt8]? {
        var buffer = ByteBuffer()
        // Larger than what was decoded: bytes that are not UTF-8 are repaired in keys, and three bytes then.
        let limit = 1 << 20
        try? RabbitEncoder(maxFrameByteCount: limit).writePublish(
            exchange: "", routingKey: "q", isMandatory: false, properties: properties, bodyByteCount: 0, channel: 1,
            to: &buffer)
        var splitter = FrameSplitter(maxFrameByteCount: limit)
        while case .frame(let frame) = splitter.next(from: &buffer) {
            if frame.type == .header { return Array(frame.payload.readableBytesView) }
        }
        return nil
    }

    private static func hasLongKey(_ properties: AMQPProperties) -> Bool {
        func isLong(_ value: AMQPValue) -> Bool {
            switch value {
            case .table(let table): table.entries.contains { $0.key.utf8.count > 255 || isLong($0.value) }
            case .array(let values): values.contains(where: isLong)
            default: false
            }
        }
        return isLong(.table(properties.headers ?? AMQPTable()))
    }
}
