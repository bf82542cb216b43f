import AMQP
import AMQPRPC
import LambdaMessages
import LambdaProtocol

extension InvocationOptions {
    /// The headers that a call and an event have in common: qualifier and trace.
    ///
    /// A trace that the options name goes before the task's.
    func headers(_ measurement: CallMeasurement?) -> AMQPTable {
        var headers: AMQPTable? = AMQPTable()
        measurement?.inject(into: &headers)
        var table = headers ?? AMQPTable()
        if let qualifier = self.qualifier, qualifier != "$LATEST" {
            table[LambdaHeader.qualifier] = .string(qualifier)
        }
        if let key = self.idempotencyKey { table[LambdaHeader.idempotencyKey] = .string(key) }
        if let traceID = self.traceID { table[LambdaHeader.traceID] = .string(traceID) }
        if let trace = TraceContext(traceparent: self.traceparent, tracestate: self.tracestate) {
            table[LambdaHeader.tracestate] = nil
            for entry in trace.entries { table[entry.key] = entry.value }
        }
        return table
    }

    /// The queue for calls.
    func queueName(of function: String) -> String {
        guard let qualifier = self.qualifier, qualifier != "$LATEST" else { return function }
        return "\(function):\(qualifier)"
    }
}
