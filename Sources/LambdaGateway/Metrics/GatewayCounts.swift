import LambdaMetrics
import LambdaProtocol
import NIOCore

/// What one loop of a gateway has counted since it started, by function.
///
/// Pure. A function has a name of its own here once somebody has answered for it, or the broker has taken an event:
/// names that clients make up are counted together.
struct GatewayCounts: Sendable {
    /// What is counted of one function.
    struct Entry: Sendable, Equatable {
        private var outcomes = [Int](repeating: 0, count: GatewayOutcome.allCases.count)
        var duration = DurationHistogram()

        init() {}

        subscript(outcome: GatewayOutcome) -> Int {
            get { self.outcomes[Self.place(of: outcome)] }
            set { self.outcomes[Self.place(of: outcome)] = newValue }
        }

        mutating func add(_ other: Entry) {
            for index in self.outcomes.indices { self.outcomes[index] += other.outcomes[index] }
            self.duration.add(other.duration)
        }

        private static func place(of outcome: GatewayOutcome) -> Int {
            GatewayOutcome.allCases.firstIndex(of: outcome) ?? 0
        }
    }

    private var register: LabelRegister
    /// By the register's numbers.
    private var entries = [Entry()]

    /// - Parameter limit: Functions with a name of their own.
    init(limit: Int = 200) {
        self.register = LabelRegister(limit: limit)
    }

    /// A request has ended.
    ///
    /// - Parameters:
    ///   - function: What it was for.
    ///   - outcome: How it ended.
    ///   - duration: How long it took; `nil` where nobody waited for an answer of the function's.
    mutating func ended(_ function: String, _ outcome: GatewayOutcome, after duration: TimeAmount?) {
        let number = self.register.number(of: function, mayEnter: outcome.showsThatTheFunctionExists)
        if number == self.entries.count { self.entries.append(Entry()) }
        self.entries[number][outcome] += 1
        if let duration { self.entries[number].duration.record(duration) }
    }

    /// What was counted, by the function's name; functions over the limit under ``LabelRegister/other``.
    var byFunction: [String: Entry] {
        Dictionary(uniqueKeysWithValues: zip(self.register.names, self.entries))
    }
}

extension GatewayOutcome {
    fileprivate var showsThatTheFunctionExists: Bool {
        switch self {
        case .result, .functionError, .accepted, .checked, .throttled, .expired: true
        case .notFound, .unavailable, .noAnswer, .tooLarge, .refused, .failed: false
        }
    }
}
