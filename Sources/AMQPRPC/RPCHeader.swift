/// The headers that this library adds to AMQP's own request and reply (Envelope.md).
///
/// A peer that knows none of them still makes calls, and still answers them: each is sent only to who has asked for it,
/// or says what a plain reply cannot.
package enum RPCHeader {
    /// In a request: how long its caller waits at all, in milliseconds, where that is longer than `expiration`.
    package static let timeout = "X-RPC-Timeout-Ms"
    /// In a request: its caller wants a sign of life at least this often, in milliseconds.
    package static let beatInterval = "X-RPC-Beat-Ms"
    /// In a reply: `true`, and it is no reply but a sign of life.
    package static let beat = "X-RPC-Beat"
    /// In a request: what tells a repeated request from another one.
    package static let idempotencyKey = "X-RPC-Idempotency-Key"

    /// In a reply: the kind of the error that it is; without it a reply is a success.
    package static let faultType = "X-RPC-Fault-Type"
    /// In an error: a number as HTTP's status codes have it.
    package static let faultStatus = "X-RPC-Fault-Status"
    /// In an error: a sentence.
    package static let faultMessage = "X-RPC-Fault-Message"
    /// In an error: whether the same call may succeed when it is made again.
    package static let faultRetriable = "X-RPC-Fault-Retriable"

    /// In a request: how many elements its caller takes.
    ///
    /// In a message to the stream's `reply_to`: how many more.
    package static let streamCredit = "X-RPC-Stream-Credit"
    /// In a reply: it is this element of a stream, counted from 0.
    package static let streamSequence = "X-RPC-Stream-Sequence"
    /// In the last reply of a stream: how many elements there were.
    package static let streamEnd = "X-RPC-Stream-End"
    /// In a message to the stream's `reply_to`: `true`; nobody reads the stream any more.
    package static let streamCancel = "X-RPC-Stream-Cancel"
}
