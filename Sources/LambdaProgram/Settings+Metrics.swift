package import LambdaMetrics

extension Settings {
    /// Where metrics are served: `METRICS_HOST` and `METRICS_PORT`.
    ///
    /// - Returns: `nil` where no port is set: nothing is counted then.
    package func metricsAddress() throws(SettingError) -> MetricsServer.Address? {
        guard self.text("METRICS_PORT") != nil else { return nil }
        return MetricsServer.Address(
            host: self.text("METRICS_HOST") ?? "0.0.0.0",
            port: try self.integer("METRICS_PORT", default: 0, in: 1...65_535))
    }
}
