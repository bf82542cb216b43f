package import LambdaEnvironment
package import LambdaMetrics
package import LambdaProtocol
package import NIOCore

/// What a function's daemon has counted since it started.
///
/// Pure: times come in.
package struct FunctionCounts: Sendable {
    /// Calls and attempts at events that the function was run for, whether or not it failed.
    package private(set) var invocations = 0
    private var errors = [Int](repeating: 0, count: InvocationErrorKind.allCases.count)
    package private(set) var throttles = 0
    /// What was not run for another reason, by the error's type, which is one of ours.
    package private(set) var refusals: [String: Int] = [:]
    package private(set) var duration = DurationHistogram()
    package private(set) var queueWait = DurationHistogram()
    package private(set) var initDuration = DurationHistogram()
    package private(set) var initErrors = 0
    package var redeliveries = 0
    /// Messages that were given back unstarted, for somebody else to run.
    package var handBacks = 0
    package var events = EventCounts()

    /// Nothing counted.
    package init() {}

    /// How many invocations ended so.
    package func errors(_ kind: InvocationErrorKind) -> Int {
        self.errors[Self.place(of: kind)]
    }

    /// An invocation has ended.
    ///
    /// - Parameters:
    ///   - outcome: How.
    ///   - failure: Why the platform answered in the place of the runtime.
    ///   - wait: From its arrival until it was handed to an environment; `nil`: it never was.
    ///   - duration: From its delivery to the runtime until its answer; `nil`: it was not delivered.
    package mutating func ended(
        _ outcome: InvocationOutcome, failure: EnvironmentFailure?, wait: TimeAmount?, duration: TimeAmount?
    ) {
        if let wait { self.queueWait.record(wait) }
        if let duration { self.duration.record(duration) }
        switch outcome {
        case .result: self.invocations += 1
        case .functionError:
            self.invocations += 1
            self.errors[Self.place(of: InvocationErrorKind(failure))] += 1
        case .refused(let error): self.refused(error)
        }
    }

    /// Something was not run, or was ended in its course.
    package mutating func refused(_ error: InvokeError) {
        if error.kind == .tooManyRequests {
            self.throttles += 1
        } else {
            self.refusals[error.kind.errorType, default: 0] += 1
        }
    }

    /// An environment is ready after its init.
    package mutating func initEnded(after duration: TimeAmount) {
        self.initDuration.record(duration)
    }

    /// An init has failed.
    package mutating func initFailed() {
        self.initErrors += 1
    }

    private static func place(of kind: InvocationErrorKind) -> Int {
        InvocationErrorKind.allCases.firstIndex(of: kind) ?? 0
    }
}
