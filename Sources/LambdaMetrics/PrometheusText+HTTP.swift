package import LambdaHTTP

extension PrometheusText {
    /// Writes what the listeners of a program have to say, summed up.
    package mutating func write(_ listeners: [HTTPServerStatistics]) {
        var responses: [Int: Int] = [:]
        for listener in listeners {
            for (status, count) in listener.responses { responses[status, default: 0] += count }
        }
        self.family(
            "lambda_http_connections", .gauge, "HTTP connections that are open.",
            listeners.reduce(0) { $0 + $1.connectionCount })
        self.family(
            "lambda_http_responses_total", .counter, "HTTP responses by their status.",
            samples: responses.sorted { $0.key < $1.key }.map { (["code": String($0.key)], $0.value) })
    }
}
