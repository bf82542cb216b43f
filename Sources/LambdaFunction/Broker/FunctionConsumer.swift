package import AMQP
import LambdaMessages
import LambdaProtocol
package import Logging
package import NIOCore

/// Takes a function's invocations from its queue, has them run, and sends the replies.
///
/// A reply and its acknowledgement leave in one write, so that a message is never acknowledged without its reply. When
/// the connection goes in between, the broker delivers the message again: here it joins its run, or gets the reply that
/// was kept for it.
package final class FunctionConsumer: @unchecked Sendable {
    // @unchecked: every member is used on `eventLoop` only (asserted).
    let configuration: FunctionConsumerConfiguration
    private let connection: AMQPConnection
    let invoker: any CallInvoker
    let eventLoop: any EventLoop
    let logger: Logger
    let queue: FunctionQueue
    /// What is being run, and what becomes of it when its channel goes.
    var calls = RunningCalls<AMQPLinkChannel>()
    var keptReplies: KeptReplies<ReplyMessage?>
    var goneCallers = GoneCallers()
    let attempts = AttemptPolicy()
    /// Publishes calls again that are to be counted; none before the first.
    lazy var publisher = ConfirmedPublisher(connection: self.connection, logger: self.logger)
    var startedPublisher: EventLoopFuture<Void>?
    let streams: StreamedReplies
    /// Takes over what nobody waits for; `nil`: such a message is run as it is, once.
    private let events: EventAcceptance?
    let meter: FunctionMeter?
    /// `nil` where the prefetch is all.
    let lookAhead: LookAhead?
    let watcher: QueueWatcher
    /// What is known of the queue.
    var traits = FunctionQueueTraits()

    /// The channel that is consumed on; `nil` while there is none.
    var channel: AMQPLinkChannel?
    /// The consumers on it.
    var plan = ConsumerPlan()
    var isDraining = false
    /// No further message can come: the broker has agreed to the cancel, or there is no consumer.
    var isCancelled = true
    /// Messages that were delivered and are not done with.
    package internal(set) var running = 0
    /// The function without a qualifier, as the invoker knows it.
    private var unqualified: Result<ResolvedFunction, InvokeError>?
    var drained: EventLoopPromise<Void>?
    /// Set-ups that failed one after the other, for the pause before the next.
    var failedSetUps = 0

    package init(
        configuration: FunctionConsumerConfiguration, connection: AMQPConnection, invoker: any CallInvoker,
        events: EventAcceptance? = nil, logger: Logger, meter: FunctionMeter? = nil
    ) {
        self.configuration = configuration
        self.connection = connection
        self.invoker = invoker
        self.events = events
        self.meter = meter
        self.eventLoop = connection.eventLoop
        self.logger = logger
        self.queue = FunctionQueue(name: configuration.queueName, logger: logger)
        self.keptReplies = KeptReplies(limits: .init(count: configuration.prefetch))
        self.streams = StreamedReplies(logger: logger)
        self.watcher = QueueWatcher(period: configuration.watchPeriod, eventLoop: connection.eventLoop)
        self.lookAhead = configuration.credit.map {
            LookAhead($0, invoker: invoker, logger: logger, meter: meter)
        }
        if configuration.prefersWarm {
            invoker.whenWarmthChanges { [weak self] in self?.adjust() }
        }
        self.lookAhead?.onChange = { [unowned self] in self.adjust() }
        self.lookAhead?.onHandedBack = { [unowned self] tags, channel in self.forget(tags) { $0 === channel } }
    }

    /// Begins to consume, on this link and on every later one. Call on the connection's loop.
    package func start() -> EventLoopFuture<Void> {
        self.connection.register(self)
    }
}

// MARK: - One message

extension FunctionConsumer {
    func received(_ delivery: AMQPDelivery, on channel: AMQPLinkChannel) {
        self.running += 1
        self.watcher.delivered()
        self.lookAhead?.delivered(delivery.deliveryTag)
        if delivery.isRedelivered { self.meter?.counts.redeliveries += 1 }
        if self.mayBeKnown, self.takesUp(delivery, on: channel) { return }
        if !self.goneCallers.isEmpty, self.isForNobody(delivery) { return self.drop(delivery, on: channel) }
        if delivery.properties.replyTo == nil, let events = self.events {
            return self.move(delivery, to: events, on: channel)
        }
        self.run(delivery, on: channel)
    }

    /// Gives an event that was published here the care that events have: nobody waits for it here.
    private func move(_ delivery: AMQPDelivery, to events: EventAcceptance, on channel: AMQPLinkChannel) {
        events.move(delivery.properties, delivery.body) { result in
            if case .impossible = result { return self.run(delivery, on: channel) }
            self.running -= 1
            if case .moved = result, channel.isOpen {
                self.attempt("acknowledge an event") { try channel.ack(delivery.deliveryTag) }
            }
            self.completeDrainIfQuiet()
        }
    }

