internal import LambdaProtocol
package import NIOCore

/// Writes telemetry events as JSON, in the form of one API version (contract 8.3).
///
/// Pure.
package struct TelemetryEventFormat: Sendable {
    private let platform: PlatformEventFormat
    private let embedsJSON: Bool

    /// - Parameters:
    ///   - function: Whose events they are.
    ///   - embedsJSON: Whether a printed line that is a JSON object stands as such in its event: where the function's
    ///     log format is JSON, and the version has that.
    package init(function: FunctionDescription, embedsJSON: Bool) {
        self.platform = PlatformEventFormat(function: function)
        self.embedsJSON = embedsJSON
    }

    /// An event in its envelope.
    ///
    /// - Returns: A JSON object; `nil` where this version has no such event.
    package func json(_ event: TelemetryEvent, version: TelemetryAPIVersion) -> ByteBuffer? {
        switch event.content {
        case .platform(let content):
            self.platform.text(content, at: event.time, version: version).map { ByteBuffer(string: $0) }
        case .function(let line):
            self.envelope("function", line, at: event.time, version)
        case .extension(let line):
            self.envelope("extension", line, at: event.time, version)
        }
    }

    private func envelope(
        _ type: String, _ line: ByteBuffer, at time: EpochClock.Instant, _ version: TelemetryAPIVersion
    ) -> ByteBuffer {
        var json = ByteBuffer()
        json.reserveCapacity(line.readableBytes + 80)
        json.writeString("{\"time\":\"\(time.iso8601)\",\"type\":\"\(type)\",\"record\":")
        if self.embedsJSON, version.mayEmbedJSON, Self.isJSONObject(line) {
            json.writeImmutableBuffer(line)
        } else if Self.needsNoEscape(line) {
            json.writeInteger(UInt8(ascii: "\""))
            json.writeImmutableBuffer(line)
            json.writeInteger(UInt8(ascii: "\""))
        } else {
            // What is not UTF-8 is repaired: a subscriber's parser would refuse the whole batch.
            json.writeString(JSONText.string(String(buffer: line)))
        }
        json.writeInteger(UInt8(ascii: "}"))
        return json
    }

    private static func isJSONObject(_ line: ByteBuffer) -> Bool {
        line.readableBytesView.first == UInt8(ascii: "{") && JSONValidator.validate(line) == nil
    }

    private static func needsNoEscape(_ line: ByteBuffer) -> Bool {
        line.readableBytesView.allSatisfy {
            $0 >= 0x20 && $0 < 0x80 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
        }
    }
}
