import AMQP
import LambdaMessages
import LambdaProtocol
public import NIOCore

extension LambdaClient {
    /// Has a function run an event for whose answer nobody waits; returns when the broker keeps the event safely.
    ///
    /// The function's daemons run it when they have room, and again when it fails, as often as they are told to.
    ///
    /// - Parameters:
    ///   - function: The function's name.
    ///   - payload: The event, JSON unless the function takes bytes; 1 MB at most. Empty stands for `{}`.
    ///   - options: Qualifier and trace; the time-out is for the broker's confirm. Client context and log tail are
    ///     only for callers who wait, as on AWS.
    /// - Returns: The request id, the same in each attempt.
    /// - Throws: ``LambdaError``; `noAnswer` when the broker did not confirm: it may have the event.
    public func invokeEvent(
        _ function: String, payload: ByteBuffer, options: InvocationOptions = InvocationOptions()
    ) async throws(LambdaError) -> String {
        let requestID = RequestID.make()
        let message = AMQPMessage(payload, properties: Self.eventProperties(requestID, options))
        let queue = Self.queueName(function, options)
        if case .blocked(let reason) = self.connection.state {
            throw LambdaError(.unavailable, "the broker takes no messages now: \(reason)")
        }
        do throws(AMQPError) {
            try await self.publish(message, to: EventQueueName.async(of: queue), within: options.timeout)
        } catch {
            guard error.code == .unroutable else { throw LambdaError(error, function: function) }
            // Served only by daemons that know no queue for events.
            do throws(AMQPError) {
                try await self.publish(message, to: queue, within: options.timeout)
            } catch {
                throw LambdaError(error, function: function)
            }
        }
        return requestID
    }

    /// The time-out ends the wait, whatever the connection does.
    private func publish(_ message: AMQPMessage, to queue: String, within timeout: Duration) async throws(AMQPError) {
        let confirmed = self.connection.eventLoop.makePromise(of: Void.self)
        let timer = self.connection.eventLoop.scheduleTask(in: TimeAmount(timeout)) {
            confirmed.fail(AMQPError(.timedOut, "the broker did not confirm the event in time"))
        }
        confirmed.completeWithTask {
            try await self.events.channel().publishConfirmed(message, routingKey: AMQPShortString(queue))
        }
        defer { timer.cancel() }
        try await confirmed.futureResult.value()
    }

    static func queueName(_ function: String, _ options: InvocationOptions) -> String {
        guard let qualifier = options.qualifier, qualifier != "$LATEST" else { return function }
        return "\(function):\(qualifier)"
    }

    private static func eventProperties(_ requestID: String, _ options: InvocationOptions) -> AMQPProperties {
        var headers: AMQPTable = [LambdaHeader.invocationType: .string(InvocationType.event.rawValue)]
        if let qualifier = options.qualifier, qualifier != "$LATEST" {
            headers[LambdaHeader.qualifier] = .string(qualifier)
        }
        headers.entries += options.traceEntries
        var properties = AMQPProperties(contentType: "application/json", isPersistent: true, headers: headers)
        properties.messageID = AMQPShortString(requestID)
        properties.timestamp = UInt64(max(0, EpochClock.now().millisecondsSinceEpoch / 1000))
        return properties
    }
}
