import AMQP
import Logging

extension RPCServer {
    /// Something about the queue or its consumer.
    func log(_ message: Logger.Message, _ error: any Error) {
        self.logger.warning(message, metadata: self.metadata([RPCLogKey.error: "\(error)"]))
    }

    /// Something about one request.
    func log(_ message: Logger.Message, _ error: any Error, of request: AMQPProperties) {
        var metadata = self.metadata([RPCLogKey.error: "\(error)"])
        if let id = request.correlationID { metadata[RPCLogKey.correlationID] = "\(id)" }
        self.logger.warning(message, metadata: metadata)
    }

    /// The time to end the requests is up.
    func logGivenUp() {
        self.logger.warning(
            "Requests were being handled when the time to end them was up",
            metadata: self.metadata([RPCLogKey.requests: "\(self.calls.count)"]))
    }

    private func metadata(_ metadata: Logger.Metadata) -> Logger.Metadata {
        metadata.merging([RPCLogKey.queue: "\(self.configuration.queue.name)"]) { first, _ in first }
    }
}
