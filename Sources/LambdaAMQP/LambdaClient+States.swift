public import AMQP

// Watching the connection.
extension LambdaClient {
    /// What the client's connection is doing now, for a readiness probe.
    ///
    /// `connecting` before there is a connection, also while nobody runs the client; `closed` for good once the client
    /// has ended, or its connection was closed. Safe to read from any thread.
    public var state: AMQPConnectionState { self.observedStates.current }

    /// What the client's connection is doing, the present state first; ends when the client does.
    ///
    /// The client may be watched before it runs. The 16 latest states are kept for a slow reader; one may come twice.
    public func states() -> AsyncStream<AMQPConnectionState> {
        self.observedStates.stream()
    }
}
