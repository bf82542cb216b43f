extension FakeFrame {
    /// What a client sends first (AMQP 0-9-1, 4.2.2).
    package static let protocolHeader: [UInt8] = Array("AMQP".utf8) + [0, 0, 9, 1]

    /// `connection.start`.
    package static func connectionStart(
        mechanisms: String = "PLAIN AMQPLAIN", properties: [UInt8] = Wire.table()
    ) -> FakeFrame {
        FakeFrame(10, 10, on: 0, [0, 9] + properties + Wire.longString(mechanisms) + Wire.longString("en_US"))
    }

    /// `connection.tune`.
    package static func connectionTune(channelMax: UInt16, frameMax: UInt32, heartbeat: UInt16) -> FakeFrame {
        FakeFrame(10, 30, on: 0, Wire.u16(channelMax) + Wire.u32(frameMax) + Wire.u16(heartbeat))
    }

    /// `connection.open-ok`.
    package static let connectionOpenOK = FakeFrame(10, 41, on: 0, Wire.shortString(""))

    /// `connection.close`.
    package static func connectionClose(_ replyCode: UInt16, _ replyText: String) -> FakeFrame {
        FakeFrame(10, 50, on: 0, Wire.u16(replyCode) + Wire.shortString(replyText) + Wire.u16(0) + Wire.u16(0))
    }

    /// `connection.close-ok`.
    package static let connectionCloseOK = FakeFrame(10, 51, on: 0)

    /// `connection.blocked`.
    package static func connectionBlocked(_ reason: String) -> FakeFrame {
        FakeFrame(10, 60, on: 0, Wire.shortString(reason))
    }

    /// `connection.unblocked`.
    package static let connectionUnblocked = FakeFrame(10, 61, on: 0)

    /// `channel.open-ok`.
    package static func channelOpenOK(on channel: UInt16) -> FakeFrame {
        FakeFrame(20, 11, on: channel, Wire.longString(""))
    }

    /// `channel.close`.
    package static func channelClose(_ replyCode: UInt16, _ replyText: String, on channel: UInt16) -> FakeFrame {
        FakeFrame(20, 40, on: channel, Wire.u16(replyCode) + Wire.shortString(replyText) + Wire.u16(0) + Wire.u16(0))
    }

    /// `channel.close-ok`.
    package static func channelCloseOK(on channel: UInt16) -> FakeFrame {
        FakeFrame(20, 41, on: channel)
    }

    /// `queue.declare-ok`.
    package static func queueDeclareOK(
        _ name: String, messageCount: UInt32 = 0, consumerCount: UInt32 = 0, on channel: UInt16
    ) -> FakeFrame {
        FakeFrame(50, 11, on: channel, Wire.shortString(name) + Wire.u32(messageCount) + Wire.u32(consumerCount))
    }

    /// `basic.qos-ok`.
    package static func basicQosOK(on channel: UInt16) -> FakeFrame {
        FakeFrame(60, 11, on: channel)
    }

    /// `basic.consume-ok`.
    package static func basicConsumeOK(_ consumerTag: String, on channel: UInt16) -> FakeFrame {
        FakeFrame(60, 21, on: channel, Wire.shortString(consumerTag))
    }

    /// `basic.cancel`, the broker's.
    package static func basicCancel(_ consumerTag: String, on channel: UInt16) -> FakeFrame {
        FakeFrame(60, 30, on: channel, Wire.shortString(consumerTag) + [1])
    }

    /// `basic.ack` of a publish.
    package static func basicAck(_ deliveryTag: UInt64, multiple: Bool = false, on channel: UInt16) -> FakeFrame {
        FakeFrame(60, 80, on: channel, Wire.u64(deliveryTag) + [multiple ? 1 : 0])
    }

    /// `basic.nack` of a publish.
    package static func basicNack(_ deliveryTag: UInt64, multiple: Bool = false, on channel: UInt16) -> FakeFrame {
        FakeFrame(60, 120, on: channel, Wire.u64(deliveryTag) + [multiple ? 1 : 0])
    }

    /// `confirm.select-ok`.
    package static func confirmSelectOK(on channel: UInt16) -> FakeFrame {
        FakeFrame(85, 11, on: channel)
    }

    /// `basic.deliver` with its content.
    ///
    /// - Parameters:
    ///   - consumerTag: The consumer that it is for.
    ///   - deliveryTag: Its number on the channel.
    ///   - properties: Flags and values of the content header.
    ///   - body: The message's body, cut into frames.
    ///   - channel: The channel's number.
    ///   - frameMax: The largest frame.
    /// - Returns: The method, header and body frames.
    package static func deliver(
        _ consumerTag: String, deliveryTag: UInt64, properties: FakeProperties = FakeProperties(), body: [UInt8],
        on channel: UInt16, frameMax: Int = 131_072
    ) -> [FakeFrame] {
        let method = FakeFrame(
            60, 60, on: channel,
            Wire.shortString(consumerTag) + Wire.u64(deliveryTag) + [0] + Wire.shortString("")
                + Wire.shortString("queue"))
        return [method] + self.content(properties, body, on: channel, frameMax: frameMax)
    }

    /// `basic.get-ok` with its content.
    package static func got(deliveryTag: UInt64, body: [UInt8], on channel: UInt16) -> [FakeFrame] {
        let method = FakeFrame(
            60, 71, on: channel,
            Wire.u64(deliveryTag) + [0] + Wire.shortString("") + Wire.shortString("queue") + Wire.u32(0))
        return [method] + self.content(FakeProperties(), body, on: channel, frameMax: 131_072)
    }

    /// `basic.return` with its content.
    package static func returned(
        routingKey: String, properties: FakeProperties = FakeProperties(), body: [UInt8], on channel: UInt16
    ) -> [FakeFrame] {
        let method = FakeFrame(
            60, 50, on: channel,
            Wire.u16(312) + Wire.shortString("NO_ROUTE") + Wire.shortString("") + Wire.shortString(routingKey))
        return [method] + self.content(properties, body, on: channel, frameMax: 131_072)
    }

    /// A content header and the body's frames.
    package static func content(
        _ properties: FakeProperties, _ body: [UInt8], on channel: UInt16, frameMax: Int
    ) -> [FakeFrame] {
        let header = Wire.u16(60) + Wire.u16(0) + Wire.u64(UInt64(body.count)) + properties.bytes
        let fragments = stride(from: 0, to: body.count, by: frameMax - 8).map { start in
            FakeFrame(type: 3, channel: channel, payload: Array(body[start..<min(start + frameMax - 8, body.count)]))
        }
        return [FakeFrame(type: 2, channel: channel, payload: header)] + fragments
    }
}

