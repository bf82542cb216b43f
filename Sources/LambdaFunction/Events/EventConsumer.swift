import AMQP
import LambdaMessages
import LambdaMetrics
import LambdaProtocol
import Logging
import NIOCore

/// Takes a function's events from their queue, has them run, and sees to what follows.
///
/// It consumes and acknowledges on a connection of its own, which never publishes: so a broker whose memory is full
/// reads it, and a backlog drains. What has to be published for an event goes through the outbox, and the event is
/// acknowledged after the confirm.
// @unchecked: every member is used on `eventLoop` only (asserted).
final class EventConsumer: @unchecked Sendable {
    let configuration: EventConfiguration
    let outbox: EventOutbox
    let invoker: any EventInvoker
    let logger: Logger
    let meter: FunctionMeter?
    private let connection: AMQPConnection
    private let eventLoop: any EventLoop
    let watcher: QueueWatcher

    private var channel: AMQPLinkChannel?
    var intake = EventIntake()
    private var failedSetUps = 0
    /// No event was consumed on any channel yet.
    private var isFirst = true
    var runs: [EventRun] = []
    var settledEvents = SettledEvents()
    private var drained: EventLoopPromise<Void>?
    /// Lanes whose end the broker has not agreed to.
    private var endingLanes = 0

    init(
        configuration: EventConfiguration, connection: AMQPConnection, outbox: EventOutbox,
        invoker: any EventInvoker, logger: Logger, meter: FunctionMeter?
    ) {
        self.configuration = configuration
        self.connection = connection
        self.eventLoop = connection.eventLoop
        self.watcher = QueueWatcher(period: configuration.watchPeriod, eventLoop: connection.eventLoop)
        self.outbox = outbox
        self.invoker = invoker
        self.logger = logger
        self.meter = meter
    }

    /// Begins to consume, on this link and on every later one.
    func start() -> EventLoopFuture<Void> {
        self.outbox.queues.onMade = { [weak self] queue in
            if queue == .async { self?.queueWasMade() }
        }
        return self.connection.register(self)
    }

    var isDraining: Bool { self.drained != nil }

    /// Takes no further event, gives back what has not started, and completes when the rest is acknowledged.
    func drain() -> EventLoopFuture<Void> {
        self.eventLoop.assertInEventLoop()
        if let drained = self.drained { return drained.futureResult }
        let drained = self.eventLoop.makePromise(of: Void.self)
        self.drained = drained
        self.outbox.isEnding = true
        self.watcher.stop()
        for lane in self.intake.removeAll() { self.endLane(lane) }
        self.invoker.refuseWaitingEvents()
        self.completeDrainIfQuiet()
        return drained.futureResult
    }

    private func completeDrainIfQuiet() {
        guard self.runs.isEmpty, self.endingLanes == 0 else { return }
        self.drained?.succeed()
    }
}

// MARK: - Setting up

extension EventConsumer: AMQPRecoverable {
    func linkOpened(_ link: AMQPLink) -> EventLoopFuture<Void> {
        guard !self.isDraining else { return self.eventLoop.makeSucceededVoidFuture() }
        return self.setUp(on: link).flatMapErrorThrowing { error in self.setUpFailed(error, on: link) }
    }

    func linkLost(_ error: AMQPError) {
        self.channelLost()
    }

    func connectionClosed(_ error: AMQPError) {
        self.watcher.stop()
        self.channelLost()
    }

    /// The queue was gone and is there again, so whoever consumes here consumes from one that is no more.
    ///
    /// The broker says so in a `basic.cancel`, but not always: RabbitMQ 3.10 takes the consumer over to a quorum queue
    /// that has the name again at once, and then delivers nothing to it. Another channel is free of that.
    private func queueWasMade() {
        guard self.intake.count > 0, let channel = self.channel, channel.isOpen else { return }
        channel.close().whenComplete { _ in }  // which is heard of, and consumed again after
    }

    private func channelLost() {
        self.channel = nil
        self.intake.lost()
        for run in self.runs { run.delivery = nil }
    }

    private func setUp(on link: AMQPLink) -> EventLoopFuture<Void> {
        // The dead letters first: the queue for events names them.
        self.outbox.queues.find(.deadLetter, on: link)
            .flatMap { self.outbox.queues.find(.async, on: link) }
            .flatMap { self.openChannel(on: link) }
            .map { channel in
                guard !self.isDraining, let lane = self.intake.ready() else { return }
                self.open(lane, on: channel)
                self.failedSetUps = 0
                self.watcher.start(for: self)
                self.logger.log(
                    level: self.isFirst ? .info : .debug, "Consuming events", metadata: ["queue": "\(self.queue)"])
                self.isFirst = false
            }
    }

