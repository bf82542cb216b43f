import NIOCore
import NIOHTTP1

/// What comes in on a connection, in order.
enum HTTPRequestPart {
    case head(HTTPRequest, HTTPExchangeStateMachine.HeadFacts)
    case body(ByteBuffer)
    case end(trailers: HTTPHeaders?)
    /// The request ends in an error; `status` is for a client that has no exchange yet.
    case failed(HTTPBodyError, status: HTTPResponseStatus)
    /// The client has closed its sending side.
    case inputClosed
}
