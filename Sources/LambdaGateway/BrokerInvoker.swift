package import AMQP
import AMQPRPC
import LambdaMessages
package import LambdaProtocol
package import NIOCore

/// Runs invocations by sending them through RabbitMQ: whatever serves the function's queue answers.
///
/// A function is known by its queue alone: that there is none the broker says, within milliseconds, by returning the
/// message. Every invocation ends in exactly one outcome, by the deadline at the latest.
// @unchecked: every member is used on `eventLoop` only (asserted by the RPC client).
package final class BrokerInvoker: FunctionInvoker, @unchecked Sendable {
    package let eventLoop: any EventLoop

    let configuration: GatewayConfiguration
    private let connection: AMQPConnection
    private let client: RPCClient
    let publisher: EventPublisher
    /// A caller's time-out is being explained: many at once are one and the same trouble.
    private var isExplaining = false

    /// - Parameters:
    ///   - connection: The loop's connection. Call ``start()`` before it connects.
    ///   - configuration: Time-outs and names.
    package init(connection: AMQPConnection, configuration: GatewayConfiguration) {
        self.eventLoop = connection.eventLoop
        self.configuration = configuration
        self.connection = connection
        self.client = RPCClient(
            connection: connection,
            configuration: RPCClientConfiguration(confirmsRequests: configuration.confirmsRequests))
        self.publisher = EventPublisher(
            connection: connection, timeout: configuration.confirmTimeout, limit: configuration.maxUnconfirmedEvents)
    }

    /// Sets up on every link of the connection from now on.
    package func start() -> EventLoopFuture<Void> {
        self.eventLoop.assertInEventLoop()
        return self.client.register().and(self.connection.register(self.publisher)).map { _ in }
    }

    /// Why nothing can be invoked just now; `nil` when all is well.
    package var unreadiness: String? {
        self.eventLoop.assertInEventLoop()
        if let reason = self.connection.link?.blockedReason { return "the broker takes no messages now: \(reason)" }
        guard self.client.isReady, self.publisher.isReady else { return "not connected to the broker" }
        return nil
    }

    /// How many callers wait for an answer.
    package var waitingCount: Int { self.client.callCount }

    /// Replies that nobody waited for any more, or ever.
    var droppedReplyCount: Int { self.client.droppedReplyCount }

    package func resolve(_ name: FunctionName) -> Result<ResolvedFunction, InvokeError> {
        guard FunctionQueueName.of(name.name, qualifier: name.qualifier) != nil else {
            return .failure(.functionNotFound(self.arn(name.name), qualifier: name.qualifier))
        }
        return .success(
            ResolvedFunction(
                name: name.name, qualifier: name.qualifier,
                invokedFunctionARN: self.arn(name.name).text(qualifier: name.qualifier)))
    }

    package func invoke(
        _ request: InvocationRequest, of function: ResolvedFunction,
        completion: @escaping (InvocationOutcome) -> Void
    ) {
        guard let queue = FunctionQueueName.of(function.name, qualifier: function.qualifier) else {
            return completion(.refused(.functionNotFound(self.arn(function.name), qualifier: function.qualifier)))
        }
        let message = RequestMessage(call: request, qualifier: function.qualifier)
        let call = RPCRequest(
            routingKey: AMQPShortString(queue), properties: message.properties, body: request.event)
        self.client.call(call, timeout: self.configuration.invocationTimeout) { result in
            switch result {
            case .success(let reply): completion(InvocationOutcome(reply.properties, reply.body))
            case .failure(let error): self.explain(error, function, queue) { completion(.refused($0)) }
            }
        }
    }

    package func invoke(
        _ request: InvocationRequest, of function: ResolvedFunction, into sink: any ResponseSink,
        completion: @escaping (InvocationOutcome) -> Void
    ) {
        guard let queue = FunctionQueueName.of(function.name, qualifier: function.qualifier) else {
            return completion(.refused(.functionNotFound(self.arn(function.name), qualifier: function.qualifier)))
        }
        var message = RequestMessage(call: request, qualifier: function.qualifier)
        message.stream(credit: self.configuration.streamWindow)
        // The time-out of a stream is for the whole of it; the request is not to start later than any other.
        message.properties.expiration = Self.milliseconds(self.configuration.invocationTimeout)
        let call = RPCRequest(
            routingKey: AMQPShortString(queue), properties: message.properties, body: request.event)
        let stream = BrokerStream(self.client, into: sink, window: self.configuration.streamWindow) { end in
            switch end {
            case .outcome(let outcome): completion(outcome)
            case .failed(let error): self.explain(error, function, queue) { completion(.refused($0)) }
            }
        }
        stream.start(
            call, beginningWithin: self.configuration.invocationTimeout, timeout: self.configuration.streamTimeout)
    }

    /// Looks whether the function's queue is there.
    package func check(_ function: ResolvedFunction, completion: @escaping (InvokeError?) -> Void) {
        guard let queue = FunctionQueueName.of(function.name, qualifier: function.qualifier) else {
            return completion(.functionNotFound(self.arn(function.name), qualifier: function.qualifier))
        }
        self.inspect(queue, within: self.configuration.confirmTimeout).assumeIsolated().whenComplete { result in
            switch result {
            case .success: completion(nil)
            case .failure(let error as AMQPError) where error.replyCode == .notFound:
                completion(.functionNotFound(self.arn(function.name), qualifier: function.qualifier))
            case .failure(let error):
                completion(InvokeError(.serviceUnavailable, (error as? AMQPError)?.message ?? "\(error)"))
            }
        }
    }
}

