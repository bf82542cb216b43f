import AMQP
import Tracing

extension RPCServer {
    /// Handles a request with a span, child of its caller's, and metrics, where somebody wants them.
    ///
    /// The span is the task's while the request is handled, so that what the handler calls belongs to it.
    func observed(_ delivery: AMQPDelivery, _ handle: () async -> Outcome) async -> Outcome {
        guard let instruments = self.instruments else { return await handle() }
        let measurement = instruments.begin(
            "process", self.configuration.queue.name, from: delivery.properties.headers)
        let outcome = await InstrumentationContext.$current.withValue(measurement.context ?? .current) {
            await handle()
        }
        measurement.end(outcome.name, outcome.fault)
        return outcome
    }
}

extension RPCServer.Outcome {
    /// The bounded name of what became of a request.
    fileprivate var name: String {
        switch self {
        case .answer(.reply): "success"
        case .answer(.noReply): "no_reply"
        case .answer(.reject): "rejected"
        case .fault: "fault"
        case .interrupted: "interrupted"
        }
    }

    fileprivate var fault: RPCFault? {
        guard case .fault(let fault) = self else { return nil }
        return fault
    }
}
