package import NIOCore

/// Measures the pace of a function's invocations, whoever calls: those over HTTP and events take slots, too.
///
/// Pure, and cheap: it is on the way of every invocation, with times that have been read anyway.
package struct PaceMeter {
    /// When the invocation began that runs in an environment; 0 where none does.
    private var begins: [NIODeadline]
    private var pace = InvocationPace()
    private var firstEnd = Self.never
    private var lastEnd = Self.never

    private static let never = NIODeadline.uptimeNanoseconds(0)

    /// - Parameter environmentCount: Environments that run one invocation at a time; 0: nothing is measured.
    package init(environmentCount: Int) {
        self.begins = Array(repeating: Self.never, count: environmentCount)
    }

    /// An invocation was handed to an environment.
    package mutating func began(_ environment: Int, now: NIODeadline) {
        guard environment < self.begins.count else { return }
        self.begins[environment] = now
    }

    /// An environment is ready again, or has ended.
    package mutating func ended(_ environment: Int, now: NIODeadline) {
        guard environment < self.begins.count else { return }
        let begin = self.begins[environment]
        guard begin != Self.never else { return }
        self.begins[environment] = Self.never
        self.pace.count += 1
        self.pace.total = self.pace.total + (now - begin)
        if self.firstEnd == Self.never { self.firstEnd = now }
        self.lastEnd = now
    }

    /// The pace since the last time that this was asked.
    package mutating func take() -> InvocationPace {
        defer {
            self.pace = InvocationPace()
            // The next stretch begins where this one ends, so that a pause between them counts.
            self.firstEnd = self.lastEnd
        }
        var pace = self.pace
        pace.span = self.lastEnd - self.firstEnd
        return pace
    }
}
