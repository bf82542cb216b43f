import AMQP
import LambdaMessages
import LambdaProtocol

extension InvocationOptions {
    /// What a caller says of its trace, as headers of a message.
    var traceEntries: [AMQPTable.Entry] {
        let header = self.traceID.map { [AMQPTable.Entry(key: LambdaHeader.traceID, value: .string($0))] } ?? []
        return header + (TraceContext(traceparent: self.traceparent, tracestate: self.tracestate)?.entries ?? [])
    }
}
