/// The keys of what clients and servers log, in one place.
enum RPCLogKey {
    /// The queue: a server's requests', a client's replies'.
    static let queue = "queue"
    /// The caller's id of the call.
    static let correlationID = "correlationID"
    /// What went wrong.
    static let error = "error"
    /// How many requests are being handled.
    static let requests = "requests"
}
