package import NIOCore

/// A channel: where exchanges and queues are declared, and messages published and consumed.
///
/// It survives a lost connection: what was declared, bound and consumed through it is so again on the next one. It ends
/// when it is closed, by ``close()`` or by the broker for an error; open another then.
///
/// Safe to use from any task. Calls are answered in the order in which they were made.
public final class AMQPChannel: @unchecked Sendable {
    // @unchecked: every stored `var` is used on `eventLoop` only (asserted at the entries).
    package let connection: AMQPConnection
    package let eventLoop: any EventLoop

    private var topology = ChannelTopology()
    private var channel: AMQPLinkChannel?
    private var consumers: [AMQPShortString: AMQPConsumer.Source] = [:]
    private var publishersWaiting = PublisherQueue()
    private var nextConsumerNumber = 1
    /// Why the channel has ended; `nil` while it has not.
    private var endedError: AMQPError?

    package init(connection: AMQPConnection) {
        self.connection = connection
        self.eventLoop = connection.eventLoop
    }
}

extension AMQPConnection {
    /// Opens a channel.
    ///
    /// - Throws: `connectionLost` while there is no connection; `resourceRefused` when `channel_max` is reached.
    public func openChannel() async throws(AMQPError) -> AMQPChannel {
        let channel = AMQPChannel(connection: self)
        try await self.eventLoop.flatSubmit { self.register(channel).flatMap { channel.requireOpen() } }.value()
        return channel
    }
}

// MARK: - Exchanges and queues

extension AMQPChannel {
    /// Declares an exchange.
    ///
    /// - Throws: `channelClosed` with reply code 406 when one of that name exists and differs; the channel is closed then.
    public func declareExchange(_ exchange: AMQPExchangeDeclaration) async throws(AMQPError) {
        _ = try await self.call(.exchangeDeclare(exchange, passive: false), .exchangeDeclareOK) {
            $0.exchangeDeclared(exchange)
        }
    }

    /// Checks that an exchange exists.
    ///
    /// - Throws: `channelClosed` with reply code 404 when it does not; the channel is closed then.
    public func checkExchange(_ name: String) async throws(AMQPError) {
        let exchange = AMQPExchangeDeclaration(name: name, type: "direct")
        _ = try await self.call(.exchangeDeclare(exchange, passive: true), .exchangeDeclareOK)
    }

    /// Deletes an exchange; with `ifUnused` only when nothing is bound to it.
    public func deleteExchange(_ name: String, ifUnused: Bool = false) async throws(AMQPError) {
        _ = try await self.call(.exchangeDelete(exchange: name, ifUnused: ifUnused), .exchangeDeleteOK) {
            $0.exchangeDeleted(name)
        }
    }

    /// Binds an exchange to another.
    public func bind(_ binding: AMQPExchangeBinding) async throws(AMQPError) {
        _ = try await self.call(.exchangeBind(binding), .exchangeBindOK) { $0.bound(binding) }
    }

    /// Takes an exchange's binding away.
    public func unbind(_ binding: AMQPExchangeBinding) async throws(AMQPError) {
        _ = try await self.call(.exchangeUnbind(binding), .exchangeUnbindOK) { $0.unbound(binding) }
    }

    /// Declares a queue.
    ///
    /// - Returns: its name, which the broker makes where the declaration's is empty, and what is in it.
    /// - Throws: `channelClosed` with reply code 406 when one of that name exists and differs; the channel is closed then.
    public func declareQueue(_ queue: AMQPQueueDeclaration) async throws(AMQPError) -> AMQPQueueStatus {
        try await self.declareQueue(queue, passive: false)
    }

    /// Checks that a queue exists.
    ///
    /// - Throws: `channelClosed` with reply code 404 when it does not; the channel is closed then.
    public func checkQueue(_ name: String) async throws(AMQPError) -> AMQPQueueStatus {
        try await self.declareQueue(AMQPQueueDeclaration(name: name), passive: true)
    }

    private func declareQueue(
        _ queue: AMQPQueueDeclaration, passive: Bool
    ) async throws(AMQPError) -> AMQPQueueStatus {
        let method = try await self.call(.queueDeclare(queue, passive: passive), .queueDeclareOK) { topology, method in
            guard !passive, case .queueDeclareOK(let ok) = method else { return }
            topology.queueDeclared(queue, name: ok.queue.string)
        }
        guard case .queueDeclareOK(let ok) = method else { throw .unexpectedReply(method) }
        return AMQPQueueStatus(
            name: ok.queue.string, messageCount: Int(ok.messageCount), consumerCount: Int(ok.consumerCount))
    }

