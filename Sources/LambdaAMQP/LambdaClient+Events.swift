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
    ///   before: it may have the event then. An event that still waits here is not published any more.
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
            try await session.publish(message, to: EventQueueName.async(of: queue), until: deadline)
        } catch {
            guard error.code == .unroutable else { throw LambdaError(error, function: function) }
            // Served only by daemons that know no queue for events.
            do throws(AMQPError) {
                try await session.publish(message, to: queue, until: deadline)
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

extension ClientSession {
    /// Whatever comes first ends the wait: the confirm, the time-out, or the caller's cancellation.
    ///
    /// After the latter two nothing of the event waits to be published.
    fileprivate func publish(
        _ message: AMQPMessage, to queue: String, until deadline: ContinuousClock.Instant
    ) async throws(AMQPError) {
        let outcome = await withTaskGroup(of: Result<Void, AMQPError>?.self) { group in
            group.addTask { await self.publish(message, to: queue) }
            group.addTask {
                // Cancelled with the caller, whom the publish tells so, or when that has ended.
                guard (try? await Task.sleep(until: deadline, clock: .continuous)) != nil else { return nil }
                return .failure(AMQPError(.timedOut, "the broker did not confirm the event in time"))
            }
            defer { group.cancelAll() }
            for await case let outcome? in group { return outcome }
            return .failure(AMQPError(.cancelled, "the task was cancelled"))
        }
        try outcome.get()
    }

    private func publish(_ message: AMQPMessage, to queue: String) async -> Result<Void, AMQPError> {
        do throws(AMQPError) {
            return .success(
                try await self.events.channel().publishConfirmed(message, routingKey: AMQPShortString(queue)))
        } catch {
            return .failure(error)
        }
    }
}