    private func openChannel(on link: AMQPLink) -> EventLoopFuture<AMQPLinkChannel> {
        if let channel = self.channel, channel.isOpen { return self.eventLoop.makeSucceededFuture(channel) }
        return link.openChannel().flatMap { channel in
            channel.onClosed = { error in
                guard self.channel === channel, link.isOpen else { return }
                self.channelLost()
                self.setUpFailed(error, on: link)
            }
            self.channel = channel
            // For each consumer.
            return channel.request(.basicQos(prefetchCount: 1, isGlobal: false), expecting: .qosOK).map { _ in channel }
        }
    }

    private func setUpFailed(_ error: any Error, on link: AMQPLink) {
        guard link.isOpen, !self.isDraining else { return }
        self.failedSetUps += 1
        if self.failedSetUps == 1 {
            self.logger.error(
                "The function's events cannot be consumed; it is tried again",
                metadata: ["queue": "\(self.queue)", "error": "\(error)"])
        }
        let pause = RecoveryStateMachine.backoff(self.failedSetUps, jitter: .random(in: 0...1))
        self.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(pause)) {
            guard link.isOpen, !self.isDraining else { return }
            self.setUp(on: link).assumeIsolated().whenFailure { self.setUpFailed($0, on: link) }
        }
    }

    private var queue: String { EventQueue.async.name(of: self.configuration.queueName) }
}

// MARK: - Watching

extension EventConsumer: QueueWatcher.Consumer {
    var isIdle: Bool { self.runs.isEmpty }

    var watchedChannel: AMQPLinkChannel? { self.intake.count > 0 ? self.channel : nil }

    var watchedQueue: AMQPQueueDeclaration { AMQPQueueDeclaration(name: self.queue) }

    /// It was found, most likely, and nobody says what it is; to consume anew does a classic one no harm.
    var isQueueClassic: Bool { false }

    func consumeAnew(insteadOf channel: AMQPLinkChannel, _ finding: QueueWatch.Finding) {
        guard self.channel === channel, channel.isOpen, self.runs.isEmpty, !self.isDraining else { return }
        if finding == .forgotten {
            self.logger.warning(
                "The broker has forgotten the consumers of events; consuming anew", metadata: ["queue": "\(self.queue)"])
        }
        self.channelLost()
        let link = channel.link
        channel.close().whenComplete { _ in
            guard link.isOpen, !self.isDraining else { return }
            self.setUp(on: link).assumeIsolated().whenFailure { self.setUpFailed($0, on: link) }
        }
    }
}

// MARK: - Lanes

extension EventConsumer {
    private func open(_ lane: Int, on channel: AMQPLinkChannel) {
        let consumption = AMQPConsumption(queue: self.queue, consumerTag: Self.tag(of: lane))
        channel.consume(
            consumption, deliver: { self.received($0, lane: lane, on: channel) },
            cancelled: { self.cancelled(lane, on: channel) }
        ).whenComplete { _ in }  // a refusal closes the channel, which is heard of
    }

    private static func tag(of lane: Int) -> AMQPShortString { AMQPShortString("events-\(lane)") }

    private func endLane(_ lane: Int) {
        guard let channel = self.channel, channel.isOpen else { return }
        self.endingLanes += 1
        channel.cancel(Self.tag(of: lane)).assumeIsolated().whenComplete { _ in
            self.endingLanes -= 1
            self.completeDrainIfQuiet()
        }
    }

    /// The queue was deleted, or has moved to another node of the cluster.
    private func cancelled(_ lane: Int, on channel: AMQPLinkChannel) {
        self.intake.ended(lane)
        self.setUpFailed(AMQPError(.consumerCancelled, "the broker ended the consumer"), on: channel.link)
    }

    func began(_ run: EventRun) {
        run.isStarted = true
        guard let delivery = run.delivery, let lane = self.intake.began(delivery.lane), !self.isDraining else { return }
        self.open(lane, on: delivery.channel)
    }

    /// Everything that had to be done for an event is done.
    func settle(_ run: EventRun) {
        self.runs.removeAll { $0 === run }
        defer { self.completeDrainIfQuiet() }
        guard let delivery = run.delivery, delivery.channel.isOpen else {
            return self.settledEvents.insert(run.message.identity)
        }
        self.acknowledge(delivery)
    }

    func acknowledge(_ delivery: EventRun.Delivery) {
        let settlement = self.intake.settled(delivery.lane, freesEnvironment: !self.invoker.hasWaitingCallers)
        if settlement == .endLane { self.endLane(delivery.lane) }
        do {
            try delivery.channel.ack(delivery.tag)
        } catch {
            self.logger.warning("An event could not be acknowledged", metadata: ["error": "\(error)"])
        }
    }
}
