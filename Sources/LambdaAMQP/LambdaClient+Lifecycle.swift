import AMQP
import AMQPRPC
import Logging
import NIOConcurrencyHelpers
import NIOCore
import ServiceLifecycle

// Connecting, and ending.
extension LambdaClient {
    /// Connects, and serves calls until the task is cancelled or a graceful shutdown begins.
    ///
    /// On a graceful shutdown no further call is taken, and those under way have
    /// ``LambdaClientConfiguration/shutdownTimeout`` to end. On cancellation they fail at once. A connection that is
    /// lost comes back by itself, for ever.
    ///
    /// - Throws: ``LambdaError`` when the broker cannot be reached at first (`unavailable`, after
    ///   `connectionAttempts`), refuses the login or the reply queue (`accessRefused`), or a setting is wrong, or the
    ///   broker has no such replies (`invalidConfiguration`); and when the client was run before.
    public func run() async throws {
        switch self.lifecycle.withLockedValue({ $0.runStarted() }) {
        case .refuse(let error): throw error
        case .serve: break
        case .connect:
            do throws(LambdaError) {
                try await self.connect()
            } catch {
                // Being told to stop while there is no connection yet is no failure.
                if Task.isCancelled || Task.isShuttingDownGracefully { return }
                throw error
            }
        }
        do {
            try await gracefulShutdown()
            await self.drain()
        } catch {
            self.logger.debug("The client is cancelled")
        }
        await self.close()
    }

    /// Makes the client's own connection; whoever waits for it goes on.
    func connect() async throws(LambdaError) {
        guard let broker = self.broker else { return }
        let session: ClientSession
        do {
            session = try await self.open(broker)
        } catch {
            let error = (error as? AMQPError).map { LambdaError(starting: $0) } ?? (error as? LambdaError)
                ?? LambdaError(.unavailable, "\(error)", underlying: error)
            await self.close(error)
            throw Task.isCancelled ? .cancelledBefore : error
        }
        switch self.lifecycle.withLockedValue({ $0.connected(session) }) {
        case .resume(let callers):
            for caller in callers { caller.succeed(session) }
        case .discard:
            await session.close()
            await session.connection.close()
            throw LambdaError(.closed, "the client was closed")
        }
    }

    private func open(_ broker: AMQPConfiguration) async throws -> ClientSession {
        let connection = try AMQPConnection(
            configuration: broker, eventLoop: self.eventLoop, taskExecutor: self.taskExecutor, logger: self.logger)
        self.observedStates.follow(connection)
        self.measure(connection, of: broker)
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await self.eventLoop.flatSubmit { connection.start() }.get()
        } onCancelOrGracefulShutdown: {
            connection.eventLoop.execute { connection.shutdown().whenComplete { _ in } }
        }
        do {
            return try await ClientSession.start(on: connection, self.configuration)
        } catch {
            await connection.close()
            throw error
        }
    }

    /// Has metrics told what the client's own connection does, until it is closed.
    private func measure(_ connection: AMQPConnection, of broker: AMQPConfiguration) {
        guard let metrics = self.configuration.observability.metrics else { return }
        let instruments = ConnectionInstruments(name: broker.connectionName ?? "lambda-client", factory: metrics)
        _ = connection.observed.observe { instruments.changed(to: $0) }
    }

    /// Waits for the calls under way, for so long and no longer.
    private func drain() async {
        let ended = self.eventLoop.makePromise(of: ClientSession?.self)
        let waiter = self.eventLoop.makePromise(of: ClientSession.self)
        waiter.futureResult.map { Optional($0) }.cascade(to: ended)
        let timer = self.eventLoop.scheduleTask(in: TimeAmount(self.configuration.shutdownTimeout)) {
            ended.succeed(nil)
        }
        defer { timer.cancel() }
        if let waiter = self.lifecycle.withLockedValue({ $0.drainStarted(waiter) }) {
            waiter.fail(LambdaError(.closed, "nothing is under way"))
        }
        await withTaskCancellationHandler {
            _ = try? await ended.futureResult.get()
        } onCancel: {
            ended.succeed(nil)
        }
        let callCount = self.lifecycle.withLockedValue { $0.callCount }
        guard callCount > 0 else { return }
        self.logger.warning(
            "Calls were under way when the time to end them was up", metadata: [LambdaLogKey.calls: "\(callCount)"])
    }

    func close(_ error: LambdaError) async {
        let (session, callers, drainer) = self.lifecycle.withLockedValue { $0.closed(error) }
        for caller in callers { caller.fail(error) }
        drainer?.fail(error)
        self.observedStates.end(error)
        guard let session else { return }
        // With a connection of its own everything on it goes at once.
        if self.broker != nil { await session.connection.close() } else { await session.close() }
    }
}

// MARK: - Calls

extension LambdaClient {
    /// What to call by, at once as a rule; before the client is connected, as soon as it is.
    ///
    /// Each is to be followed by ``release()``.
    @inline(__always)
    func acquire(until deadline: ContinuousClock.Instant) async throws(LambdaError) -> ClientSession {
        let eventLoop = self.eventLoop
        switch self.lifecycle.withLockedValue({ $0.callStarted { eventLoop.makePromise() } }) {
        case .proceed(let session): return session
        case .refuse(let error): throw error
        case .wait(let id, let promise): return try await self.wait(id, promise.futureResult, until: deadline)
        }
    }

    /// How long a call that may be sent now waits for its answer.
    ///
    /// - Throws: `unavailable` when the time is over already: nothing was sent.
    static func remaining(until deadline: ContinuousClock.Instant) throws(LambdaError) -> Duration {
        let remaining = deadline - .now
        guard remaining > .zero else { throw LambdaError(.unavailable, "the time-out was over before the call was sent") }
        return remaining
    }

    private func wait(
        _ id: UInt64, _ session: EventLoopFuture<ClientSession>, until deadline: ContinuousClock.Instant
    ) async throws(LambdaError) -> ClientSession {
        let timer = self.eventLoop.scheduleTask(in: TimeAmount(deadline - .now)) {
            self.giveUp(id, LambdaError(.unavailable, "the client was not connected in time"))
        }
        defer { timer.cancel() }
        do {
            return try await withTaskCancellationHandler {
                try await session.get()
            } onCancel: {
                self.giveUp(id, .cancelledBefore)
            }
        } catch {
            throw error as? LambdaError ?? LambdaError(.service, "\(error)")
        }
    }

    private func giveUp(_ id: UInt64, _ error: LambdaError) {
        self.lifecycle.withLockedValue { $0.waiterGone(id) }?.fail(error)
    }

    /// A call has ended.
    func release() {
        let drainer = self.lifecycle.withLockedValue { $0.callEnded() }
        drainer?.fail(LambdaError(.closed, "nothing is under way any more"))
    }

    /// The connection's RPC client, once there is one.
    package func session() async throws(LambdaError) -> ClientSession {
        let session = try await self.acquire(until: .now + .seconds(60))
        self.release()
        return session
    }
}
