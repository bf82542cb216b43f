import LambdaProtocol
import NIOCore
import Testing

@Suite struct EventStreamTests {
    private func hex(_ bytes: ByteBuffer) -> String {
        bytes.readableBytesView.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    /// The vector of contract 2.2, which botocore accepts.
    @Test func aPayloadChunkIsFramedByteForByte() {
        #expect(
            self.hex(EventStream.payloadChunk(ByteBuffer(string: "hi")))
                == "0000006c0000005ab25efdcf0b3a6576656e742d7479706507000c5061796c6f61644368756e6b0d3a636f6e74656e742d"
                + "747970650700186170706c69636174696f6e2f6f637465742d73747265616d0d3a6d6573736167652d7479706507000565"
                + "76656e7468691162e469")
    }

    /// The vector of contract 2.2, which botocore accepts.
    @Test func theCompletionOfASuccessIsFramedByteForByte() {
        #expect(
            self.hex(EventStream.invokeComplete(.init()))
                == "00000066000000541f56c8690b3a6576656e742d7479706507000e496e766f6b65436f6d706c6574650d3a636f6e74656e"
                + "742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d747970650700056576656e747b7d"
                + "7006d467")
    }

    @Test func theCompletionCarriesErrorAndLog() {
        let frame = EventStream.invokeComplete(
            .init(
                errorCode: "Unhandled", errorDetails: ByteBuffer(string: #"{"a":"b"}"#),
                logTail: ByteBuffer(string: "END\n")))
        let text = String(decoding: frame.readableBytesView, as: UTF8.self)
        #expect(
            text.contains(#"{"ErrorCode":"Unhandled","ErrorDetails":"{\"a\":\"b\"}","LogResult":"RU5ECg=="}"#))
    }

    @Test func aFaultIsAnErrorMessageWithCodeAndText() {
        let frame = EventStream.fault(code: "NoAnswerException", message: "gone")
        let text = String(decoding: frame.readableBytesView, as: UTF8.self)
        #expect(text.contains(":message-type\u{7}\0\u{5}error"))
        #expect(text.contains(":error-code\u{7}\0\u{11}NoAnswerException"))
        #expect(text.contains(":error-message\u{7}\0\u{4}gone"))
    }

    @Test func aHeaderLongerThanItsLengthFieldIsCut() {
        let frame = EventStream.fault(code: "E", message: String(repeating: "x", count: 100_000))
        #expect(frame.readableBytes < 5000)
    }
}

@Suite struct CRC32Tests {
    /// One bit at a time, as the polynomial is written.
    private func slowly(_ bytes: [UInt8]) -> UInt32 {
        var state: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            state ^= UInt32(byte)
            for _ in 0..<8 { state = state & 1 == 1 ? state >> 1 ^ 0xEDB8_8320 : state >> 1 }
        }
        return ~state
    }

    private func value(_ bytes: [UInt8]) -> UInt32 {
        var checksum = CRC32()
        bytes.withUnsafeBytes { checksum.update($0) }
        return checksum.value
    }

    /// The check value of CRC-32/ISO-HDLC in the catalogue of parametrised CRC algorithms.
    @Test func theCheckValueIsTheCatalogues() {
        #expect(self.value(Array("123456789".utf8)) == 0xCBF4_3926)
        #expect(self.value([]) == 0)
    }

    @Test func everyLengthAndEverySplitGiveWhatBitsGive() {
        let bytes = (0..<70).map { UInt8(truncatingIfNeeded: $0 * 151 + 7) }
        for end in 0...bytes.count {
            #expect(self.value(Array(bytes[..<end])) == self.slowly(Array(bytes[..<end])))
        }
        for split in 0...bytes.count {
            var checksum = CRC32()
            checksum.update(ByteBuffer(bytes: bytes[..<split]).readableBytesView)
            checksum.update(ByteBuffer(bytes: bytes[split...]).readableBytesView)
            #expect(checksum.value == self.slowly(bytes))
        }
    }
}
