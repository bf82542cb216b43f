/// Which kinds of extensions have registered in an environment: it decides how the environment is shut down.
package enum ExtensionPresence: Sendable, Equatable {
    case none
    /// Only some that live in the runtime's own processes.
    case internalOnly
    /// At least one with a process of its own.
    case external
}
