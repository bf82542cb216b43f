import AMQP
import ArgumentParser
import Glibc

/// Which broker, for every command.
struct BrokerOptions: ParsableArguments {
    @Option(help: "The broker. Default: the variable AMQP_URI, else amqp://localhost.")
    var uri: String?

    /// Connects; ends the program with 78 for a wrong setting, with 2 where there is no broker.
    func connect() async throws -> AMQPConnection {
        let variable = getenv("AMQP_URI").map { String(cString: $0) }
        let setting = self.uri == nil ? "AMQP_URI" : "--uri"
        do throws(AMQPError) {
            var configuration = try AMQPConfiguration(
                uri: self.uri ?? variable ?? "amqp://localhost",
                username: getenv("AMQP_USERNAME").map { String(cString: $0) },
                password: getenv("AMQP_PASSWORD").map { String(cString: $0) })
            configuration.connectionName = "lambda-amqp"
            return try await AMQPConnection.connect(configuration)
        } catch {
            Output.standardError("lambda-amqp: \(setting): \(error.message)")
            throw ExitCode(error.code == .invalidConfiguration ? 78 : 2)
        }
    }
}