    /// Binds a queue to an exchange.
    public func bind(_ binding: AMQPQueueBinding) async throws(AMQPError) {
        _ = try await self.call(.queueBind(binding), .queueBindOK) { $0.bound(binding) }
    }

    /// Takes a queue's binding away.
    public func unbind(_ binding: AMQPQueueBinding) async throws(AMQPError) {
        _ = try await self.call(.queueUnbind(binding), .queueUnbindOK) { $0.unbound(binding) }
    }

    /// Drops the messages that wait in a queue.
    ///
    /// - Returns: how many there were.
    @discardableResult
    public func purgeQueue(_ name: String) async throws(AMQPError) -> Int {
        let method = try await self.call(.queuePurge(queue: name), .queuePurgeOK)
        guard case .queuePurgeOK(let count) = method else { throw .unexpectedReply(method) }
        return Int(count)
    }

    /// Deletes a queue; with `ifUnused` only without consumers, with `ifEmpty` only without messages.
    ///
    /// - Returns: how many messages were in it.
    @discardableResult
    public func deleteQueue(
        _ name: String, ifUnused: Bool = false, ifEmpty: Bool = false
    ) async throws(AMQPError) -> Int {
        let method = try await self.call(
            .queueDelete(queue: name, ifUnused: ifUnused, ifEmpty: ifEmpty), .queueDeleteOK
        ) { $0.queueDeleted(name) }
        guard case .queueDeleteOK(let count) = method else { throw .unexpectedReply(method) }
        return Int(count)
    }

    /// Whether the channel has not been closed, by ``close()`` or by the broker; it may be without a connection for a
    /// while.
    package var isOpen: Bool {
        get async {
            await withCheckedContinuation { continuation in
                self.eventLoop.execute { continuation.resume(returning: self.endedError == nil) }
            }
        }
    }

    /// The name that a queue has now: one that the broker named gets a new name when a lost connection is back.
    public func currentName(ofQueue name: String) async -> String {
        await withCheckedContinuation { continuation in
            self.eventLoop.execute { continuation.resume(returning: self.topology.currentName(of: name)) }
        }
    }
}

/// What the broker says of a queue.
public struct AMQPQueueStatus: Sendable, Hashable {
    /// The queue's name.
    public let name: String
    /// Messages that are ready to be delivered.
    public let messageCount: Int
    /// Consumers that read the queue.
    public let consumerCount: Int
}

// MARK: - Publishing

extension AMQPChannel {
    /// Publishes a message, and does not wait for the broker. Waits while too much is buffered, or the broker blocks.
    ///
    /// - Parameters:
    ///   - message: Properties and body.
    ///   - exchange: The exchange; empty is the default one, which routes to the queue named by the routing key.
    ///   - routingKey: The routing key.
    /// - Throws: `connectionLost` while there is no connection; nothing was sent then. `cancelled` when the task is
    ///   cancelled while it waits. A loss after this returned is not noticed: use ``publishConfirmed(_:to:routingKey:isMandatory:)``
    ///   where that matters.
    public func publish(
        _ message: AMQPMessage, to exchange: AMQPShortString = .empty, routingKey: AMQPShortString
    ) async throws(AMQPError) {
        try await self.whenWritable()
        try await self.onLoop { (channel) throws(AMQPError) in
            try channel.publish(
                exchange: exchange, routingKey: routingKey, isMandatory: false, properties: message.properties,
                body: message.body)
        }
    }

    /// Has the broker confirm what ``publishConfirmed(_:to:routingKey:isMandatory:)`` publishes. Call it once.
    public func selectConfirms() async throws(AMQPError) {
        try await self.onLoopFuture { channel in
            channel.selectConfirms().map { self.topology.confirmsSelected() }
        }
    }

