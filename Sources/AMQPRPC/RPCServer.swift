public import AMQP
import Logging
import NIOCore

/// Handles the requests of a queue, several at once, and sends their replies.
///
/// Reply and acknowledgement leave in one write. When the connection goes in between, the broker delivers the request
/// again, so that a request is handled at least once; after a lost connection the server consumes again by itself.
public final class RPCServer: @unchecked Sendable {
    // @unchecked: every `var` is used on `eventLoop` only.
    /// Turns a request into what becomes of it.
    ///
    /// Called concurrently, up to the configured number.
    public typealias Handler = @Sendable (AMQPDelivery) async -> RPCAnswer

    struct Work: Sendable {
        var delivery: AMQPDelivery
        var channel: AMQPLinkChannel
    }

    let connection: AMQPConnection
    let eventLoop: any EventLoop
    let configuration: RPCServerConfiguration
    let instruments: CallInstruments?
    private let handler: Handler

    var work: AsyncStream<Work>.Continuation?
    var channel: AMQPLinkChannel?
    var consumerTag: AMQPShortString?
    var setUpRetry = SetUpRetry()
    var isStopping = false
    /// Why the last set-up failed.
    var setUpError: AMQPError?
    /// Why the connection ended for good.
    var closedError: AMQPError?

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
        self.instruments = CallInstruments(configuration.observability, .rpcServer)
        self.handler = handler
    }

    /// Serves until the task is cancelled or the connection is closed.
    ///
    /// On cancellation no further request is taken; what is being handled is cancelled, too, and its answer still sent.
    /// Requests that were delivered and not begun go back to the queue.
    ///
    /// - Throws: `AMQPError` when the queue cannot be declared or consumed at first, when ``run()`` was called before, or
    ///   when the connection is closed.
    public func run() async throws(AMQPError) {
        guard (1...65535).contains(self.configuration.concurrency) else {
            throw AMQPError(.invalidArgument, "concurrency must be from 1 to 65535")
        }
        let (work, continuation) = AsyncStream.makeStream(of: Work.self)
        try await self.eventLoop.flatSubmit { self.start(continuation) }.value()
        await self.handle(work)
        let closedError = try await self.eventLoop.flatSubmit { self.shutDown() }.value()
        if let closedError { throw closedError }
    }

    private func handle(_ work: AsyncStream<Work>) async {
        await withDiscardingTaskGroup { group in
            for await item in work {
                group.addTask {
                    let answer = await self.observed(item.delivery) { await self.handler(item.delivery) }
                    self.eventLoop.execute { self.finish(item, answer) }
                }
            }
            // Cancelled or closed: nothing new may come while the last ones are handled.
            try? await self.eventLoop.flatSubmit { self.stopConsuming() }.get()
        }
    }
}

// MARK: - One answer

extension RPCServer {
    private func finish(_ work: Work, _ answer: RPCAnswer) {
        do {
            switch answer {
            case .reply(let reply): try self.reply(reply, to: work)
            case .noReply: break
            case .reject(let requeue):
                if work.channel.isOpen { try work.channel.reject(work.delivery.deliveryTag, requeue: requeue) }
                return
            }
            // A tag belongs to its channel; on a later one it would acknowledge somebody else's request.
            if work.channel.isOpen { try work.channel.ack(work.delivery.deliveryTag) }
        } catch {
            self.log("A reply was not sent", error)
            self.refuse(work)
        }
    }

    private func reply(_ reply: RPCReply, to work: Work) throws(AMQPError) {
        guard let replyTo = work.delivery.properties.replyTo else { return }
        guard let channel = work.channel.isOpen ? work.channel : self.channel, channel.isOpen else {
            throw AMQPError(.connectionLost, "no connection; the broker delivers the request again")
        }
        var properties = reply.properties
        properties.correlationID = work.delivery.properties.correlationID
        // Never mandatory: direct reply-to addresses come back as unroutable on some brokers (field 2.1).
        try channel.publish(
            exchange: .empty, routingKey: replyTo, isMandatory: false, properties: properties, body: reply.body)
    }

    /// A reply that cannot be sent, since it is too large for one, would fail again: so the request is not given back.
    private func refuse(_ work: Work) {
        guard work.channel.isOpen else { return }
        do {
            try work.channel.reject(work.delivery.deliveryTag, requeue: false)
        } catch {
            self.log("A request was not refused", error)
        }
    }

    func log(_ message: Logger.Message, _ error: any Error) {
        self.connection.logger.warning(
            message, metadata: ["queue": "\(self.configuration.queue.name)", "error": "\(error)"])
    }
}
