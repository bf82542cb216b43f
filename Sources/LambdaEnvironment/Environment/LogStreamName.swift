internal import LambdaProtocol

/// The name of an environment's log stream, in the form that AWS gives it (contract 9.1).
enum LogStreamName {
    /// `2026/11/21/[$LATEST]` and 32 hexadecimal digits.
    static func make(version: String, now: EpochClock.Instant, requestID: String = RequestID.make()) -> String {
        let date = now.iso8601.prefix(10).replacing("-", with: "/")
        return "\(date)/[\(version)]\(requestID.filter { $0 != "-" })"
    }
}
