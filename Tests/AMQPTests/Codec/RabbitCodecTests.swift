import NIOCore
import TestSupport
import Testing

@testable import AMQP

@Suite struct RabbitCodecTests {
    private let encoder = RabbitEncoder(maxFrameByteCount: 131_072)
    private let decoder = RabbitDecoder()

    static let everyValue: AMQPTable = [
        "bool": true, "false": false, "int8": .int8(.min), "uint8": .uint8(.max), "int16": .int16(.min),
        "uint16": .uint16(.max), "int32": .int32(.min), "uint32": .uint32(.max), "int64": .int64(.min),
        "uint64": .uint64(.max), "float": .float(1.5), "double": .double(-0.1),
        "decimal": .decimal(scale: 3, unscaled: 4_000_000_000), "string": "Grüße", "empty": "",
        "bytes": .bytes(ByteBuffer(bytes: [0, 255, 0xCE])), "timestamp": .timestamp(1_763_700_000), "null": nil,
        "array": [1, "two", [nil, ["in": 3]], []], "table": ["x": ["y": [:]]], "": "a key may be empty",
    ]

    static var everyProperty: AMQPProperties {
        var properties = AMQPProperties()
        properties.contentType = "application/json"
        properties.contentEncoding = "gzip"
        properties.headers = everyValue
        properties.deliveryMode = 2
        properties.priority = 9
        properties.correlationID = AMQPShortString(bytes: ByteBuffer(bytes: [0, 0xFF, 1]))
        properties.replyTo = "amq.gen-reply"
        properties.expiration = "60000"
        properties.messageID = AMQPShortString(String(repeating: "m", count: 255))
        properties.timestamp = .max
        properties.type = "invocation"
        properties.userID = "guest"
        properties.appID = "tests"
        properties.clusterID = ""
        return properties
    }

    private func frames(_ buffer: ByteBuffer) throws -> [FrameSplitter.Frame] {
        var buffer = buffer
        var splitter = FrameSplitter(maxFrameByteCount: self.encoder.maxFrameByteCount)
        var frames: [FrameSplitter.Frame] = []
        while case .frame(let frame) = splitter.next(from: &buffer) { frames.append(frame) }
        #expect(buffer.readableBytes == 0)
        return frames
    }

    private func publish(_ properties: AMQPProperties, to buffer: inout ByteBuffer) throws(AMQPError) {
        try self.encoder.writePublish(
            exchange: "x", routingKey: "y", isMandatory: true, properties: properties, bodyByteCount: 5, channel: 3,
            to: &buffer)
    }

    @Test func everyPropertyAndFieldTypeComesBackAsItWas() throws {
        var buffer = ByteBuffer()
        try self.publish(Self.everyProperty, to: &buffer)
        let frames = try self.frames(buffer)
        #expect(frames.map(\.type) == [.method, .header])
        #expect(frames.allSatisfy { $0.channel == 3 })
        let (bodyByteCount, properties) = try self.decoder.header(frames[1].payload)
        #expect(bodyByteCount == 5)
        #expect(properties == Self.everyProperty)
    }

    @Test func noPropertiesAreFourteenBytes() throws {
        var buffer = ByteBuffer()
        try self.publish(AMQPProperties(), to: &buffer)
        let header = try self.frames(buffer)[1]
        #expect(header.payload.readableBytes == 14)
        #expect(try self.decoder.header(header.payload).1 == AMQPProperties())
    }

    @Test func aTableLargerThanTheFirstGuessIsWrittenWhole() throws {
        var properties = AMQPProperties()
        properties.headers = AMQPTable((0..<1000).map { ("key \($0)", .string(String(repeating: "v", count: 50))) })
        var buffer = ByteBuffer()
        try self.publish(properties, to: &buffer)
        #expect(try self.decoder.header(try self.frames(buffer)[1].payload).1 == properties)
    }

    @Test func whatIsTooLongIsRefusedWithNothingWritten() throws {
        let long = String(repeating: "l", count: 256)
        var buffer = ByteBuffer(string: "before")
        for path in [\AMQPProperties.contentType, \.correlationID, \.replyTo, \.messageID, \.clusterID] {
            var properties = AMQPProperties()
            properties[keyPath: path] = AMQPShortString(long)
            self.expectInvalidArgument { () throws(AMQPError) in try self.publish(properties, to: &buffer) }
        }
        for headers: AMQPTable in [[long: 1], ["t": [long: 1]], ["a": [[long: 1]]]] {
            var properties = AMQPProperties()
            properties.headers = headers
            self.expectInvalidArgument { () throws(AMQPError) in try self.publish(properties, to: &buffer) }
        }
        for method: ClientMethod in [
            .queueDeclare(.init(name: long), passive: false), .queuePurge(queue: long),
            .exchangeDeclare(.init(name: "x", type: long), passive: false), .connectionOpen(virtualHost: long),
            .basicConsume(.init(queue: "q", consumerTag: AMQPShortString(long))),
            .queueBind(.init(queue: "q", exchange: "x", routingKey: long)),
        ] {
            self.expectInvalidArgument { () throws(AMQPError) in try self.encoder.write(method, channel: 1, to: &buffer)
            }
        }
        #expect(buffer == ByteBuffer(string: "before"))
    }

    @Test func aMethodOrHeaderLargerThanAFrameIsRefusedWithNothingWritten() {
        let table: AMQPTable = ["big": .string(String(repeating: "b", count: 131_072))]
        var buffer = ByteBuffer(string: "before")
        self.expectInvalidArgument { () throws(AMQPError) in
            try self.encoder.write(
                .queueDeclare(.init(name: "q", arguments: table), passive: false), channel: 1, to: &buffer)
        }
        var properties = AMQPProperties()
        properties.headers = table
        self.expectInvalidArgument { () throws(AMQPError) in try self.publish(properties, to: &buffer) }
        #expect(buffer == ByteBuffer(string: "before"))
    }

