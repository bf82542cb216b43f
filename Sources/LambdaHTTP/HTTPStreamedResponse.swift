/// The streamed response of the current exchange.
struct HTTPStreamedResponse {
    enum Framing {
        case chunked
        /// So many bytes are still owed.
        case length(remaining: Int)
        /// Until the connection ends (HTTP/1.0).
        case untilClose
        /// The answer to HEAD: the body is not sent.
        case none
    }

    let writer: HTTPResponseWriter
    var framing: Framing
}
