import AMQP
import AMQPRPC
import LambdaMessages
import LambdaProtocol
public import NIOCore
import Tracing

extension LambdaClient {
    /// Has a function run an event for whose answer nobody waits; returns when the broker keeps the event safely.
    ///
    /// The function's daemons run it when they have room, and again when it fails, as often as they are told to.
    ///
    /// - Parameters:
    ///   - function: The function's name; the event goes to its queue `NAME.async`.
    ///   - payload: The event, JSON unless the function takes bytes; 1 MB at most. Empty stands for `{}`.
    ///   - options: Qualifier and trace; the time-out is for the broker's confirm. Client context and log tail are
    ///     only for callers who wait, as on AWS. The client's unless given.
    /// - Returns: The request id, the same in each attempt.
    /// - Throws: ``LambdaError``; `noAnswer` when the broker did not confirm, `cancelled` when the task was cancelled
    ///   before: it may have the event then. An event that still waits here when its time is over (`unavailable`), or its
    ///   task is cancelled, is not published any more.
    public func invokeEvent(
        _ function: String, payload: ByteBuffer, options: InvocationOptions? = nil
    ) async throws(LambdaError) -> String {
        let options = options ?? self.configuration.defaultOptions
        let requestID = RequestID.make()
        let measurement = self.instruments?.begin("event", function, kind: .producer)
        let message = AMQPMessage(payload, properties: Self.eventProperties(requestID, options, measurement))
        do throws(LambdaError) {
            try await self.attempting(function, options, measurement) { deadline throws(LambdaError) in
                try await self.publish(message, function, options, until: deadline)
            }
        } catch {
            measurement?.end(error.code.description, error)
            throw error
        }
        measurement?.end("success")
        return requestID
    }

    private func publish(
        _ message: AMQPMessage, _ function: String, _ options: InvocationOptions,
        until deadline: ContinuousClock.Instant
    ) async throws(LambdaError) {
        let session = try await self.acquire(until: deadline)
        defer { self.release() }
        switch session.connection.state {
        case .blocked(let reason): throw LambdaError(.unavailable, "the broker takes no messages now: \(reason)")
        case .recovering(let error): throw LambdaError(.unavailable, "not connected to the broker", underlying: error)
        case .connecting, .connected, .closed: break
        }
        let queue = options.queueName(of: function)
        do throws(AMQPError) {
            try await EventPublish(message, to: EventQueueName.async(of: queue)).run(on: session.events, until: deadline)
        } catch {
            guard error.code == .unroutable else { throw LambdaError(error, function: function) }
            // Served only by daemons that know no queue for events.
            do throws(AMQPError) {
                try await EventPublish(message, to: queue).run(on: session.events, until: deadline)
            } catch {
                throw LambdaError(error, function: function)
            }
        }
    }

    private static func eventProperties(
        _ requestID: String, _ options: InvocationOptions, _ measurement: CallMeasurement?
    ) -> AMQPProperties {
        var headers = options.headers(measurement)
        headers[LambdaHeader.invocationType] = .string(InvocationType.event.rawValue)
        var properties = AMQPProperties(contentType: Self.json, isPersistent: true, headers: headers)
        properties.messageID = AMQPShortString(requestID)
        properties.timestamp = UInt64(max(0, EpochClock.now().millisecondsSinceEpoch / 1000))
        return properties
    }
}