// MARK: - Details

extension BrokerInvoker {
    func arn(_ name: String) -> FunctionARN {
        FunctionARN(region: self.configuration.region, accountID: self.configuration.accountID, name: name)
    }

    private static func milliseconds(_ time: TimeAmount) -> AMQPShortString {
        AMQPShortString("\(max(1, time.nanoseconds / 1_000_000))")
    }

    /// The error of a call in the words of the contract. A caller that waited in vain is told when there is nobody who
    /// could have answered.
    private func explain(
        _ error: AMQPError, _ function: ResolvedFunction, _ queue: String, completion: @escaping (InvokeError) -> Void
    ) {
        let refusal = InvokeError(error, arn: self.arn(function.name), qualifier: function.qualifier)
        guard error.code == .timedOut, error.mayHaveExecuted, !self.isExplaining else { return completion(refusal) }
        self.isExplaining = true
        self.inspect(queue, within: self.configuration.explanationTimeout).assumeIsolated().whenComplete { result in
            self.isExplaining = false
            guard case .success(let found) = result, found.consumerCount == 0 else { return completion(refusal) }
            completion(InvokeError(.noAnswer, "\(refusal.message) No container serves the function."))
        }
    }

    /// Looks at a queue; bounded in time, since a broker that blocks or has vanished does not answer at all.
    private func inspect(_ queue: String, within limit: TimeAmount) -> EventLoopFuture<ServerMethod.QueueDeclareOK> {
        guard let link = self.connection.link, link.takesPublishes else {
            return self.eventLoop.makeFailedFuture(
                AMQPError(.connectionFailed, self.unreadiness ?? "the connection to the broker does not keep up"))
        }
        let promise = self.eventLoop.makePromise(of: ServerMethod.QueueDeclareOK.self)
        let timer = self.eventLoop.scheduleTask(in: limit) {
            promise.fail(AMQPError(.timedOut, "the broker does not answer"))
        }
        let answer = self.declarePassively(queue, on: link)
        answer.cascade(to: promise)
        answer.whenComplete { _ in timer.cancel() }
        return promise.futureResult
    }

    /// On a channel of its own, since a queue that is not there closes the channel.
    private func declarePassively(
        _ queue: String, on link: AMQPLink
    ) -> EventLoopFuture<ServerMethod.QueueDeclareOK> {
        link.openChannel().flatMap { channel in
            channel.request(.queueDeclare(AMQPQueueDeclaration(name: queue), passive: true), expecting: .queueDeclareOK)
                .flatMap { reply in
                    guard case .method(.queueDeclareOK(let found)) = reply else {
                        return link.eventLoop.makeFailedFuture(
                            AMQPError(.protocolViolation, "the broker did not answer what was asked"))
                    }
                    return channel.close().map { found }
                }
        }
    }
}