    @Test func thirtyTwoLevelsOfTablesPassAndOneMoreIsRefused() throws {
        func nested(_ depth: Int) -> AMQPTable {
            (1..<depth).reduce(["leaf": 1]) { inner, _ in ["in": .table(inner)] }
        }
        var buffer = ByteBuffer()
        var properties = AMQPProperties()
        properties.headers = nested(32)
        try self.publish(properties, to: &buffer)
        #expect(try self.decoder.header(try self.frames(buffer)[1].payload).1 == properties)
        properties.headers = nested(33)
        self.expectInvalidArgument { () throws(AMQPError) in try self.publish(properties, to: &buffer) }
    }

    @Test(arguments: RawFrame.everyServerMethod.indices)
    func everyMethodOfABrokerIsReadAndItsEveryPrefixRefused(index: Int) throws {
        let (name, bytes) = RawFrame.everyServerMethod[index]
        let payload = ByteBuffer(bytes: bytes.dropFirst(7).dropLast())
        #expect(try self.decoder.method(payload).name == name)
        for count in 0..<payload.readableBytes {
            let cut = try #require(payload.getSlice(at: 0, length: count))
            #expect(throws: ProtocolViolation.self, "\(name) cut at \(count)") { try self.decoder.method(cut) }
        }
    }

    @Test func whatMethodsCarryIsReadAsItWasSent() throws {
        func decode(_ bytes: [UInt8]) throws -> ServerMethod {
            try self.decoder.method(ByteBuffer(bytes: bytes.dropFirst(7).dropLast()))
        }
        #expect(
            try decode(RawFrame.tune(channelMax: 1, frameMax: 70_000, heartbeat: 3))
                == .connectionTune(channelMax: 1, frameMax: 70_000, heartbeat: 3))
        #expect(
            try decode(RawFrame.connectionClose(320, "bye"))
                == .connectionClose(.init(replyCode: 320, replyText: "bye", classID: 0, methodID: 0)))
        #expect(
            try decode(RawFrame.deliver(consumerTag: "tag", deliveryTag: .max, channel: 1))
                == .basicDeliver(
                    .init(
                        consumerTag: "tag", deliveryTag: .max, isRedelivered: false, exchange: "", routingKey: "queue"))
        )
        #expect(
            try decode(RawFrame.method(60, 120, RawFrame.number(UInt64(5)) + [1]))
                == .basicNack(deliveryTag: 5, multiple: true))
    }

    @Test func aContentHeaderCutAnywhereIsRefused() throws {
        var buffer = ByteBuffer()
        try self.publish(Self.everyProperty, to: &buffer)
        let payload = try self.frames(buffer)[1].payload
        for count in 0..<payload.readableBytes {
            let cut = try #require(payload.getSlice(at: payload.readerIndex, length: count))
            #expect(throws: ProtocolViolation.self, "cut at \(count)") { try self.decoder.header(cut) }
        }
    }

    @Test func tablesNested25000DeepAreRefusedAndNotRecursedInto() throws {
        let table = RawFrame.nestedTable(depth: 25_000)
        let header = ByteBuffer(bytes: [0, 60, 0, 0] + RawFrame.number(UInt64(0)) + [0x20, 0] + table)
        // A message's headers are left out, and what stands around them is kept.
        let (bodyByteCount, properties) = try self.decoder.header(header)
        #expect(bodyByteCount == 0)
        #expect(properties.headers == nil)
        #expect(properties.headersRefusal == "tooDeep")
        let text = RawFrame.short("text")
        let among = [0, 60, 0, 0] + RawFrame.number(UInt64(7)) + [0xA4, 0] + text + table + RawFrame.short("id")
        let (_, kept) = try self.decoder.header(ByteBuffer(bytes: among))
        #expect(kept.contentType == "text")
        #expect(kept.correlationID == "id")
        #expect(kept.headersRefusal == "tooDeep")
        let start = ByteBuffer(bytes: [0, 10, 0, 10, 0, 9] + table + RawFrame.long([]) + RawFrame.long([]))
        #expect(throws: ProtocolViolation.self) { try self.decoder.method(start) }
    }

    @Test func methodsThatNoBrokerSendsAreRefused() {
        for (classID, methodID) in [(0, 0), (10, 11), (20, 10), (60, 40), (60, 9999), (85, 10), (90, 11), (999, 1)] {
            let payload = ByteBuffer(bytes: RawFrame.number(UInt16(classID)) + RawFrame.number(UInt16(methodID)))
            let violation = #expect(throws: ProtocolViolation.self) { try self.decoder.method(payload) }
            #expect(violation?.replyCode == .commandInvalid)
        }
    }

    @Test func contentHeadersOfAnotherClassOrWithMoreFlagsAreRefused() {
        let size = RawFrame.number(UInt64(1))
        for bytes in [[0, 50, 0, 0] + size + [0, 0], [0, 60, 0, 0] + size + [0, 1, 0, 0]] {
            #expect(throws: ProtocolViolation.self) { try self.decoder.header(ByteBuffer(bytes: bytes)) }
        }
    }

    private func expectInvalidArgument(_ body: () throws(AMQPError) -> Void) {
        let error = #expect(throws: AMQPError.self) { try body() }
        #expect(error?.code == .invalidArgument)
    }
}