    /// Publishes a message, and waits until the broker has taken it over.
    ///
    /// - Parameters:
    ///   - message: Properties and body.
    ///   - exchange: The exchange; empty is the default one.
    ///   - routingKey: The routing key.
    ///   - isMandatory: Fail with `unroutable` when no queue takes it, rather than drop it.
    /// - Throws: `unroutable`; `nacked` when the broker refuses it (a full queue); `connectionLost` when the connection
    ///   goes before the confirm: the broker may have the message then.
    public func publishConfirmed(
        _ message: AMQPMessage, to exchange: AMQPShortString = .empty, routingKey: AMQPShortString,
        isMandatory: Bool = true
    ) async throws(AMQPError) {
        try await self.whenWritable()
        let outcome = try await self.onLoopFuture { channel in
            let promise = channel.eventLoop.makePromise(of: PublishOutcome.self)
            do {
                try channel.publish(
                    exchange: exchange, routingKey: routingKey, isMandatory: isMandatory,
                    properties: message.properties, body: message.body,
                    confirm: { promise.completeWith($0.mapError { $0 as any Error }) })
            } catch {
                promise.fail(error)
            }
            return promise.futureResult
        }
        switch outcome {
        case .confirmed: return
        case .nacked: throw AMQPError(.nacked, "the broker did not take a message for \(routingKey)")
        case .returned(let code, let text):
            throw AMQPError(
                .unroutable, "no queue for routing key \(routingKey): \(text)", replyCode: AMQPReplyCode(rawValue: code),
                isServerInitiated: true)
        }
    }

    /// Waits until the link takes more: the socket's buffer has room, and the broker does not block publishers.
    private func whenWritable() async throws(AMQPError) {
        let ticket = PublisherQueue.Ticket()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                self.eventLoop.execute {
                    guard let link = self.channel?.link, !link.takesPublishes, self.endedError == nil else {
                        return continuation.resume(returning: true)
                    }
                    self.publishersWaiting.wait(ticket, continuation)
                }
            }
        } onCancel: {
            self.eventLoop.execute { self.publishersWaiting.cancel(ticket) }
        }
        if !result { throw AMQPError(.cancelled, "the task was cancelled while it waited to publish") }
    }
}

// MARK: - Consuming

extension AMQPChannel {
    /// Sets how many messages each later consumer may hold unacknowledged.
    ///
    /// - Parameter prefetchCount: 1 to 65 535; zero is no limit.
    public func setPrefetch(_ prefetchCount: UInt16) async throws(AMQPError) {
        _ = try await self.call(.basicQos(prefetchCount: prefetchCount, isGlobal: false), .qosOK) {
            $0.qosSet(prefetchCount: prefetchCount)
        }
    }

    /// Consumes from a queue.
    ///
    /// - Returns: the messages. Leaving the loop over them, or dropping them, ends the consumer.
    public func consume(_ consumption: AMQPConsumption) async throws(AMQPError) -> AMQPConsumer {
        try await self.eventLoop.flatSubmit { self.startConsuming(consumption) }.value()
    }

    /// Acknowledges a message; with `multiple`, all that this channel's consumers got up to it.
    ///
    /// - Throws: `connectionLost` for a message of a connection that was lost since: the broker delivers it again.
    public func ack(_ delivery: AMQPDelivery, multiple: Bool = false) async throws(AMQPError) {
        try await self.onLoop(epoch: delivery.epoch) { (channel) throws(AMQPError) in
            try channel.ack(delivery.deliveryTag, multiple: multiple)
        }
    }

    /// Acknowledges a message that was asked for with ``get(queue:noAck:)``.
    public func ack(_ message: AMQPFetchedMessage) async throws(AMQPError) {
        try await self.onLoop(epoch: message.epoch) { (channel) throws(AMQPError) in
            try channel.ack(message.deliveryTag)
        }
    }

    /// Refuses a message; it goes back to its queue with `requeue`, else it is dead-lettered or dropped.
    public func nack(_ delivery: AMQPDelivery, multiple: Bool = false, requeue: Bool) async throws(AMQPError) {
        try await self.onLoop(epoch: delivery.epoch) { (channel) throws(AMQPError) in
            try channel.nack(delivery.deliveryTag, multiple: multiple, requeue: requeue)
        }
    }

    /// Refuses one message with AMQP's own method, which a quorum queue counts towards its delivery limit.
    public func reject(_ delivery: AMQPDelivery, requeue: Bool) async throws(AMQPError) {
        try await self.onLoop(epoch: delivery.epoch) { (channel) throws(AMQPError) in
            try channel.reject(delivery.deliveryTag, requeue: requeue)
        }
    }

    /// Has the broker deliver again what is unacknowledged on this channel.
    public func recover() async throws(AMQPError) {
        _ = try await self.call(.basicRecover(requeue: true), .recoverOK)
    }

    /// Asks for one message.
    ///
    /// - Returns: `nil` when the queue is empty.
    public func get(queue: String, noAck: Bool = false) async throws(AMQPError) -> AMQPFetchedMessage? {
        let reply = try await self.onLoopFuture { $0.request(.basicGet(queue: queue, noAck: noAck), expecting: .get) }
        guard case .message(let message) = reply else { return nil }
        return message
    }

