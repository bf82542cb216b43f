public import Logging
public import NIOCore
public import NIOPosix

/// A connection to RabbitMQ that comes back by itself.
///
/// When the link to the broker is lost, a new one is opened after a growing pause (0.1 s to 2 s, with jitter), for ever;
/// then channels, exchanges, queues, bindings and consumers are declared again, server-named queues under their new
/// names. What was under way fails with a transient error, and nobody knows whether the broker had it.
///
/// There is no pool of connections, since one is used by any number of tasks at once: what they send in one turn of the
/// event loop leaves in one write, requests are answered in order without waiting for each other, and a broker confirms in
/// bulk. It is the broker's process of the connection, and its queues, that are the bottleneck long before the socket. Two
/// connections are worth having where the one publishes and the other consumes: an alarm of the broker stops reading from
/// the first and leaves the second alone. More help only where the broker's process of one connection is busy all the
/// time; then give each of an event loop group's loops a connection of its own.
public final class AMQPConnection: @unchecked Sendable {
    // @unchecked: every stored `var` is used on `eventLoop` only.
    /// The loop that everything of this connection runs on.
    public let eventLoop: any EventLoop
    /// For tasks that do little but calls of this connection: they run on its event loop then, and their calls need no switch
    /// between threads.
    ///
    /// One for all that use the connection.
    public let taskExecutor: EventLoopTaskExecutor
    /// The settings that it was made with.
    public let configuration: AMQPConfiguration
    package let logger: Logger

    private let connector: AMQPConnector
    private var machine: RecoveryStateMachine
    private var participants: [any AMQPRecoverable] = []
    private var firstConnect: EventLoopPromise<Void>
    private var retryTimer: Scheduled<Void>?
    private let closedPromise: EventLoopPromise<Void>
    /// Why the connection has ended for good; nil while it has not.
    private var endedError: AMQPError?
    /// For everybody who wants to know what it does.
    package let observed = ConnectionStates()

    /// The link that is being opened.
    private var opening: AMQPLink?

    /// The open link, while there is one.
    ///
    /// Use on ``eventLoop`` only.
    package private(set) var link: AMQPLink?

    /// How often the connection stood, with everything set up.
    ///
    /// Use on ``eventLoop`` only.
    package private(set) var connectCount = 0

    /// Prepares a connection; nothing is sent before ``start()``.
    ///
    /// - Parameters:
    ///   - configuration: The settings.
    ///   - eventLoop: What it runs on.
    ///   - taskExecutor: The loop's executor, where there is one already.
    ///   - logger: What it logs to.
    /// - Throws: `invalidConfiguration`, which names the setting.
    package init(
        configuration: AMQPConfiguration, eventLoop: any EventLoop, taskExecutor: EventLoopTaskExecutor? = nil,
        logger: Logger
    ) throws(AMQPError) {
        self.eventLoop = eventLoop
        self.taskExecutor = taskExecutor ?? EventLoopTaskExecutor(eventLoop)
        self.configuration = configuration
        self.logger = logger
        self.connector = try AMQPConnector(configuration: configuration, eventLoop: eventLoop, logger: logger)
        self.machine = RecoveryStateMachine(
            attemptLimit: configuration.connectionAttempts, retryDelay: configuration.retryDelay)
        self.firstConnect = eventLoop.makePromise()
        self.closedPromise = eventLoop.makePromise()
    }

    /// Connects: tries `connectionAttempts` times, `retryDelay` apart.
    ///
    /// - Parameters:
    ///   - configuration: Where to and how.
    ///   - eventLoop: The loop to run on; one of NIO's shared loops unless given.
    ///   - logger: Where connects, losses and recoveries are logged.
    /// - Returns: The connection, which stands and comes back until it is closed.
    /// - Throws: the last attempt's `AMQPError`: `invalidConfiguration`, `accessRefused`, `vhostNotFound`, `tlsFailed`
    ///   or `connectionFailed`; `cancelled` when the task is cancelled before, which ends the attempts.
    public static func connect(
        _ configuration: AMQPConfiguration,
        eventLoop: any EventLoop = MultiThreadedEventLoopGroup.singleton.any(),
        logger: Logger = Logger(label: "amqp", factory: { _ in SwiftLogNoOpLogHandler() })
    ) async throws(AMQPError) -> AMQPConnection {
        let connection = try AMQPConnection(configuration: configuration, eventLoop: eventLoop, logger: logger)
        let started = eventLoop.flatSubmit { connection.start() }
        do {
            try await started.cancellableValue()
        } catch where error.code == .cancelled {
            // No attempt more is wanted, and no connection that comes after all.
            eventLoop.execute { connection.shutdown().whenComplete { _ in } }
            throw error
        }
        return connection
    }

