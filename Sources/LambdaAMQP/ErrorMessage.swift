import FoundationEssentials
import NIOCore

/// The message in an error's JSON body; AWS spells the member in two ways.
enum ErrorMessage {
    private struct Body: Decodable {
        var message: String?
        var Message: String?
    }

    /// - Returns: the message, or the body as it is when it has none.
    static func find(in body: ByteBuffer) -> String {
        let parsed = try? JSONDecoder().decode(Body.self, from: Data(body.readableBytesView))
        return parsed?.message ?? parsed?.Message ?? String(buffer: body)
    }
}
