package import AMQP
import Foundation

/// The real RabbitMQ that the integration tests talk to: `TEST_AMQP_URI`, else a local one as `guest`.
///
/// A broker that does not answer is an error of the test, never a reason to skip it: what was skipped proves nothing.
package enum IntegrationBroker {
    package struct Unreachable: Error, CustomStringConvertible {
        package let description: String
    }

    package static var uri: String {
        let uri = ProcessInfo.processInfo.environment["TEST_AMQP_URI"] ?? ""
        return uri.isEmpty ? "amqp://guest:guest@127.0.0.1:5672" : uri
    }

    /// The settings of the URI.
    package static func configuration() throws -> AMQPConfiguration {
        var configuration = try AMQPConfiguration(uri: self.uri)
        configuration.connectionName = "integration tests"
        return configuration
    }

    /// Connects.
    ///
    /// - Throws: ``Unreachable``, which says how to get a broker.
    package static func connect(_ configuration: AMQPConfiguration? = nil) async throws -> AMQPConnection {
        let configuration = try configuration ?? self.configuration()
        do throws(AMQPError) {
            return try await AMQPConnection.connect(configuration)
        } catch {
            guard error.code == .connectionFailed else { throw error }
            throw Unreachable(
                description: "The integration tests need a RabbitMQ; none answers at \(configuration): \(error). "
                    + "Run them with Tests/run, which starts one, or set TEST_AMQP_URI.")
        }
    }
}
