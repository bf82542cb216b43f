/// Which of the two APIs a subscriber speaks, and which of their forms of events it gets (contract 8.1, 8.4).
package enum TelemetryAPIVersion: Sendable, Equatable {
    /// The Telemetry API; its three schemas have the same events here.
    case telemetry
    /// The Logs API, `2020-08-15`.
    case logs2020
    /// The Logs API, `2021-03-18`: with `platform.runtimeDone`.
    case logs2021

    package enum API: Sendable, Equatable {
        case telemetry
        case logs
    }

    /// The API that this is a version of.
    package var api: API { self == .telemetry ? .telemetry : .logs }

    /// - Returns: The version that a schema's name stands for; the default's without one, `nil` for an unknown one.
    static func named(_ schema: String?, of api: API) -> TelemetryAPIVersion? {
        switch (api, schema) {
        case (.telemetry, nil), (.telemetry, "2022-07-01"), (.telemetry, "2022-12-13"), (.telemetry, "2025-01-29"):
            .telemetry
        case (.logs, nil), (.logs, "2020-08-15"): .logs2020
        case (.logs, "2021-03-18"): .logs2021
        default: nil
        }
    }
}

extension TelemetryAPIVersion.API {
    /// The event that tells of a subscription, after `platform.`.
    var subscriptionEvent: String { self == .telemetry ? "telemetrySubscription" : "logsSubscription" }

    /// The error type of a request that is not valid.
    var validationErrorType: String { self == .telemetry ? "ValidationError" : "Logs.ValidationError" }

    /// The answer to a subscription that comes after init.
    var closed: RuntimeAPIRejection {
        self == .telemetry
            ? .init(
                status: 403, errorType: "Telemetry.SubscriptionClosed",
                message: "Telemetry API subscription is closed already")
            : .init(
                status: 403, errorType: "Logs.SubscriptionClosed", message: "Logs API subscription is closed already")
    }
}
