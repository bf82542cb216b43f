/// What is wrong with a subscription.
package struct TelemetryRequestFailure: Error, Sendable, Equatable {
    package let reason: String

    init(_ reason: String) {
        self.reason = reason
    }
}
