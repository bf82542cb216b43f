public import CoreMetrics
public import Tracing

/// Whom a client or a server tells what it does: metrics and traces, as the process has set them up or as given.
///
/// What nobody wants to know costs nothing. The names of what is told are in <doc:Observability>.
public struct RPCObservability: Sendable {
    /// Takes a span for each call; nil: none are made.
    public var tracer: (any Tracer)?
    /// Makes the counters and timers; nil: nothing is counted.
    public var metrics: (any MetricsFactory)?

    /// What the process has set up by now with `InstrumentationSystem.bootstrap` and `MetricsSystem.bootstrap`.
    public init() {
        let tracer = InstrumentationSystem.tracer
        self.tracer = tracer is NoOpTracer ? nil : tracer
        let metrics = MetricsSystem.factory
        self.metrics = metrics is NOOPMetricsHandler ? nil : metrics
    }

    /// These, and nothing else.
    ///
    /// - Parameters:
    ///   - tracer: Takes spans; nil for none.
    ///   - metrics: Makes counters and timers; nil for none.
    public init(tracer: (any Tracer)?, metrics: (any MetricsFactory)?) {
        self.tracer = tracer
        self.metrics = metrics
    }

    /// Nobody is told anything.
    public static let none = RPCObservability(tracer: nil, metrics: nil)
}
