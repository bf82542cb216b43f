import AMQP
import AMQPRPC
import LambdaMessages
import LambdaProtocol
public import NIOCore

extension LambdaClient {
    /// Invokes a function and waits for its answer.
    ///
    /// - Parameters:
    ///   - function: The function's name, which is its queue's name.
    ///   - payload: The event, JSON unless the function takes bytes; 6 MB at most. Empty stands for `{}`.
    ///   - options: Time-out, retries, qualifier, client context, log tail, trace. The client's
    ///     (``LambdaClientConfiguration/defaultOptions``) unless given.
    /// - Returns: The answer: the function's result, or its error (``InvocationResult/functionError``).
    /// - Throws: ``LambdaError``, which says whether the function may have run, and whether to try again.
    public func invoke(
        _ function: String, payload: ByteBuffer, options: InvocationOptions? = nil
    ) async throws(LambdaError) -> InvocationResult {
        let options = options ?? self.configuration.defaultOptions
        let measurement = self.instruments?.begin("invoke", function)
        do throws(LambdaError) {
            let result = try await self.attempting(function, options, measurement) {
                deadline throws(LambdaError) in
                try await self.call(function, payload, options, measurement, until: deadline)
            }
            measurement?.end(result.outcome, result.functionError)
            return result
        } catch {
            measurement?.end(error.code.description, error)
            throw error
        }
    }

    @inline(__always)
    private func call(
        _ function: String, _ payload: ByteBuffer, _ options: InvocationOptions, _ measurement: CallMeasurement?,
        until deadline: ContinuousClock.Instant
    ) async throws(LambdaError) -> InvocationResult {
        let session = try await self.acquire(until: deadline)
        defer { self.release() }
        let timeout = try Self.remaining(until: deadline)
        let reply: RPCReply
        do throws(AMQPError) {
            // Nobody else has the request, so that its properties are filled in without a copy.
            reply = try await session.rpc.unobservedCall(
                Self.request(function, payload, options, Self.headers(options, measurement)), timeout: timeout)
        } catch {
            throw LambdaError(error, function: function)
        }
        return try InvocationResult.read(reply, decoder: self.configuration.decoder).get()
    }

    /// What a call says beside its event.
    static func headers(_ options: InvocationOptions, _ measurement: CallMeasurement?) -> AMQPTable {
        var headers = options.headers(measurement)
        if let context = options.clientContext {
            headers[LambdaHeader.clientContext] = .string(Base64.encode(context.utf8))
        }
        if options.wantsLogTail { headers[LambdaHeader.logType] = "Tail" }
        return headers
    }

    static func request(
        _ function: String, _ payload: ByteBuffer, _ options: InvocationOptions, _ headers: AMQPTable
    ) -> RPCRequest {
        // A table costs the broker its time, also an empty one.
        var properties = AMQPProperties(contentType: Self.json, headers: headers.entries.isEmpty ? nil : headers)
        properties.type = RequestMessage.timedCall
        return RPCRequest(
            routingKey: AMQPShortString(options.queueName(of: function)), properties: properties, body: payload)
    }

    // Made once: every request has it.
    static let json: AMQPShortString = "application/json"
}
