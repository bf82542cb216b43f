package import AMQP
import CoreMetrics
package import Tracing

/// What calls of one kind are measured with: spans and metrics under that kind's names.
package struct CallInstruments: Sendable {
    /// What a kind of calls is called.
    package struct Names: Sendable {
        /// The counter of calls by subject, operation and outcome.
        package var count: String
        /// The timer of calls by subject and operation.
        package var duration: String
        /// The counter of attempts after the first, by subject and the outcome of the one before; nil: never any.
        package var retries: String?
        /// The dimension of metrics that says what was called: `queue`, `function`.
        package var subject: String
        /// The span's attribute that says the same.
        package var attribute: String

        package init(count: String, duration: String, retries: String? = nil, subject: String, attribute: String) {
            self.count = count
            self.duration = duration
            self.retries = retries
            self.subject = subject
            self.attribute = attribute
        }
    }

    let names: Names
    let tracer: (any Tracer)?
    let metrics: CallMetrics?

    /// - Returns: `nil` where nobody wants to know.
    package init?(_ observability: RPCObservability, _ names: Names) {
        guard observability.tracer != nil || observability.metrics != nil else { return nil }
        self.names = names
        self.tracer = observability.tracer
        self.metrics = observability.metrics.map { CallMetrics(names, $0) }
    }

    /// A call begins, in the task's trace.
    ///
    /// - Parameters:
    ///   - operation: `invoke`, `call`, …: from a small set.
    ///   - subject: What is called.
    ///   - kind: Which side of the call this is.
    package func begin(_ operation: String, _ subject: String, kind: SpanKind = .client) -> CallMeasurement {
        self.begin(operation, subject, kind: kind, in: .current ?? .topLevel)
    }

    /// The handling of a request begins, in the trace of the one who sent it.
    ///
    /// - Parameters:
    ///   - operation: `process`.
    ///   - subject: The queue that it came by.
    ///   - headers: The request's.
    package func begin(_ operation: String, _ subject: String, from headers: AMQPTable?) -> CallMeasurement {
        var context = InstrumentationContext.current ?? .topLevel
        if let tracer = self.tracer, let headers { tracer.extract(headers, into: &context, using: TraceCarrier()) }
        return self.begin(operation, subject, kind: .server, in: context)
    }

    private func begin(
        _ operation: String, _ subject: String, kind: SpanKind, in context: InstrumentationContext
    ) -> CallMeasurement {
        let span = self.tracer.map { tracer -> any Span in
            let span = tracer.startSpan("\(operation) \(subject)", context: context, ofKind: kind)
            span.attributes["messaging.system"] = "rabbitmq"
            span.attributes[self.names.attribute] = subject
            return span
        }
        return CallMeasurement(self, operation: operation, subject: subject, span: span)
    }
}
