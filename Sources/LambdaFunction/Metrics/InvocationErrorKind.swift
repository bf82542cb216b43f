package import LambdaEnvironment

/// Why an invocation ended in a function error, as a metric's label: few, and none from outside.
package enum InvocationErrorKind: String, CaseIterable, Sendable {
    /// The function reported an error, or answered with something that cannot be its answer.
    case function
    case timeout
    /// The runtime exited or was killed.
    case exit
    case outOfMemory = "out_of_memory"
    /// The runtime reported that it cannot start, could not be started, or took too long for it.
    case initialisation = "init"
    case `extension`
    case shutdown

    /// - Parameter failure: Why the platform answered in the place of the runtime; `nil` where it did not.
    package init(_ failure: EnvironmentFailure?) {
        switch failure {
        case nil: self = .function
        case .timedOut: self = .timeout
        case .exited(.outOfMemory): self = .outOfMemory
        case .exited: self = .exit
        case .initTimedOut, .initError, .notStarted: self = .initialisation
        case .extensionFailed: self = .extension
        case .shutdown: self = .shutdown
        }
    }
}