    /// Closes the channel. Its consumers end; what they hold unacknowledged goes back to the queues.
    public func close() async throws(AMQPError) {
        try await self.eventLoop.flatSubmit {
            self.connection.unregister(self)
            let channel = self.channel
            self.end(AMQPError(.channelClosed, "the channel was closed"))
            return channel.map { $0.isOpen ? $0.close() : self.eventLoop.makeSucceededVoidFuture() }
                ?? self.eventLoop.makeSucceededVoidFuture()
        }.value()
    }
}

// MARK: - On the loop

extension AMQPChannel {
    private func current() throws(AMQPError) -> AMQPLinkChannel {
        self.eventLoop.assertInEventLoop()
        if let error = self.endedError { throw error }
        guard let channel = self.channel else {
            throw AMQPError(.connectionLost, "there is no connection to the broker now")
        }
        return channel
    }

    fileprivate func requireOpen() -> EventLoopFuture<Void> {
        self.eventLoop.makeCompletedFuture { _ = try self.current() }
    }

    private func onLoop(
        epoch: ChannelEpoch? = nil, _ body: @escaping @Sendable (AMQPLinkChannel) throws(AMQPError) -> Void
    ) async throws(AMQPError) {
        try await self.eventLoop.submit {
            let channel = try self.current()
            guard epoch == nil || epoch == channel.epoch else {
                throw AMQPError(.connectionLost, "the message is of a connection that was lost; it is delivered again")
            }
            try body(channel)
        }.value()
    }

    private func onLoopFuture<Value: Sendable>(
        _ body: @escaping @Sendable (AMQPLinkChannel) -> EventLoopFuture<Value>
    ) async throws(AMQPError) -> Value {
        try await self.eventLoop.flatSubmit {
            do {
                return body(try self.current())
            } catch {
                return self.eventLoop.makeFailedFuture(error)
            }
        }.value()
    }

    /// Sends a request; where the broker agrees, `record` keeps it for the next connection.
    private func call(
        _ method: ClientMethod, _ expectation: ChannelStateMachine<AMQPLinkChannel.Waiter>.Expectation,
        record: @escaping @Sendable (inout ChannelTopology, ServerMethod) -> Void
    ) async throws(AMQPError) -> ServerMethod {
        let reply = try await self.onLoopFuture { channel in
            channel.request(method, expecting: expectation).map { reply in
                if case .method(let method) = reply { record(&self.topology, method) }
                return reply
            }
        }
        guard case .method(let method) = reply else {
            throw AMQPError(.protocolViolation, "a message came where a reply was expected")
        }
        return method
    }

    private func call(
        _ method: ClientMethod, _ expectation: ChannelStateMachine<AMQPLinkChannel.Waiter>.Expectation,
        record: @escaping @Sendable (inout ChannelTopology) -> Void = { _ in }
    ) async throws(AMQPError) -> ServerMethod {
        try await self.call(method, expectation, record: { topology, _ in record(&topology) })
    }

    private func startConsuming(_ consumption: AMQPConsumption) -> EventLoopFuture<AMQPConsumer> {
        do {
            let channel = try self.current()
            var consumption = consumption
            if consumption.consumerTag.byteCount == 0 {
                // Ours, so that it stays the same on the next connection.
                consumption.consumerTag = AMQPShortString("consumer-\(self.nextConsumerNumber)")
                self.nextConsumerNumber += 1
            }
            let (consumer, source) = AMQPConsumer.make(tag: consumption.consumerTag, channel: self)
            self.consumers[consumption.consumerTag] = source
            let recorded = consumption
            return self.consume(consumption, source, on: channel).map {
                self.topology.consumed(recorded)
                return consumer
            }.flatMapErrorThrowing { error in
                self.consumers[recorded.consumerTag] = nil
                throw error
            }
        } catch {
            return self.eventLoop.makeFailedFuture(error)
        }
    }

    private func consume(
        _ consumption: AMQPConsumption, _ source: AMQPConsumer.Source, on channel: AMQPLinkChannel
    ) -> EventLoopFuture<Void> {
        source.attach(channel.link)
        return channel.consume(
            consumption, deliver: { source.yield($0) },
            cancelled: {
                self.consumerEnded(
                    consumption.consumerTag,
                    AMQPError(.consumerCancelled, "the broker ended the consumer of \(consumption.queue)"))
            }
        ).map { _ in }
    }

    /// The reader of a consumer has gone.
    func consumerAbandoned(_ consumerTag: AMQPShortString) {
        self.topology.consumerEnded(consumerTag)
        guard self.consumers.removeValue(forKey: consumerTag) != nil, let channel = self.channel, channel.isOpen else {
            return
        }
        _ = channel.cancel(consumerTag)
    }

