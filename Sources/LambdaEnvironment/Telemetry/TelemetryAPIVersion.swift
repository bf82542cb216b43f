/// Which of the two APIs a subscriber speaks, and which of their forms of events it gets (contract 8.1, 8.4).
package enum TelemetryAPIVersion: Sendable, Equatable {
    /// The Telemetry API's first schema, `2022-07-01`, and its default.
    case telemetry2022
    /// The Telemetry API's later schemas: in the JSON log format a printed line may be an object.
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
    package var api: API {
        switch self {
        case .telemetry2022, .telemetry: .telemetry
        case .logs2020, .logs2021: .logs
        }
    }

    /// Whether a printed line that is a JSON object may stand as such in its event.
    ///
    /// Subscribers of the other versions parse strings, and may refuse a whole batch that has something else.
    package var mayEmbedJSON: Bool { self == .telemetry }

    /// - Returns: The version that a schema's name stands for; the default's without one, `nil` for an unknown one.
    static func named(_ schema: String?, of api: API) -> TelemetryAPIVersion? {
        switch (api, schema) {
        case (.telemetry, nil), (.telemetry, "2022-07-01"): .telemetry2022
        case (.telemetry, "2022-12-13"), (.telemetry, "2025-01-29"): .telemetry
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
