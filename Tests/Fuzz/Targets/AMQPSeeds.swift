import NIOCore
import TestSupport

@testable import AMQP

/// Frames that a broker may send, one of each kind.
enum AMQPSeeds {
    /// Every method that a broker sends, contents with all properties and all kinds of header values.
    static var frames: [FakeFrame] {
        self.connection + self.channel + self.basic + [FakeFrame(type: 8, channel: 0, payload: [])]
            + [FakeFrame(type: 2, channel: 1, payload: self.nested(depth: 40))]
    }

    /// The handshake.
    static let handshake: [FakeFrame] = [
        .connectionStart(properties: Wire.table(Wire.entry("product", "S", Wire.longString("RabbitMQ")))),
        .connectionTune(channelMax: 2047, frameMax: 131_072, heartbeat: 60), .connectionOpenOK,
    ]

    private static var connection: [FakeFrame] {
        self.handshake + [
            FakeFrame(10, 20, on: 0, Wire.longString("challenge")), .connectionClose(320, "CONNECTION_FORCED"),
            .connectionCloseOK, .connectionBlocked("low on memory"), .connectionUnblocked,
        ]
    }

    private static var channel: [FakeFrame] {
        [
            .channelOpenOK(on: 1), FakeFrame(20, 20, on: 1, [1]), .channelClose(404, "NOT_FOUND", on: 1),
            .channelCloseOK(on: 1), FakeFrame(40, 11, on: 1), FakeFrame(40, 21, on: 1), FakeFrame(40, 31, on: 1),
            FakeFrame(40, 51, on: 1), .queueDeclareOK("q", messageCount: 1, consumerCount: 2, on: 1),
            FakeFrame(50, 21, on: 1), FakeFrame(50, 51, on: 1), FakeFrame(50, 31, on: 1, Wire.u32(3)),
            FakeFrame(50, 41, on: 1, Wire.u32(3)), .confirmSelectOK(on: 1),
        ]
    }

    private static var basic: [FakeFrame] {
        let got = Wire.u64(3) + [0] + Wire.shortString("") + Wire.shortString("q") + Wire.u32(7)
        return [.basicQosOK(on: 1), .basicConsumeOK("tag", on: 1), .basicCancel("tag", on: 1)]
            + [FakeFrame(60, 31, on: 1, Wire.shortString("tag")), FakeFrame(60, 72, on: 1, Wire.shortString(""))]
            + [FakeFrame(60, 71, on: 1, got), FakeFrame(60, 111, on: 1)]
            + [.basicAck(1, on: 1), .basicAck(3, multiple: true, on: 1), .basicNack(2, on: 1)]
            + FakeFrame.returned(routingKey: "r1", body: [1], on: 1)
            + FakeFrame.deliver("tag", deliveryTag: 1, body: Array("{}".utf8), on: 1)
            + self.delivery(self.everyProperty, body: Array("[1]".utf8), deliveryTag: 2)
    }

    /// A delivery on channel 1 to the consumer `tag`.
    static func delivery(_ properties: AMQPProperties, body: [UInt8], deliveryTag: UInt64 = 1) -> [FakeFrame] {
        let method = FakeFrame.deliver("tag", deliveryTag: deliveryTag, body: [], on: 1).prefix(1)
        return method + [
            FakeFrame(type: 2, channel: 1, payload: self.header(properties, bodyByteCount: body.count)),
            FakeFrame(type: 3, channel: 1, payload: body),
        ]
    }

    /// The payload of a content header.
    static func header(_ properties: AMQPProperties, bodyByteCount: Int) -> [UInt8] {
        var buffer = ByteBuffer()
        try? RabbitEncoder(maxFrameByteCount: 131_072).writePublish(
            exchange: "", routingKey: "q", isMandatory: false, properties: properties, bodyByteCount: bodyByteCount,
            channel: 1, to: &buffer)
        var splitter = FrameSplitter(maxFrameByteCount: 131_072)
        while case .frame(let frame) = splitter.next(from: &buffer) {
            if frame.type == .header { return Array(frame.payload.readableBytesView) }
        }
        return []
    }

    /// All properties, and a header of each type.
    static var everyProperty: AMQPProperties {
        var properties = AMQPProperties(contentType: "application/json", isPersistent: true, correlationID: "c")
        properties.contentEncoding = "utf-8"
        properties.priority = 3
        properties.replyTo = "reply"
        properties.expiration = "60000"
        properties.messageID = "0f8fad5b-d9cb-469f-a165-70867728950e"
        properties.timestamp = 1_767_323_045
        properties.type = "t"
        properties.userID = "guest"
        properties.appID = "app"
        properties.clusterID = "cluster"
        properties.headers = [
            "t": true, "b": .int8(-1), "B": .uint8(1), "s": .int16(-1), "u": .uint16(1), "I": .int32(-1), "i": .uint32(1),
            "l": .int64(-1), "L": .uint64(1), "f": .float(0.5), "d": .double(0.5), "D": .decimal(scale: 2, unscaled: 5),
            "S": "text", "x": .bytes(ByteBuffer(bytes: [0, 255])), "A": [1, "two", [true]], "T": .timestamp(1),
            "F": ["inner": ["deeper": nil]], "V": nil,
        ]
        return properties
    }

    /// A content header whose header table has tables in it, so many deep.
    private static func nested(depth: Int) -> [UInt8] {
        var table = Wire.table()
        for _ in 1..<depth { table = Wire.table(Wire.entry("n", "F", table)) }
        return Wire.u16(60) + Wire.u16(0) + Wire.u64(0) + Wire.u16(1 << 13) + table
    }
}
