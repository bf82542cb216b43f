/// The kinds of events that may be subscribed to, by their wire names (contract 8.1).
package enum TelemetryType: String, Sendable, Hashable, CaseIterable {
    case platform
    case function
    case `extension`
}