    private func consumerEnded(_ consumerTag: AMQPShortString, _ error: AMQPError) {
        self.topology.consumerEnded(consumerTag)
        self.consumers.removeValue(forKey: consumerTag)?.finish(error)
    }

    private func end(_ error: AMQPError) {
        guard self.endedError == nil else { return }
        self.endedError = error
        self.channel = nil
        let consumers = self.consumers.values
        self.consumers = [:]
        for consumer in consumers { consumer.finish(error) }
        self.publishersWaiting.resumeAll()
    }
}

// MARK: - Recovery

extension AMQPChannel: AMQPRecoverable {
    package func linkOpened(_ link: AMQPLink) -> EventLoopFuture<Void> {
        link.openChannel().flatMap { channel in
            channel.onClosed = { error in
                guard channel.link.isOpen, self.channel === channel else { return }
                self.connection.unregister(self)
                self.end(error)
            }
            return self.replay(on: channel).map {
                self.channel = channel
                self.publishersWaiting.resumeAll()
            }
        }.flatMapErrorThrowing { error in
            // The link's own end is not ours; anything else is: the broker refuses what it once agreed to.
            guard link.isOpen else { return }
            if (error as? AMQPError)?.replyCode == .resourceLocked { return self.recoverLater(on: link) }
            self.connection.unregister(self)
            self.end(error as? AMQPError ?? AMQPError(.channelClosed, "\(error)", underlying: error))
        }
    }

    /// An exclusive queue still belongs to the lost connection, which the broker has not given up yet.
    private func recoverLater(on link: AMQPLink) {
        self.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) {
            guard link.isOpen, self.endedError == nil else { return }
            _ = self.linkOpened(link)
        }
    }

    package func linkWritable() {
        self.publishersWaiting.resumeAll()
    }

    package func linkLost(_ error: AMQPError) {
        self.channel = nil
        // Whoever waits to publish finds out that there is no connection.
        self.publishersWaiting.resumeAll()
    }

    package func connectionClosed(_ error: AMQPError) {
        self.end(error)
    }

    private func replay(on channel: AMQPLinkChannel) -> EventLoopFuture<Void> {
        let topology = self.topology
        var steps: [EventLoopFuture<Void>] = []
        func request(_ method: ClientMethod, _ expectation: ChannelStateMachine<AMQPLinkChannel.Waiter>.Expectation) {
            steps.append(channel.request(method, expecting: expectation).map { _ in })
        }
        if let prefetch = topology.prefetchCount {
            request(.basicQos(prefetchCount: prefetch, isGlobal: false), .qosOK)
        }
        if topology.isConfirming { steps.append(channel.selectConfirms()) }
        for exchange in topology.exchanges { request(.exchangeDeclare(exchange, passive: false), .exchangeDeclareOK) }
        for binding in topology.exchangeBindings { request(.exchangeBind(binding), .exchangeBindOK) }
        for queue in topology.queues { steps.append(self.redeclare(queue, on: channel)) }
        // Requests are answered in order, so that one failure makes all later ones fail with it.
        return EventLoopFuture.andAllSucceed(steps, on: self.eventLoop).flatMap { self.replayBindings(on: channel) }
    }

    /// After the queues, since bindings and consumers need the names that the broker made.
    private func replayBindings(on channel: AMQPLinkChannel) -> EventLoopFuture<Void> {
        var steps = self.topology.queueBindings.map { binding in
            channel.request(.queueBind(binding), expecting: .queueBindOK).map { _ in }
        }
        for consumption in self.topology.consumers {
            guard let source = self.consumers[consumption.consumerTag] else { continue }
            steps.append(self.consume(consumption, source, on: channel))
        }
        return EventLoopFuture.andAllSucceed(steps, on: self.eventLoop)
    }

    private func redeclare(_ queue: ChannelTopology.Queue, on channel: AMQPLinkChannel) -> EventLoopFuture<Void> {
        channel.request(.queueDeclare(queue.declaration, passive: false), expecting: .queueDeclareOK).map { reply in
            guard case .method(.queueDeclareOK(let ok)) = reply else { return }
            self.topology.queueRenamed(from: queue.currentName, to: ok.queue.string)
        }
    }
}

extension AMQPError {
    static func unexpectedReply(_ method: ServerMethod) -> AMQPError {
        AMQPError(.protocolViolation, "\(method.name) came as a reply")
    }
}