/// The properties that tests need, as they stand in a content header (AMQP 0-9-1, 4.2.6.1).
package struct FakeProperties: Sendable {
    /// Property `correlation_id`.
    package var correlationID: String?
    /// Property `reply_to`.
    package var replyTo: String?
    /// Property `message_id`.
    package var messageID: String?
    /// Property `headers`, an encoded table with its length.
    package var headers: [UInt8]?
    /// Property `expiration`; read only.
    package private(set) var expiration: String?
    /// Property `timestamp`; read only.
    package private(set) var timestamp: UInt64?
    /// Property `type`; read only.
    package private(set) var type: String?

    /// Properties, none set unless given.
    package init(correlationID: String? = nil, replyTo: String? = nil, headers: [UInt8]? = nil) {
        self.correlationID = correlationID
        self.replyTo = replyTo
        self.headers = headers
    }

    /// Reads flags and properties of a content header's payload, as far as this type knows them.
    package init(header payload: [UInt8]) {
        var reader = WireReader(payload.dropFirst(12))
        let flags = reader.integer(2)
        if flags & 1 << 15 != 0 { _ = reader.shortString() }
        if flags & 1 << 14 != 0 { _ = reader.shortString() }
        if flags & 1 << 13 != 0 { self.headers = Wire.longString(reader.longString()) }
        if flags & 1 << 12 != 0 { _ = reader.integer(1) }
        if flags & 1 << 11 != 0 { _ = reader.integer(1) }
        if flags & 1 << 10 != 0 { self.correlationID = reader.shortString() }
        if flags & 1 << 9 != 0 { self.replyTo = reader.shortString() }
        if flags & 1 << 8 != 0 { self.expiration = reader.shortString() }
        if flags & 1 << 7 != 0 { self.messageID = reader.shortString() }
        if flags & 1 << 6 != 0 { self.timestamp = reader.integer(8) }
        if flags & 1 << 5 != 0 { self.type = reader.shortString() }
    }

    /// The flags and the values, in their order.
    package var bytes: [UInt8] {
        var flags: UInt16 = 0
        var values: [UInt8] = []
        if let headers {
            flags |= 1 << 13
            values += headers
        }
        if let correlationID {
            flags |= 1 << 10
            values += Wire.shortString(correlationID)
        }
        if let replyTo {
            flags |= 1 << 9
            values += Wire.shortString(replyTo)
        }
        if let messageID {
            flags |= 1 << 7
            values += Wire.shortString(messageID)
        }
        return Wire.u16(flags) + values
    }
}
