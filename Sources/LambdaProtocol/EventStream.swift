package import NIOCore

/// The frames of `application/vnd.amazon.eventstream` in which InvokeWithResponseStream answers (contract 2.2).
package enum EventStream {
    /// The response's content type.
    package static let contentType = "application/vnd.amazon.eventstream"
    /// Bytes of a chunk at most: clients refuse frames of more than 16 to 24 MB, and wait for whole ones.
    package static let maxChunkByteCount = 1024 * 1024
    /// Bytes of an error document that are told: escaped, it still has to fit into one frame.
    private static let maxDetailByteCount = 1024 * 1024

    /// What stands in the last frame.
    package struct Completion: Sendable, Equatable {
        /// `Unhandled` when the function failed.
        package var errorCode: String?
        /// The error document, as text.
        package var errorDetails: ByteBuffer?
        /// The end of the invocation's log, where it was asked for.
        package var logTail: ByteBuffer?

        package init(errorCode: String? = nil, errorDetails: ByteBuffer? = nil, logTail: ByteBuffer? = nil) {
            self.errorCode = errorCode
            self.errorDetails = errorDetails
            self.logTail = logTail
        }
    }

    /// A piece of the function's answer, as it is.
    package static func payloadChunk(_ bytes: ByteBuffer) -> ByteBuffer {
        self.event("PayloadChunk", contentType: "application/octet-stream", payload: bytes)
    }

    /// The last frame of every stream.
    package static func invokeComplete(_ completion: Completion) -> ByteBuffer {
        var members: [(String, String)] = []
        if let code = completion.errorCode { members.append(("ErrorCode", JSONText.string(code))) }
        if let details = completion.errorDetails {
            let text = String(decoding: details.readableBytesView.prefix(self.maxDetailByteCount), as: UTF8.self)
            members.append(("ErrorDetails", JSONText.string(text)))
        }
        if let tail = completion.logTail {
            members.append(("LogResult", JSONText.string(Base64.encode(tail.readableBytesView))))
        }
        return self.event(
            "InvokeComplete", contentType: "application/json", payload: ByteBuffer(string: JSONText.object(members)))
    }

    /// A fault of the platform in mid-stream, which SDKs raise as an error of this code.
    package static func fault(code: String, message: String) -> ByteBuffer {
        self.frame(
            headers: [(":message-type", "error"), (":error-code", code), (":error-message", message)],
            payload: ByteBuffer())
    }

    private static func event(_ type: String, contentType: String, payload: ByteBuffer) -> ByteBuffer {
        self.frame(
            headers: [(":event-type", type), (":content-type", contentType), (":message-type", "event")],
            payload: payload)
    }

    /// Lengths, their checksum, headers, payload, and the checksum of everything before it.
    private static func frame(headers: [(String, String)], payload: ByteBuffer) -> ByteBuffer {
        var frame = ByteBufferAllocator().buffer(capacity: 256 + payload.readableBytes)
        frame.moveWriterIndex(to: 12)
        for (name, value) in headers { self.write(name, value, into: &frame) }
        let headerByteCount = frame.writerIndex - 12
        frame.setInteger(UInt32(16 + headerByteCount + payload.readableBytes), at: 0)
        frame.setInteger(UInt32(headerByteCount), at: 4)
        frame.setInteger(self.checksum(frame.viewBytes(at: 0, length: 8)), at: 8)
        frame.writeImmutableBuffer(payload)
        frame.writeInteger(self.checksum(frame.readableBytesView))
        return frame
    }

    /// A header of type 7, a string; it is cut where its lengths end.
    private static func write(_ name: String, _ value: String, into frame: inout ByteBuffer) {
        let value = value.utf8.prefix(4096)
        frame.writeInteger(UInt8(truncatingIfNeeded: name.utf8.count))
        frame.writeString(name)
        frame.writeInteger(UInt8(7))
        frame.writeInteger(UInt16(value.count))
        frame.writeBytes(value)
    }

    private static func checksum(_ bytes: ByteBufferView?) -> UInt32 {
        var checksum = CRC32()
        if let bytes { checksum.update(bytes) }
        return checksum.value
    }
}
