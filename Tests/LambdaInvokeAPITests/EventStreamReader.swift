import NIOCore

/// One frame of an event stream, read back by its lengths.
struct EventStreamFrame: Equatable {
    var headers: [String: String] = [:]
    var payload = ""

    /// All frames of a body; nil where a length does not fit.
    static func all(in body: ByteBuffer) -> [EventStreamFrame]? {
        var body = body
        var frames: [EventStreamFrame] = []
        while body.readableBytes > 0 {
            guard let length = body.readInteger(as: UInt32.self), let headerLength = body.readInteger(as: UInt32.self),
                body.readInteger(as: UInt32.self) != nil, var headers = body.readSlice(length: Int(headerLength)),
                let payload = body.readString(length: Int(length) - Int(headerLength) - 16),
                body.readInteger(as: UInt32.self) != nil
            else { return nil }
            var frame = EventStreamFrame(payload: payload)
            while headers.readableBytes > 0 {
                guard let nameLength = headers.readInteger(as: UInt8.self),
                    let name = headers.readString(length: Int(nameLength)), headers.readInteger(as: UInt8.self) == 7,
                    let valueLength = headers.readInteger(as: UInt16.self),
                    let value = headers.readString(length: Int(valueLength))
                else { return nil }
                frame.headers[name] = value
            }
            frames.append(frame)
        }
        return frames
    }

    /// `type payload`, for expectations.
    var text: String { "\(self.headers[":event-type"] ?? self.headers[":error-code"] ?? "?") \(self.payload)" }
}