    private func run(_ delivery: AMQPDelivery, on channel: AMQPLinkChannel) {
        let message = InvocationMessage.read(
            delivery.properties, delivery.body, configuration: self.configuration.messages, now: .now(),
            wallClock: EpochClock.now())
        switch message {
        case .failure(let error):
            let requestID = RequestID.make()
            self.meter?.counts.refused(error)
            self.finish(delivery, .refused(error), requestID: requestID, on: channel)
        case .success(let message):
            if delivery.isRedelivered, !self.mayRun(message, delivery, on: channel) { return }
            self.run(message, delivery, on: channel)
        }
    }

    func run(_ message: InvocationMessage, _ delivery: AMQPDelivery, on channel: AMQPLinkChannel) {
        switch self.resolve(qualifier: message.qualifier) {
        case .failure(let error):
            self.meter?.counts.refused(error)
            self.finish(delivery, .refused(error), requestID: message.request.requestID, on: channel)
        case .success(let function):
            let answer = Answer(message.request.requestID, delivery)
            guard message.invocationType != .dryRun else { return self.acknowledgeDryRun(answer, on: channel) }
            if let stream = message.stream {
                return self.run(
                    message, stream, isRedelivered: delivery.isRedelivered, answer, of: function, on: channel)
            }
            self.call(message, delivery, of: function, on: channel)
        }
    }

    /// Nearly every message names no qualifier: that answer is asked for once.
    private func resolve(qualifier: String?) -> Result<ResolvedFunction, InvokeError> {
        if qualifier == nil, let resolved = self.unqualified { return resolved }
        let name = FunctionName(name: self.configuration.functionName, qualifier: qualifier)
        let resolved = self.invoker.resolve(name)
        if qualifier == nil { self.unqualified = resolved }
        return resolved
    }

    /// What is needed of a delivery once it is done; the event's bytes are not kept that long.
    struct Answer {
        let requestID: String
        let replyTo: AMQPShortString?
        let correlationID: AMQPShortString?
        let deliveryTag: UInt64

        init(_ requestID: String, _ delivery: AMQPDelivery) {
            self.requestID = requestID
            self.replyTo = delivery.properties.replyTo
            self.correlationID = delivery.properties.correlationID
            self.deliveryTag = delivery.deliveryTag
        }
    }

    func finish(
        _ delivery: AMQPDelivery, _ outcome: InvocationOutcome, requestID: String, on channel: AMQPLinkChannel
    ) {
        let mayHaveRun = delivery.isRedelivered || delivery.properties.attempt > 0
        self.finish(Answer(requestID, delivery), mayHaveRun ? outcome.afterRedelivery : outcome, on: channel)
    }

    /// Nothing was run: status 204 and no version, as over HTTP.
    private func acknowledgeDryRun(_ answer: Answer, on channel: AMQPLinkChannel) {
        let message = ReplyMessage(
            acknowledging: 204, requestID: answer.requestID, correlationID: answer.correlationID)
        if let replyTo = answer.replyTo { self.send(message, answer, to: replyTo, on: channel) }
        self.finished(answer, on: channel)
    }

    func finish(_ answer: Answer, _ outcome: InvocationOutcome, on channel: AMQPLinkChannel) {
        if let replyTo = answer.replyTo {
            let message = ReplyMessage(outcome, requestID: answer.requestID, correlationID: answer.correlationID)
            self.send(message, answer, to: replyTo, on: channel)
        } else {
            self.log(outcome, requestID: answer.requestID)
        }
        self.finished(answer, on: channel)
    }

    private func finished(_ answer: Answer, on channel: AMQPLinkChannel) {
        self.running -= 1
        if channel.isOpen { self.attempt("acknowledge a message") { try channel.ack(answer.deliveryTag) } }
        self.completeDrainIfQuiet()
    }

    private func send(
        _ message: ReplyMessage, _ answer: Answer, to replyTo: AMQPShortString, on channel: AMQPLinkChannel
    ) {
        // Otherwise the broker still has the message, and delivers it again.
        guard channel.isOpen else { return }
        self.send(message, to: replyTo, on: channel)
    }

    func log(_ outcome: InvocationOutcome, requestID: String) {
        switch outcome {
        case .result: break
        case .functionError(let reply):
            self.logger.warning(
                "An event ended in a function error",
                metadata: ["requestId": "\(requestID)", "error": "\(String(buffer: reply.body))"])
        case .refused(let error):
            self.logger.warning(
                "An event was not run", metadata: ["requestId": "\(requestID)", "error": "\(error.message)"])
        }
    }

    func attempt(_ what: String, _ body: () throws -> Void) {
        do {
            try body()
        } catch {
            self.logger.warning("Could not \(what)", metadata: ["error": "\(error)"])
        }
    }
}
