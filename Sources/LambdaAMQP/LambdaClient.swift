public import AMQP
public import AMQPRPC
import LambdaProtocol
public import NIOCore

/// Invokes Lambda functions through RabbitMQ.
///
/// Safe to use from any task; calls run at the same time over one connection, which comes back by itself when it is
/// lost.
public struct LambdaClient: Sendable {
    package let rpc: RPCClient
    let connection: AMQPConnection
    let events: ConfirmingChannel

    /// A client on a connection that is open; it has a reply queue of its own there.
    ///
    /// - Parameters:
    ///   - connection: The connection, which may serve others too. Closing the client leaves it open.
    ///   - replies: Where the replies go: a queue of the client's own, or RabbitMQ's direct reply-to for a few calls.
    /// - Throws: ``LambdaError`` when the broker does not allow a reply queue.
    public init(
        connection: AMQPConnection, replies: RPCClientConfiguration = RPCClientConfiguration()
    ) async throws(LambdaError) {
        self.connection = connection
        self.events = ConfirmingChannel(connection: connection)
        do throws(AMQPError) {
            self.rpc = try await RPCClient.start(on: connection, configuration: replies)
        } catch {
            throw LambdaError(error, function: "")
        }
    }

    /// Invokes a function and waits for its answer.
    ///
    /// - Parameters:
    ///   - function: The function's name, which is its queue's name.
    ///   - payload: The event, JSON unless the function takes bytes. Empty stands for `{}`.
    ///   - options: Time-out, qualifier, client context, log tail, trace.
    /// - Returns: the answer: the function's result, or its error (``InvocationResult/functionError``).
    /// - Throws: ``LambdaError``, which says whether the function may have run, and whether to try again.
    public func invoke(
        _ function: String, payload: ByteBuffer, options: InvocationOptions = InvocationOptions()
    ) async throws(LambdaError) -> InvocationResult {
        let reply: RPCReply
        do throws(AMQPError) {
            reply = try await self.rpc.call(Self.request(function, payload, options), timeout: options.timeout)
        } catch {
            throw LambdaError(error, function: function)
        }
        return try InvocationResult.read(reply).get()
    }

    /// Ends the client: calls that are under way fail, and its reply queue goes. The connection stays open.
    public func close() async {
        await self.rpc.close()
        await self.events.close()
    }

    static func request(
        _ function: String, _ payload: ByteBuffer, _ options: InvocationOptions
    ) -> RPCRequest {
        var headers = AMQPTable()
        if let qualifier = options.qualifier, qualifier != "$LATEST" {
            headers[LambdaHeader.qualifier] = .string(qualifier)
        }
        if let context = options.clientContext {
            headers[LambdaHeader.clientContext] = .string(Base64.encode(context.utf8))
        }
        if options.wantsLogTail { headers[LambdaHeader.logType] = "Tail" }
        headers.entries += options.traceEntries
        let milliseconds = options.timeout.components.seconds * 1000
            + options.timeout.components.attoseconds / 1_000_000_000_000_000
        headers[LambdaHeader.deadline] = .int64(EpochClock.now().millisecondsSinceEpoch + milliseconds)
        return RPCRequest(
            routingKey: AMQPShortString(Self.queueName(function, options)),
            properties: AMQPProperties(contentType: "application/json", headers: headers), body: payload)
    }
}
