package import AMQP
package import Tracing

/// One call as spans and metrics see it; somebody has to say how it ended.
package struct CallMeasurement: Sendable {
    private let instruments: CallInstruments
    private let operation: String
    private let subject: String
    private let span: (any Span)?
    private let start = ContinuousClock.now

    init(_ instruments: CallInstruments, operation: String, subject: String, span: (any Span)?) {
        self.instruments = instruments
        self.operation = operation
        self.subject = subject
        self.span = span
    }

    /// The context for whatever belongs to the call; nil where there is no trace.
    package var context: InstrumentationContext? { self.span?.context }

    /// Writes the trace into the headers of a message, as the tracer has it: `traceparent`, as a rule.
    package func inject(into headers: inout AMQPTable?) {
        guard let span = self.span, let tracer = self.instruments.tracer else { return }
        var table = headers ?? AMQPTable()
        tracer.inject(span.context, into: &table, using: TraceCarrier())
        if !table.isEmpty { headers = table }
    }

    /// The call is made once more.
    ///
    /// - Parameters:
    ///   - attempt: Which attempt comes now: 2 for the first repetition.
    ///   - outcome: What the one before ended with, from a small set.
    package func retried(attempt: Int, after outcome: String) {
        self.span?.attributes["rpc.attempt_count"] = attempt
        self.span?.addEvent(SpanEvent(name: "retry", attributes: ["error.type": "\(outcome)"]))
        self.instruments.metrics?.retried(self.subject, outcome)
    }

    /// The call has ended.
    ///
    /// - Parameters:
    ///   - outcome: `success`, or the kind of error, from a small set.
    ///   - error: The error.
    package func end(_ outcome: String, _ error: (any Error)? = nil) {
        self.instruments.metrics?.ended(self.subject, self.operation, outcome, after: ContinuousClock.now - self.start)
        guard let span = self.span else { return }
        if let error {
            span.attributes["error.type"] = outcome
            span.recordError(error)
            span.setStatus(SpanStatus(code: .error, message: outcome))
        }
        span.end()
    }
}
