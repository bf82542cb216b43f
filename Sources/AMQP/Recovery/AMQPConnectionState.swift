/// What a connection is doing.
public enum AMQPConnectionState: Sendable {
    /// The first link is being opened.
    case connecting
    /// A link is open and everything on it is set up, but for a channel that waits until the broker has given up the lost
    /// connection.
    case connected
    /// Connected, but the broker does not take publishes now (`connection.blocked`: memory or disk alarm).
    case blocked(reason: String)
    /// The link was lost, for this reason; a new one is being opened.
    case recovering(AMQPError)
    /// The connection has ended, for this reason, and stays so.
    case closed(AMQPError)
}
