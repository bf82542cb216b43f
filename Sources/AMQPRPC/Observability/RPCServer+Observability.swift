import AMQP
import Tracing

extension RPCServer {
    /// Handles a request with a span, child of its caller's, and metrics, where somebody wants them.
    ///
    /// The span is the task's while the request is handled, so that what the handler calls belongs to it.
    func observed(_ delivery: AMQPDelivery, _ handle: () async -> RPCAnswer) async -> RPCAnswer {
        guard let instruments = self.instruments else { return await handle() }
        let measurement = instruments.begin(
            "process", self.configuration.queue.name, from: delivery.properties.headers)
        let answer = await InstrumentationContext.$current.withValue(measurement.context ?? .current) {
            await handle()
        }
        measurement.end(answer.outcome)
        return answer
    }
}

extension RPCAnswer {
    /// The bounded name of what became of a request.
    fileprivate var outcome: String {
        switch self {
        case .reply: "success"
        case .noReply: "no_reply"
        case .reject: "rejected"
        }
    }
}
