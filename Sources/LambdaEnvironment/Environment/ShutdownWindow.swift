package import NIOCore

/// How long an environment may take to shut down (contract 7.6).
package struct ShutdownWindow: Sendable, Equatable {
    /// How long the runtime has after SIGTERM; then it is killed.
    package var runtimeShare: TimeAmount
    /// When whatever is still there is killed, counted from the beginning.
    package var total: TimeAmount

    package init(runtimeShare: TimeAmount, total: TimeAmount) {
        self.runtimeShare = runtimeShare
        self.total = total
    }

    /// Only internal extensions: they end with the runtime.
    package static let internalOnly = Self(runtimeShare: .milliseconds(500), total: .milliseconds(500))
    /// The runtime's share is 30 % of the whole, which AWS's emulator gives it.
    package static let external = Self(runtimeShare: .milliseconds(600), total: .milliseconds(2000))
}
