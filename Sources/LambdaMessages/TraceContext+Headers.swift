package import AMQP
package import LambdaProtocol

extension TraceContext {
    /// As headers of a message.
    package var entries: [AMQPTable.Entry] {
        let parent = AMQPTable.Entry(key: LambdaHeader.traceparent, value: .string(self.traceparent))
        return [parent] + (self.tracestate.map { [.init(key: LambdaHeader.tracestate, value: .string($0))] } ?? [])
    }
}
