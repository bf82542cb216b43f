package import LambdaHTTP
import NIOCore

extension HTTPServerConfiguration {
    /// For listeners that strangers reach: against clients that are slow or greedy. None of it is near to what a
    /// well-behaved one needs.
    package static var invokeAPI: HTTPServerConfiguration {
        var configuration = HTTPServerConfiguration()
        configuration.maxConnections = 10_000
        configuration.idleTimeout = .minutes(5)
        configuration.headTimeout = .seconds(10)
        configuration.bodyTimeout = .seconds(30)
        configuration.writeTimeout = .seconds(30)
        configuration.minByteRate = 500
        configuration.maxBodyMemory = 256 * 1024 * 1024
        configuration.sendsDate = true
        return configuration
    }
}
