/// How the platform's lines about invocations are written (contract 10.5).
package enum LogFormat: Sendable, Equatable {
    /// START, END and REPORT lines, as AWS writes them.
    case text
    /// JSON objects, one a line, in the form of AWS's JSON log format.
    case json
}
