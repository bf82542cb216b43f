/// Frames as a broker or a client would send them, made by hand: nothing here goes through the code that is tested.
package enum RawFrame {
    /// A frame of any type; `end` is its end mark.
    package static func frame(type: UInt8, channel: UInt16, _ payload: [UInt8], end: UInt8 = 0xCE) -> [UInt8] {
        [type] + number(channel) + number(UInt32(payload.count)) + payload + [end]
    }

    /// A method frame.
    package static func method(
        _ classID: UInt16, _ methodID: UInt16, _ arguments: [UInt8] = [], channel: UInt16 = 0
    ) -> [UInt8] {
        frame(type: 1, channel: channel, number(classID) + number(methodID) + arguments)
    }

    /// A content header frame of class basic. `properties` starts with the flags.
    package static func header(bodyByteCount: UInt64, properties: [UInt8] = [0, 0], channel: UInt16) -> [UInt8] {
        frame(type: 2, channel: channel, number(UInt16(60)) + [0, 0] + number(bodyByteCount) + properties)
    }

    /// A body frame.
    package static func body(_ bytes: [UInt8], channel: UInt16) -> [UInt8] {
        frame(type: 3, channel: channel, bytes)
    }

    /// The heartbeat frame.
    package static let heartbeat = frame(type: 8, channel: 0, [])

    /// A number in network byte order.
    package static func number(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }

    /// A short string.
    package static func short(_ text: String) -> [UInt8] { [UInt8(text.utf8.count)] + Array(text.utf8) }

    /// A long string, or any bytes after their UInt32 length, as a table is.
    package static func long(_ bytes: some Collection<UInt8>) -> [UInt8] {
        number(UInt32(bytes.count)) + Array(bytes)
    }

    /// A table whose one entry holds arrays in each other, `depth` levels with the table itself.
    package static func nestedTable(depth: Int) -> [UInt8] {
        // From the outside in, each level says how long all that it holds is: five bytes for each level below.
        var entries: [UInt8] = short("k")
        for level in stride(from: depth - 1, to: 0, by: -1) {
            entries += [UInt8(ascii: "A")] + number(UInt32((level - 1) * 5))
        }
        return long(entries)
    }
}

extension RawFrame {
    /// `connection.start` of version 0-9-1 with an empty table.
    package static func start(mechanisms: String = "PLAIN AMQPLAIN") -> [UInt8] {
        method(10, 10, [0, 9] + long([]) + long(mechanisms.utf8) + long("en_US".utf8))
    }

    /// `connection.tune`.
    package static func tune(channelMax: UInt16 = 2047, frameMax: UInt32 = 131_072, heartbeat: UInt16 = 60) -> [UInt8] {
        method(10, 30, number(channelMax) + number(frameMax) + number(heartbeat))
    }

    /// `connection.open-ok`.
    package static let openOK = method(10, 41, short(""))

    /// `connection.close`.
    package static func connectionClose(_ replyCode: UInt16, _ text: String) -> [UInt8] {
        method(10, 50, number(replyCode) + short(text) + [0, 0, 0, 0])
    }

    /// `connection.close-ok`.
    package static let connectionCloseOK = method(10, 51)

    /// `connection.blocked`.
    package static func blocked(_ reason: String) -> [UInt8] { method(10, 60, short(reason)) }

    /// `connection.unblocked`.
    package static let unblocked = method(10, 61)

    /// `channel.open-ok`.
    package static func channelOpenOK(_ channel: UInt16) -> [UInt8] { method(20, 11, long([]), channel: channel) }

    /// `channel.close`.
    package static func channelClose(_ replyCode: UInt16, _ text: String, channel: UInt16) -> [UInt8] {
        method(20, 40, number(replyCode) + short(text) + [0, 0, 0, 0], channel: channel)
    }

    /// `basic.deliver` for a consumer.
    package static func deliver(consumerTag: String, deliveryTag: UInt64, channel: UInt16) -> [UInt8] {
        method(60, 60, short(consumerTag) + number(deliveryTag) + [0] + short("") + short("queue"), channel: channel)
    }

    /// Every method that a broker sends to a client, with arguments that take part in its decoding.
    package static let everyServerMethod: [(name: String, bytes: [UInt8])] = [
        ("connectionStart", start()), ("connectionSecure", method(10, 20, long([1, 2, 3]))),
        ("connectionTune", tune()), ("connectionOpenOK", openOK), ("connectionClose", connectionClose(320, "gone")),
        ("connectionCloseOK", connectionCloseOK), ("connectionBlocked", blocked("memory")),
        ("connectionUnblocked", unblocked),
        ("channelOpenOK", channelOpenOK(1)), ("channelFlow", method(20, 20, [1], channel: 1)),
        ("channelClose", channelClose(404, "no queue", channel: 1)), ("channelCloseOK", method(20, 41, channel: 1)),
        ("exchangeDeclareOK", method(40, 11, channel: 1)), ("exchangeDeleteOK", method(40, 21, channel: 1)),
        ("exchangeBindOK", method(40, 31, channel: 1)), ("exchangeUnbindOK", method(40, 51, channel: 1)),
        ("queueDeclareOK", method(50, 11, short("queue") + number(UInt32(3)) + number(UInt32(4)), channel: 1)),
        ("queueBindOK", method(50, 21, channel: 1)), ("queueUnbindOK", method(50, 51, channel: 1)),
        ("queuePurgeOK", method(50, 31, number(UInt32(5)), channel: 1)),
        ("queueDeleteOK", method(50, 41, number(UInt32(6)), channel: 1)),
        ("basicQosOK", method(60, 11, channel: 1)), ("basicConsumeOK", method(60, 21, short("tag"), channel: 1)),
        ("basicCancel", method(60, 30, short("tag") + [1], channel: 1)),
        ("basicCancelOK", method(60, 31, short("tag"), channel: 1)),
        ("basicReturn", method(60, 50, number(UInt16(312)) + short("NO_ROUTE") + short("x") + short("y"), channel: 1)),
        ("basicDeliver", deliver(consumerTag: "tag", deliveryTag: 7, channel: 1)),
        (
            "basicGetOK",
            method(60, 71, number(UInt64(8)) + [1] + short("") + short("q") + number(UInt32(9)), channel: 1)
        ),
        ("basicGetEmpty", method(60, 72, short(""), channel: 1)),
        ("basicAck", method(60, 80, number(UInt64(10)) + [1], channel: 1)),
        ("basicNack", method(60, 120, number(UInt64(11)) + [1], channel: 1)),
        ("basicRecoverOK", method(60, 111, channel: 1)), ("confirmSelectOK", method(85, 11, channel: 1)),
    ]
}
