import CoreMetrics
import NIOConcurrencyHelpers

/// The counters and timers of calls, made once for each set of dimensions.
final class CallMetrics: Sendable {
    private struct Key: Hashable {
        var subject: String
        var operation: String
        var outcome: String
    }

    private struct Handles {
        var count: Counter
        var duration: Timer
    }

    private struct State {
        var handles: [Key: Handles] = [:]
        var retries: [Key: Counter] = [:]
        var subjects: Set<String> = []
    }

    /// A caller may make up any number of names; a metric may not have any number of dimensions.
    private static let subjectLimit = 200

    private let names: CallInstruments.Names
    private let factory: any MetricsFactory
    private let state = NIOLockedValueBox(State())

    init(_ names: CallInstruments.Names, _ factory: any MetricsFactory) {
        self.names = names
        self.factory = factory
    }

    func ended(_ subject: String, _ operation: String, _ outcome: String, after duration: Duration) {
        let handles = self.state.withLockedValue { state in
            let key = Key(subject: Self.bounded(subject, &state), operation: operation, outcome: outcome)
            if let handles = state.handles[key] { return handles }
            let handles = self.makeHandles(key)
            state.handles[key] = handles
            return handles
        }
        handles.count.increment()
        let (seconds, attoseconds) = duration.components
        handles.duration.recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }

    func retried(_ subject: String, _ outcome: String) {
        guard let label = self.names.retries else { return }
        let counter = self.state.withLockedValue { state in
            let key = Key(subject: Self.bounded(subject, &state), operation: "", outcome: outcome)
            if let counter = state.retries[key] { return counter }
            let counter = Counter(
                label: label, dimensions: [(self.names.subject, key.subject), ("outcome", outcome)],
                factory: self.factory)
            state.retries[key] = counter
            return counter
        }
        counter.increment()
    }

    private static func bounded(_ subject: String, _ state: inout State) -> String {
        if state.subjects.contains(subject) { return subject }
        guard state.subjects.count < self.subjectLimit else { return "other" }
        state.subjects.insert(subject)
        return subject
    }

    private func makeHandles(_ key: Key) -> Handles {
        let dimensions = [(self.names.subject, key.subject), ("operation", key.operation)]
        return Handles(
            count: Counter(
                label: self.names.count, dimensions: dimensions + [("outcome", key.outcome)], factory: self.factory),
            duration: Timer(
                label: self.names.duration, dimensions: dimensions, preferredDisplayUnit: .milliseconds,
                factory: self.factory))
    }
}
