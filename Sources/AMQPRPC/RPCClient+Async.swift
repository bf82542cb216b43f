public import AMQP
package import NIOCore

// The face for everybody: async, from any thread.
extension RPCClient {
    /// Makes a client on a connection, with its reply queue.
    ///
    /// - Parameters:
    ///   - connection: The connection; it may serve others, too.
    ///   - configuration: Where replies come to.
    /// - Returns: The client. It lives until ``close()``, or until the connection is closed.
    /// - Throws: `AMQPError` when the connection stands but the reply queue cannot be made. Where the connection is just
    ///   being recovered, the client is made, and its calls fail until that is done.
    public static func start(
        on connection: AMQPConnection, configuration: RPCClientConfiguration = RPCClientConfiguration()
    ) async throws(AMQPError) -> RPCClient {
        let client = RPCClient(connection: connection, configuration: configuration)
        try await connection.eventLoop.flatSubmit { client.register() }.value()
        return client
    }

    /// Sends a request and waits for its reply.
    ///
    /// The request is published as mandatory: when no queue takes it the call fails with `unroutable` at once, not at the
    /// deadline. A lost connection fails the call, since the broker may have delivered the request already. Cancelling
    /// the task forgets the call; the message expires in its queue.
    ///
    /// - Parameters:
    ///   - request: What to send.
    ///   - timeout: How long to wait for the reply; the message expires in its queue after the same time.
    /// - Returns: The first reply with the call's correlation ID.
    /// - Throws: `AMQPError`; its `isRetriable` says whether the same call may be made again, `mayHaveExecuted` whether it may
    ///   have been handled. Its code is `fault` when the server answered with an error, which is its `AMQPError.fault`.
    public func call(_ request: RPCRequest, timeout: Duration) async throws(AMQPError) -> RPCReply {
        try await self.observed(request) { request throws(AMQPError) in
            try await self.unobservedCall(request, timeout: timeout)
        }
    }

    /// ``call(_:timeout:)`` without its own span and metrics, for a library that has them.
    package func unobservedCall(
        _ request: consuming RPCRequest, timeout: Duration
    ) async throws(AMQPError) -> RPCReply {
        try await self.answer(to: AsyncCall(request, timeout: timeout))
    }

    /// Sends a request, and waits for its reply as long as there are signs of life.
    ///
    /// A server of this library says at once, and then three times in each `silence`, that it is at work. So a call that
    /// may take an hour fails soon after its server has died. Where nobody takes the request up in that time the call
    /// fails too, and the message expires in its queue: time in the queue is silence, since nobody can tell it from a
    /// server that is lost. A server of another kind says nothing until it replies.
    ///
    /// - Parameters:
    ///   - request: What to send. The header `X-RPC-Beat-Ms` asks for the signs of life; without an `expiration` of its
    ///     own the message expires after `silence`.
    ///   - timeout: How long to wait for the reply at most.
    ///   - silence: How long to wait for a sign of life; not under 0.1 s, better some seconds.
    /// - Returns: The first reply with the call's correlation ID.
    /// - Throws: `AMQPError` as ``call(_:timeout:)`` does; `timedOut` also after a silence.
    public func call(
        _ request: RPCRequest, timeout: Duration, silenceTimeout silence: Duration
    ) async throws(AMQPError) -> RPCReply {
        let watch = try SilenceWatch(self, silence: silence)
        let request = watch.asking(request, timeout: timeout)
        return try await self.observed(request) { request throws(AMQPError) in
            try await self.answer(to: AsyncCall(request, timeout: timeout, watch: watch))
        }
    }

    @inline(__always)
    private func answer(to call: AsyncCall) async throws(AMQPError) -> RPCReply {
        guard call.timeout > .zero else { throw AMQPError(.invalidArgument, "the timeout must be longer than 0") }
        await withTaskCancellationHandler {
            // Not checked: `PendingCalls` lets every call go exactly once, whatever happens.
            await withUnsafeContinuation { continuation in
                call.continuation = continuation
                // An actor or a task may be on the loop's thread already.
                if self.eventLoop.inEventLoop {
                    self.start(call)
                } else {
                    self.eventLoop.execute { self.start(call) }
                }
            }
        } onCancel: {
            self.eventLoop.execute { self.cancel(call) }
        }
        let reply = try call.takeResult().get()
        if let fault = RPCFault(reply) { throw AMQPError(fault) }
        return reply
    }

    /// Ends the client: calls under way fail, and its reply queue goes.
    ///
    /// The connection stays.
    public func close() async {
        try? await self.eventLoop.flatSubmit { self.shutdown() }.get()
    }
}

extension RPCClient {
    private func start(_ call: AsyncCall) {
        guard !call.isCancelled, let request = call.takeRequest() else {
            return call.resume(.failure(.callCancelled.ofUnsentCall))
        }
        if let watch = call.watch {
            self.start(call, request, watchedBy: watch)
        } else {
            self.start(call, request, timeout: TimeAmount(call.timeout))
        }
    }

    private func start(_ call: AsyncCall, _ request: RPCRequest, watchedBy watch: SilenceWatch) {
        let id = self.stream(request, timeout: TimeAmount(call.timeout)) { result in
            if watch.heard(result) { return .more }
            call.resume(result)
            return .last
        }
        call.id = id
        watch.start(id)
    }

    private func cancel(_ call: AsyncCall) {
        call.isCancelled = true
        if let id = call.id { self.cancel(id) }
    }

    /// Tells a caller on another thread, together with all whose replies were read at the same time.
    ///
    /// A thread that sleeps is woken once then, not by each reply anew.
    func answer(_ call: AsyncCall, _ result: Result<RPCReply, AMQPError>) {
        guard let link = self.session?.channel.link, link.isReading else { return call.resume(result) }
        call.keep(result)
        self.answered.append(call)
        if self.answered.count == 1 { link.afterRead { self.resumeAnswered() } }
    }

    private func resumeAnswered() {
        for call in self.answered { call.resume() }
        self.answered.removeAll(keepingCapacity: true)
    }

    /// Completes when there is a reply queue; fails when there cannot be one.
    package func register() -> EventLoopFuture<Void> {
        self.connection.register(self).flatMapThrowing {
            guard self.session == nil, self.connection.link?.isOpen == true else { return }
            self.isClosed = true
            self.connection.unregister(self)
            throw self.absence.underlying as? AMQPError ?? self.absence
        }
    }

    /// ``close()`` on the loop.
    package func shutdown() -> EventLoopFuture<Void> {
        self.eventLoop.assertInEventLoop()
        self.isClosed = true
        self.connection.unregister(self)
        self.timer.stop()
        let channel = self.session?.channel
        let error = AMQPError(.connectionClosed, "the RPC client was closed")
        self.sessionLost(error, absence: error)
        guard let channel, channel.isOpen else { return self.eventLoop.makeSucceededVoidFuture() }
        return channel.close()
    }
}
