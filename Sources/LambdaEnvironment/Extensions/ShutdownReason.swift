/// Why an environment's processes are ended, as SHUTDOWN events say it.
///
/// In lower case: that is what is on the wire, whatever the documents print (contract 7.4).
package enum ShutdownReason: String, Sendable {
    /// Nothing is wrong: the environment was idle, or its host stops.
    case spindown
    /// Init or an invocation took too long.
    case timeout
    /// The runtime or an extension has failed.
    case failure
}
