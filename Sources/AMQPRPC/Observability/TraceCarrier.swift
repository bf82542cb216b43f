import AMQP
import Tracing

/// A message's headers as what carries a trace from one process to the next.
struct TraceCarrier: Injector, Extractor {
    init() {}

    /// Sets a header, whatever the tracer calls it.
    func inject(_ value: String, forKey key: String, into carrier: inout AMQPTable) {
        carrier[key] = .string(value)
    }

    /// The header of that name, whichever way it is spelled, as far as it is text.
    func extract(key: String, from carrier: AMQPTable) -> String? {
        if let value = carrier[key] { return value.stringValue }
        let lowercased = key.lowercased()
        return carrier.entries.first { $0.key.lowercased() == lowercased }?.value.stringValue
    }
}
