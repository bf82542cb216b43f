package import NIOCore

/// What lives on a connection and has to be built again on each new link: channels, consumers, reply queues.
package protocol AMQPRecoverable: AnyObject {
    /// A link is open: declare and consume on it. The connection counts as connected when every future is complete.
    ///
    /// A participant that cannot be set up tells its own users; the connection goes on without it.
    func linkOpened(_ link: AMQPLink) -> EventLoopFuture<Void>

    /// More may be published on the link.
    func linkWritable()

    /// The link is gone; a new one will come.
    func linkLost(_ error: AMQPError)

    /// There will be no further link.
    func connectionClosed(_ error: AMQPError)
}

extension AMQPRecoverable {
    package func linkWritable() {}
}
