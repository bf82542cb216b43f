/// How invocations are told of on standard output (contract 10.5).
package enum ReportFormat: Sendable, Equatable {
    /// Nothing is printed.
    case none
    /// START, END and REPORT lines, as AWS writes them.
    case text
    /// The same as JSON objects, one a line, in the form of AWS's JSON log format.
    case json
}
