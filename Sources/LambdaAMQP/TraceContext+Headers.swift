package import AMQP
package import LambdaProtocol

extension TraceContext {
    /// As headers of a message.
    package var entries: [AMQPTable.Entry] {
        let parent = AMQPTable.Entry(key: LambdaHeader.traceparent, value: .string(self.traceparent))
        return [parent] + (self.tracestate.map { [.init(key: LambdaHeader.tracestate, value: .string($0))] } ?? [])
    }
}

extension InvocationOptions {
    /// What a caller says of its trace, as headers of a message.
    var traceEntries: [AMQPTable.Entry] {
        let header = self.traceID.map { [AMQPTable.Entry(key: LambdaHeader.traceID, value: .string($0))] } ?? []
        return header + (TraceContext(traceparent: self.traceparent, tracestate: self.tracestate)?.entries ?? [])
    }
}
