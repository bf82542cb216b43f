public import AMQP
import Logging
import NIOCore
public import ServiceLifecycle

/// Handles the requests of a queue, several at once, and sends their replies.
///
/// Reply and acknowledgement leave in one write. When the connection goes in between, the broker delivers the request
/// again, so that a request is handled at least once; after a lost connection the server consumes again by itself.
/// Every request with a `replyTo` is answered, if only with an error: see ``RPCFault``.
///
/// It is a service for a `ServiceGroup`, whose graceful shutdown is the server's; or a task runs it.
public final class RPCServer: Service, @unchecked Sendable {
    // @unchecked: every `var` is used on `eventLoop` only.
    /// Turns a request into what becomes of it.
    ///
    /// Called concurrently, up to the configured number. An ``RPCFault`` that it throws is the answer. Another error is
    /// logged (``RPCServerConfiguration/logger``), and ``RPCFault/handlerFailed`` the answer. Its task is cancelled when the
    /// caller's time is over, when the reader of its stream has gone, and when the server is stopped at once; an error that
    /// it throws then is ``RPCFault/deadlineExceeded``, no answer at all, and the request's return to its queue.
    public typealias Handler = @Sendable (RPCContext) async throws -> RPCAnswer

    let connection: AMQPConnection
    let eventLoop: any EventLoop
    let configuration: RPCServerConfiguration
    let logger: Logger
    let instruments: CallInstruments?
    let handler: Handler

    var channel: AMQPLinkChannel?
    var consumerTag: AMQPShortString?
    /// Where callers say how much more of a stream they take.
    var creditQueue: AMQPShortString?
    var setUpRetry = SetUpRetry()
    var isRunning = false
    var isStopping = false
    /// The handlers are told to stop.
    var isStoppingAtOnce = false
    /// Nothing more can be delivered.
    var isConsumerGone = false
    /// Why the last set-up failed.
    var setUpError: AMQPError?
    /// Gives up what is being handled when the time to end it is up.
    private var shutdownTimer: Scheduled<Void>?
    /// Why the connection ended for good.
    var closedError: AMQPError?

    /// The requests that are being handled, by their number.
    var calls: [UInt64: ServedCall] = [:]
    var callCount: UInt64 = 0
    /// Delivered, while as many as may be are being handled.
    var held = HeldRequests()
    var deadlines = DeadlineQueue<UInt64>()
    var timer = DeadlineTimer()
    /// The calls with a stream, by who reads it.
    var streams: [StreamKey: ServedCall] = [:]
    var remembered: RememberedReplies<ServedCall>?
    /// Succeeds when the server has stopped and the last answer is sent.
    let ended: EventLoopPromise<Void>

    /// Prepares a server; ``run()`` does the rest.
    ///
    /// - Parameters:
    ///   - connection: The connection; it may serve others, too.
    ///   - configuration: The queue, and how many requests are handled at once.
    ///   - handler: Turns a request into what becomes of it.
    public init(
        connection: AMQPConnection, configuration: RPCServerConfiguration, handler: @escaping Handler
    ) {
        self.connection = connection
        self.eventLoop = connection.eventLoop
        self.configuration = configuration
        self.logger = configuration.logger ?? connection.logger
        self.instruments = CallInstruments(configuration.observability, .rpcServer)
        self.handler = handler
        self.ended = connection.eventLoop.makePromise()
        self.remembered = configuration.rememberedReplies.map {
            RememberedReplies(
                countLimit: $0.count, byteLimit: $0.byteCount, duration: TimeAmount($0.duration))
        }
    }

    deinit {
        // One that never ran; a second completion is no harm.
        self.ended.succeed()
    }

    /// Serves until a graceful shutdown begins, until the task is cancelled, or until the connection is closed.
    ///
    /// A graceful shutdown is the task's, as a `ServiceGroup` begins it, or ``triggerGracefulShutdown()``: no further
    /// request is taken, and what is being handled ends and is answered. On cancellation it is cancelled, too, and its
    /// answer still sent. Requests that were delivered and not begun go back to the queue.
    ///
    /// What has not ended ``RPCServerConfiguration/shutdownTimeout`` later is given up: its task is cancelled, its answer
    /// not sent, and the broker gives its request to another server. The connection stays open.
    ///
    /// - Throws: `AMQPError`: `invalidArgument` when the concurrency is out of range or ``run()`` was called before; when
    ///   the queue cannot be declared or consumed at first, the broker's reason; `connectionClosed` when the connection
    ///   is closed.
    public func run() async throws(AMQPError) {
        guard (1...65535).contains(self.configuration.concurrency) else {
            throw AMQPError(.invalidArgument, "concurrency must be from 1 to 65535")
        }
        try await self.eventLoop.flatSubmit { self.start() }.value()
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                _ = try? await self.ended.futureResult.get()
            } onGracefulShutdown: {
                self.triggerGracefulShutdown()
            }
        } onCancel: {
            self.eventLoop.execute { self.stop(atOnce: true) }
        }
        let closedError = try await self.eventLoop.flatSubmit { self.shutDown() }.value()
        if let closedError { throw closedError }
    }

    /// Has ``run()`` return once what is being handled is finished; no further request is taken.
    ///
    /// Requests that were delivered and not begun go back to the queue at once. What takes longer than
    /// ``RPCServerConfiguration/shutdownTimeout`` is given up; cancel the task of ``run()`` to have it cancelled sooner.
    /// Safe to call from any task, more than once.
    public func triggerGracefulShutdown() {
        self.eventLoop.execute { self.stop(atOnce: false) }
    }
}

// MARK: - Stopping, on the loop

extension RPCServer {
    private func stop(atOnce: Bool) {
        self.eventLoop.assertInEventLoop()
        if atOnce, !self.isStoppingAtOnce {
            self.isStoppingAtOnce = true
            for call in self.calls.values { call.task?.cancel() }
        }
        guard !self.isStopping else { return }
        self.isStopping = true
        while let request = self.held.popFirst() { self.giveBack(request.delivery, on: request.channel) }
        let timeout = TimeAmount(self.configuration.shutdownTimeout)
        self.shutdownTimer = self.eventLoop.assumeIsolated().scheduleTask(in: timeout) { self.giveUp() }
        self.stopConsuming().assumeIsolated().whenComplete { _ in
            self.isConsumerGone = true
            self.endIfDone()
        }
    }

    /// Ends ``run()`` when nothing is left to be done.
    func endIfDone() {
        guard self.isConsumerGone, self.calls.isEmpty else { return }
        self.shutdownTimer?.cancel()
        self.ended.succeed()
    }

    /// The time is up: closing the channel, which follows, has the broker deliver the requests to somebody else.
    private func giveUp() {
        if !self.calls.isEmpty { self.logGivenUp() }
        self.isStoppingAtOnce = true
        for call in self.calls.values { call.giveUp() }
        self.ended.succeed()
    }

    /// The connection is closed for good: no answer can be sent any more.
    func connectionEnded() {
        self.isConsumerGone = true
        self.stop(atOnce: true)
        self.endIfDone()
    }
}
