/// The client context: base64 of a JSON object on the way in, one line of ASCII JSON for the runtime (contract 1.2,
/// 4.2).
package enum ClientContext {
    /// - Parameter encoded: `X-Amz-Client-Context` as it came.
    /// - Returns: JSON text without a line break or a byte over 0x7E, as it goes into a header; or the 400 to answer.
    package static func decode(
        _ encoded: some StringProtocol, limits: LambdaLimits
    ) -> Result<String, InvokeError> {
        guard encoded.utf8.count <= limits.clientContextByteCount else {
            return .failure(
                InvokeError(
                    .invalidRequestContent,
                    "Client context must be at most \(limits.clientContextByteCount) bytes when base64-encoded."))
        }
        guard let bytes = Base64.decode(encoded), let text = self.singleLine(bytes) else {
            return .failure(
                InvokeError(.invalidRequestContent, "Client context must be a valid Base64-encoded JSON object."))
        }
        return .success(text)
    }

    private static func singleLine(_ bytes: [UInt8]) -> String? {
        guard bytes.withUnsafeBytes({ JSONValidator.validate($0) }) == nil else { return nil }
        let spaces: [UInt8] = [0x20, 0x09, 0x0A, 0x0D]
        guard bytes.first(where: { !spaces.contains($0) }) == UInt8(ascii: "{") else { return nil }
        // Line breaks can only stand between tokens in valid JSON: a space does as well there.
        var result = ""
        for unit in String(decoding: bytes, as: UTF8.self).utf16 {
            switch unit {
            case 0x0A, 0x0D, 0x09: result += " "
            // Not DEL, which no header field may hold (RFC 9110, 5.5).
            case 0..<0x7F: result.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
            default: result += JSONText.escape(unit)
            }
        }
        return result
    }
}