    /// Closes the connection in AMQP's way, and everything on it.
    public func close() async {
        await self.eventLoop.flatSubmit { self.shutdown() }.finished()
    }
}

// MARK: - On the loop

extension AMQPConnection {
    /// Starts connecting; completes with the first success, or the last failure.
    ///
    /// Call on ``eventLoop``.
    package func start() -> EventLoopFuture<Void> {
        self.eventLoop.assertInEventLoop()
        self.perform(self.machine.start(), error: nil)
        return self.firstConnect.futureResult
    }

    /// Adds a participant, and sets it up at once where there is a link. Once the connection has ended the participant is
    /// told so, and the future fails with the reason.
    ///
    /// Call on ``eventLoop``.
    package func register(_ participant: any AMQPRecoverable) -> EventLoopFuture<Void> {
        self.eventLoop.assertInEventLoop()
        if let error = self.endedError {
            participant.connectionClosed(error)
            return self.eventLoop.makeFailedFuture(error)
        }
        self.participants.append(participant)
        guard let link = self.link else { return self.eventLoop.makeSucceededVoidFuture() }
        return participant.linkOpened(link)
    }

    /// Removes a participant.
    ///
    /// Call on ``eventLoop``.
    package func unregister(_ participant: any AMQPRecoverable) {
        self.participants.removeAll { $0 === participant }
    }

    /// Completes when the connection has ended for good.
    package var closed: EventLoopFuture<Void> { self.closedPromise.futureResult }

    /// ``close()`` on the loop.
    package func shutdown() -> EventLoopFuture<Void> {
        self.eventLoop.assertInEventLoop()
        self.machine.close()
        self.retryTimer?.cancel()
        let error = AMQPError(.connectionClosed, "the connection was closed")
        self.opening?.abort(error)
        guard let link = self.link else {
            self.end(error)
            return self.closed
        }
        return link.close().map { self.end(error) }
    }

    private func perform(_ action: RecoveryStateMachine.Action, error: AMQPError?) {
        switch action {
        case .none: break
        case .connect: self.connect()
        case .setUp: self.setUp()
        case .announceConnected:
            self.connectCount += 1
            self.logConnected()
            self.announceConnected()
            self.firstConnect.succeed()
        case .retry(let delay):
            let error = error ?? AMQPError(.connectionLost, "the connection was lost")
            self.announceRecovering(error, retryIn: delay)
            self.retryTimer = self.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) {
                self.perform(self.machine.backoffElapsed(), error: nil)
            }
        case .giveUp:
            let error = error ?? AMQPError(.connectionFailed, "the broker cannot be reached")
            self.firstConnect.fail(error)
            self.end(error)
        }
    }

    private func connect() {
        let connected = self.connector.connectToAny { link in
            self.opening = link
            return self.machine.isConnecting
        }
        connected.assumeIsolated().whenComplete { result in
            self.opening = nil
            switch result {
            case .success(let link): self.linkOpened(link)
            case .failure(let error):
                let error = error as? AMQPError ?? AMQPError(.connectionFailed, "\(error)", underlying: error)
                self.perform(self.machine.connectFailed(jitter: .random(in: 0...1)), error: error)
            }
        }
    }

    private func linkOpened(_ link: AMQPLink) {
        let action = self.machine.linkOpened()
        guard action == .setUp else {
            _ = link.close()
            return
        }
        self.link = link
        link.onClosed = { error in self.linkLost(error) }
        link.onBlockedChanged = { self.blockedChanged($0) }
        link.onWritable = { self.linkWritable() }
        self.perform(action, error: nil)
    }

    private func setUp() {
        guard let link = self.link else { return }
        let setUps = self.participants.map { $0.linkOpened(link) }
        EventLoopFuture.andAllComplete(setUps, on: self.eventLoop).assumeIsolated().whenComplete { _ in
            // When the link falls, the set-ups fail before `linkLost` hears of it.
            guard self.link === link, link.isOpen else { return }
            self.perform(self.machine.setUpDone(), error: nil)
        }
    }

    private func linkLost(_ error: AMQPError) {
        self.link = nil
        for participant in self.participants { participant.linkLost(error) }
        self.perform(self.machine.linkLost(jitter: .random(in: 0...1)), error: error)
    }

    private func end(_ error: AMQPError) {
        guard self.endedError == nil else { return }
        self.endedError = error
        self.machine.close()
        self.observed.announce(.closed(error))
        self.firstConnect.fail(error)
        let participants = self.participants
        self.participants = []
        for participant in participants { participant.connectionClosed(error) }
        self.closedPromise.succeed()
    }

    func linkWritable() {
        guard self.link?.takesPublishes == true else { return }
        for participant in self.participants { participant.linkWritable() }
    }
}
