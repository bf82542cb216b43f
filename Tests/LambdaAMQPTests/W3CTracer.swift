import InMemoryTracing
import NIOConcurrencyHelpers
import Tracing

/// Keeps spans in memory, and carries them from process to process in the W3C's header.
struct W3CTracer: Tracer {
    let spans: InMemoryTracer

    init() {
        let count = IDCount()
        self.spans = InMemoryTracer(
            idGenerator: .init(nextTraceID: { count.next(digits: 32) }, nextSpanID: { count.next(digits: 16) }))
    }

    func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> InstrumentationContext, ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
    ) -> InMemorySpan {
        self.spans.startSpan(
            operationName, context: context(), ofKind: kind, at: instant(), function: function, file: fileID,
            line: line)
    }

    func inject<Carrier, Inject: Injector>(
        _ context: InstrumentationContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        guard let span = context.inMemorySpanContext else { return }
        injector.inject("00-\(span.traceID)-\(span.spanID)-01", forKey: "traceparent", into: &carrier)
    }

    func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout InstrumentationContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        let parts = extractor.extract(key: "traceparent", from: carrier)?.split(separator: "-") ?? []
        guard parts.count == 4 else { return }
        context.inMemorySpanContext = InMemorySpanContext(
            traceID: String(parts[1]), spanID: String(parts[2]), parentSpanID: nil)
    }

    func forceFlush() {}
}

private final class IDCount: Sendable {
    private let count = NIOLockedValueBox(UInt64(0))

    func next(digits: Int) -> String {
        let text = String(
            self.count.withLockedValue {
                $0 += 1
                return $0
            }, radix: 16)
        return String(repeating: "0", count: digits - text.count) + text
    }
}
