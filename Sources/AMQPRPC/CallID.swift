package import AMQP
import NIOCore

/// A call's number: what it is told apart by in its process, and its correlation ID on the wire.
///
/// The upper 16 bits are the epoch of the connection that it was made on, the lower 48 a count that never starts again;
/// so a late reply to a call of an earlier connection cannot be taken for another's.
package struct CallID: Hashable, Sendable {
    package let number: UInt64

    package init(number: UInt64) {
        self.number = number
    }

    package init(epoch: UInt16, count: UInt64) {
        self.number = UInt64(epoch) << 48 | (count & 0xFFFF_FFFF_FFFF)
    }

    /// The number as 16 hexadecimal digits.
    package var correlationID: AMQPShortString {
        var bytes = ByteBuffer()
        bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: 16) { memory in
            for index in 0..<16 {
                let digit = UInt8(truncatingIfNeeded: self.number >> UInt64(60 - 4 * index) & 0xF)
                memory[index] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
            }
            return 16
        }
        return AMQPShortString(bytes: bytes)
    }

    /// The call that a correlation ID belongs to; nil where it is not one of ours, which anybody may send.
    package init?(correlationID: AMQPShortString?) {
        guard let bytes = correlationID?.bytes, bytes.readableBytes == 16 else { return nil }
        var number: UInt64 = 0
        for byte in bytes.readableBytesView {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): number = number << 4 | UInt64(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): number = number << 4 | UInt64(byte - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        self.number = number
    }
}
