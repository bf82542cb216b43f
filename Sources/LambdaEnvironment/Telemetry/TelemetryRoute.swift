internal import NIOHTTP1

/// What a request to the Telemetry API or the Logs API asks for (contract 8.1).
package enum TelemetryRoute: Equatable {
    case subscribe(TelemetryAPIVersion.API)
    case wrongMethod

    /// - Returns: `nil` for a path of neither.
    init?(method: HTTPMethod, path: Substring) {
        let api: TelemetryAPIVersion.API
        switch path {
        case "/2022-07-01/telemetry": api = .telemetry
        case "/2020-08-15/logs": api = .logs
        default: return nil
        }
        self = method == .PUT ? .subscribe(api) : .wrongMethod
    }
}
