import NIOCore
import TestSupport
import Testing

@testable import AMQP

/// Random bytes and damaged frames, the same in every run. What must hold: an error or a value, never a trap, and
/// nothing is read beyond a frame (which Address Sanitizer would show).
@Suite struct DecodingFuzzTests {
    /// Frames a broker may send, to be damaged.
    private static let seeds: [[UInt8]] = {
        var seeds = RawFrame.everyServerMethod.map(\.bytes)
        var buffer = ByteBuffer()
        let encoder = RabbitEncoder(maxFrameByteCount: 131_072)
        try? encoder.writePublish(
            exchange: "x", routingKey: "y", isMandatory: false, properties: RabbitCodecTests.everyProperty,
            bodyByteCount: 3, channel: 1, to: &buffer)
        var splitter = FrameSplitter(maxFrameByteCount: 131_072)
        while case .frame(let frame) = splitter.next(from: &buffer) {
            guard frame.type == .header else { continue }
            // Several times, so that it is drawn as often as all the small methods together.
            for _ in 0..<10 {
                seeds.append(RawFrame.frame(type: 2, channel: 1, Array(frame.payload.readableBytesView)))
            }
        }
        seeds.append(RawFrame.header(bodyByteCount: 3, channel: 1))
        seeds.append(
            RawFrame.header(bodyByteCount: 9, properties: [0x20, 0] + RawFrame.nestedTable(depth: 40), channel: 1))
        seeds.append(RawFrame.body([1, 2, 3], channel: 1))
        seeds.append(RawFrame.heartbeat)
        return seeds
    }()

    private static func randomBytes(_ count: Int, _ random: inout FixedRandom) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    /// A frame whose payload is damaged in a few places; its head mostly fits, so that the decoder gets to see it.
    private static func damagedFrame(_ random: inout FixedRandom) -> [UInt8] {
        guard let seed = self.seeds.randomElement(using: &random) else { return [] }
        var payload = Array(seed.dropFirst(7).dropLast())
        for _ in 0..<Int.random(in: 0...4, using: &random) where !payload.isEmpty {
            let index = Int.random(in: 0..<payload.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: payload[index] = UInt8.random(in: 0...255, using: &random)
            case 1: payload[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 2: payload[index] = 0xFF
            case 3: payload.removeSubrange(index...)
            case 4: payload.insert(contentsOf: self.randomBytes(3, &random), at: index)
            default: payload.append(contentsOf: payload[index...])
            }
        }
        var frame = RawFrame.frame(type: seed[0], channel: UInt16(seed[1]) << 8 | UInt16(seed[2]), payload)
        if Int.random(in: 0..<20, using: &random) == 0 {
            frame[Int.random(in: 0..<frame.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        return frame
    }

    @Test func aHundredThousandInputsEndInAFrameOrAnError() {
        var random = FixedRandom(seed: 0x414D_5150)
        var splitter = FrameSplitter(maxFrameByteCount: 131_072)
        let decoder = RabbitDecoder()
        var decoded = 0
        var refused = 0
        for round in 0..<100_000 {
            let bytes =
                round % 10 == 0
                ? Self.randomBytes(Int.random(in: 0..<64, using: &random), &random) : Self.damagedFrame(&random)
            var buffer = ByteBuffer(bytes: bytes)
            frames: while true {
                switch splitter.next(from: &buffer) {
                case .incomplete: break frames
                case .violation:
                    refused += 1
                    break frames
                case .frame(let frame):
                    do {
                        switch frame.type {
                        case .method: _ = try decoder.method(frame.payload)
                        case .header: _ = try decoder.header(frame.payload)
                        case .body, .heartbeat: break
                        }
                        decoded += 1
                    } catch {
                        refused += 1
                    }
                }
            }
        }
        // Both ways are taken often, or the inputs prove little.
        #expect(decoded > 20_000)
        #expect(refused > 20_000)
    }

    @Test func randomPayloadsOfEveryMethodAreDecodedOrRefused() {
        var random = FixedRandom(seed: 2)
        let decoder = RabbitDecoder()
        for (_, bytes) in RawFrame.everyServerMethod {
            for _ in 0..<500 {
                let payload = bytes[7..<11] + Self.randomBytes(Int.random(in: 0..<80, using: &random), &random)
                _ = try? decoder.method(ByteBuffer(bytes: payload))
            }
        }
        for _ in 0..<10_000 {
            let payload = [0, 60, 0, 0] + Self.randomBytes(Int.random(in: 0..<120, using: &random), &random)
            _ = try? decoder.header(ByteBuffer(bytes: payload))
        }
    }

    @Test func aLinkThatReadsDamagedFramesEndsWithAnError() throws {
        var random = FixedRandom(seed: 3)
        var violations = 0
        for _ in 0..<3000 {
            let (harness, channel) = try LinkHarness.withChannel(maxBodyByteCount: 1000)
            _ = channel.selectConfirms()
            _ = channel.consume(.init(queue: "q", consumerTag: "tag"), deliver: { _ in }, cancelled: {})
            _ = channel.request(.basicGet(queue: "q", noAck: true), expecting: .get)
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                harness.receive(
                    Bool.random(using: &random)
                        ? Self.damagedFrame(&random) : self.deliveryOrReply(&random))
            }
            if harness.link.closedError?.code == .protocolViolation { violations += 1 }
            harness.hangUp()
            #expect(harness.link.closedError != nil)
        }
        #expect(violations > 1000)
    }

    @Test func aHandshakeThatReadsDamagedFramesEndsWithAnError() throws {
        var random = FixedRandom(seed: 4)
        for _ in 0..<2000 {
            let harness = try LinkHarness()
            for frame in [RawFrame.start(), RawFrame.tune(), RawFrame.openOK] {
                harness.receive(Int.random(in: 0..<3, using: &random) > 0 ? frame : Self.damagedFrame(&random))
            }
            harness.hangUp()
            #expect(harness.link.closedError != nil)
        }
    }

    private func deliveryOrReply(_ random: inout FixedRandom) -> [UInt8] {
        switch Int.random(in: 0..<3, using: &random) {
        case 0: RawFrame.method(85, 11, channel: 1) + RawFrame.method(60, 21, RawFrame.short("tag"), channel: 1)
        case 1:
            RawFrame.deliver(consumerTag: "tag", deliveryTag: 1, channel: 1)
                + RawFrame.header(bodyByteCount: 3, channel: 1) + RawFrame.body([1, 2, 3], channel: 1)
        default: RawFrame.deliver(consumerTag: "tag", deliveryTag: 2, channel: 1)
        }
    }
}
