package import NIOCore

/// The error documents that the platform makes, byte for byte as AWS does (contract 10.4).
package enum ErrorDocument {
    /// `{"errorType":…,"errorMessage":"RequestId: … Error: …"}`; without an id during init.
    package static func platform(type: String, requestID: String?, reason: String) -> ByteBuffer {
        let message = requestID.map { "RequestId: \($0) Error: \(reason)" } ?? "Error: \(reason)"
        return self.typeFirst(type: type, message: message)
    }

    /// `{"errorType":…,"errorMessage":…}`.
    package static func typeFirst(type: String, message: String) -> ByteBuffer {
        ByteBuffer(
            string: JSONText.object([
                ("errorType", JSONText.string(type)), ("errorMessage", JSONText.string(message)),
            ]))
    }

    /// `{"errorMessage":…,"errorType":…}`: the Runtime API's own answers (contract 4.6), and too large a response.
    package static func messageFirst(type: String, message: String) -> ByteBuffer {
        ByteBuffer(
            string: JSONText.object([
                ("errorMessage", JSONText.string(message)), ("errorType", JSONText.string(type)),
            ]))
    }

    /// The function ran for longer than its time-out, given in milliseconds.
    package static func timedOut(requestID: String, afterMilliseconds milliseconds: Int64) -> ByteBuffer {
        self.platform(
            type: "Sandbox.Timedout", requestID: requestID,
            reason: "Task timed out after \(self.seconds(milliseconds)) seconds")
    }

    /// The response was larger than the limit, in bytes.
    package static func responseTooLarge(limit: Int) -> ByteBuffer {
        self.messageFirst(
            type: "Function.ResponseSizeTooLarge",
            message: "Response payload size exceeded maximum allowed payload size (\(limit) bytes).")
    }

    /// Milliseconds as seconds with two decimals.
    package static func seconds(_ milliseconds: Int64) -> String {
        let hundredths = (milliseconds + 5) / 10
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }
}
