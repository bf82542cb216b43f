import AMQP
import LambdaAMQP
package import LambdaProtocol
import NIOCore

/// Takes events over: those that came over HTTP, and those that somebody published for the function as if he waited.
///
/// An event is taken over when the broker has confirmed that it is in the queue for events.
// @unchecked: every member is used on the connection's loop only (asserted by the outbox).
package final class EventAcceptance: EventAcceptor, @unchecked Sendable {
    /// What became of an event that was to be moved.
    enum Move {
        case moved
        /// There is no queue for events, and none can be made.
        case impossible
        /// The connection went, and with it the delivery.
        case lost
    }

    private let outbox: EventOutbox
    private let eventLoop: any EventLoop
    private let timeout: TimeAmount

    init(outbox: EventOutbox, eventLoop: any EventLoop, timeout: TimeAmount) {
        self.outbox = outbox
        self.eventLoop = eventLoop
        self.timeout = timeout
    }

    package func accept(
        _ request: InvocationRequest, of function: ResolvedFunction, completion: @escaping (InvokeError?) -> Void
    ) {
        self.eventLoop.assertInEventLoop()
        guard self.outbox.takesMessages else { return completion(.brokerAway) }
        // Whichever comes first: the broker's answer, or the end of the client's patience.
        var completion: ((InvokeError?) -> Void)? = completion
        func complete(_ error: InvokeError?) {
            completion?(error)
            completion = nil
        }
        let timer = self.eventLoop.assumeIsolated().scheduleTask(in: self.timeout) { complete(.notConfirmed) }
        self.outbox.send(
            to: .queue(.async), Self.properties(request, function), request.event, isPersistent: false
        ) { outcome in
            timer.cancel()
            switch outcome {
            case .confirmed: complete(nil)
            case .unroutable: complete(.noEventQueue)
            case .abandoned: complete(.notConfirmed)
            }
        }
    }

    /// Moves an event from the function's queue for calls to the one for events.
    func move(_ properties: AMQPProperties, _ body: ByteBuffer, completion: @escaping (Move) -> Void) {
        let message = EventMessage(properties, body, now: EpochClock.now())
        self.outbox.send(to: .queue(.async), message.properties, body, isPersistent: false) { outcome in
            switch outcome {
            case .confirmed: completion(.moved)
            case .unroutable: completion(.impossible)
            case .abandoned: completion(.lost)
            }
        }
    }

    private static func properties(_ request: InvocationRequest, _ function: ResolvedFunction) -> AMQPProperties {
        var headers: AMQPTable = [LambdaHeader.invocationType: .string(InvocationType.event.rawValue)]
        if let traceID = request.traceID { headers[LambdaHeader.traceID] = .string(traceID) }
        if let context = request.traceContext { headers.entries += context.entries }
        if let tenantID = request.tenantID { headers[LambdaHeader.tenantID] = .string(tenantID) }
        if let key = request.idempotencyKey { headers[LambdaHeader.idempotencyKey] = .string(key) }
        if let qualifier = function.qualifier { headers[LambdaHeader.qualifier] = .string(qualifier) }
        var properties = AMQPProperties(contentType: "application/json", isPersistent: true, headers: headers)
        properties.messageID = AMQPShortString(request.requestID)
        properties.timestamp = UInt64(max(0, EpochClock.now().millisecondsSinceEpoch / 1000))
        return properties
    }
}

extension InvokeError {
    fileprivate static let brokerAway = InvokeError(
        .serviceUnavailable, "The broker takes no events now.", retryAfterSeconds: 1)
    fileprivate static let noEventQueue = InvokeError(
        .serviceUnavailable, "The broker allows the function no queue for events.")
    fileprivate static let notConfirmed = InvokeError(
        .service, "The broker has not confirmed the event; it may have taken it.")
}
