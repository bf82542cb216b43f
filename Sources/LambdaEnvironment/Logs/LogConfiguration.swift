/// What becomes of what an environment's processes print, and of the platform's own lines.
package struct LogConfiguration: Sendable, Equatable {
    /// The form of the platform's lines; what processes print is never changed.
    package var format: LogFormat
    /// Whether the platform's lines are printed.
    ///
    /// They stand in log tails and telemetry in any case. Default `true`.
    package var printsReports: Bool
    /// Whether processes print into a pipe of their environment.
    ///
    /// Without it they share the daemon's own output, and nothing of theirs is in log tails or telemetry. Default
    /// `true`.
    package var capturesOutput: Bool

    package init(format: LogFormat = .text, printsReports: Bool = true, capturesOutput: Bool = true) {
        self.format = format
        self.printsReports = printsReports
        self.capturesOutput = capturesOutput
    }
}
