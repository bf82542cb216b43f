/// What becomes of a request.
public enum RPCAnswer: Sendable {
    /// The reply goes to the caller, and the request is acknowledged. Without a `replyTo` there is nobody to reply to.
    ///
    /// After elements of a stream it is the last of them.
    case reply(RPCReply)
    /// The request is acknowledged; nobody is told. A stream ends here.
    case noReply
    /// The request is refused: with `requeue` it goes back to its queue, else to the queue's dead letters, if any.
    case reject(requeue: Bool)
}
