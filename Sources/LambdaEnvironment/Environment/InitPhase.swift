/// When init runs (contract 10.1).
package enum InitPhase: String, Sendable {
    /// By itself, before any invocation.
    case initialisation = "init"
    /// Again, or late, inside of an invocation.
    case invocation = "invoke"
}
