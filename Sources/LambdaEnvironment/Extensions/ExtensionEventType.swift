/// What an extension may subscribe to (contract 7.2).
package enum ExtensionEventType: String, Sendable {
    case invoke = "INVOKE"
    case shutdown = "SHUTDOWN"
}
