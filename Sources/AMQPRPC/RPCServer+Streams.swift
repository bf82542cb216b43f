import AMQP
import NIOCore

/// Who reads a stream: the caller's id of the call, and where its replies go, since two callers may use one id.
struct StreamKey: Hashable {
    let correlationID: AMQPShortString?
    let replyTo: AMQPShortString?

    init(_ properties: AMQPProperties) {
        self.correlationID = properties.correlationID
        self.replyTo = properties.replyTo
    }
}

// The queue to which callers say how much more of a stream they take.
extension RPCServer {
    /// Makes the queue, where streams are allowed, before the first request can come.
    func setUpStreams(on channel: AMQPLinkChannel) -> EventLoopFuture<Void> {
        guard self.configuration.allowsStreams else { return self.eventLoop.makeSucceededVoidFuture() }
        return channel.request(.queueDeclare(.serverNamedExclusive, passive: false), expecting: .queueDeclareOK)
            .flatMapThrowing { reply in
                guard case .method(.queueDeclareOK(let queue)) = reply else {
                    throw AMQPError(.protocolViolation, "the broker named no queue")
                }
                return queue.queue
            }
            .flatMap { queue in
                self.creditQueue = queue
                return channel.consume(
                    AMQPConsumption(queue: queue.string, noAck: true, isExclusive: true),
                    deliver: { self.creditReceived($0) }, cancelled: { channel.close().whenComplete { _ in } }
                ).map { _ in }
            }
    }

    private func creditReceived(_ delivery: AMQPDelivery) {
        guard let call = self.streams[StreamKey(delivery.properties)], let headers = delivery.properties.headers else {
            return
        }
        if headers[RPCHeader.streamCancel]?.boolValue == true {
            call.endStream(.handlerCancelled)
            call.task?.cancel()
        } else if let count = headers[RPCHeader.streamCredit]?.integerValue {
            call.credited(count)
        }
    }

    /// The connection is gone, and with it the ways of all streams.
    func streamsLost(_ error: AMQPError) {
        self.creditQueue = nil
        let streams = self.streams.values
        self.streams = [:]
        for call in streams { call.endStream(error) }
    }
}
