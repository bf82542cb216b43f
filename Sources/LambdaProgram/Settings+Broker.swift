package import AMQP

extension Settings {
    /// The broker: `AMQP_URI`, with the user and the password that it lacks; each may come from a file.
    ///
    /// - Parameter connectionName: What the broker's management pages and logs call the connection.
    /// - Returns: `nil` where no broker is named.
    package func broker(connectionName: String) throws(SettingError) -> AMQPConfiguration? {
        guard let uri = try self.secret("AMQP_URI") else {
            // Read all the same, so that a mistake in them is told.
            _ = (try self.secret("AMQP_USERNAME"), try self.secret("AMQP_PASSWORD"))
            return nil
        }
        return try self.broker(uri: uri, connectionName: connectionName)
    }

    /// The same for a program that cannot do without.
    ///
    /// - Parameters:
    ///   - connectionName: What the broker's management pages and logs call the connection.
    ///   - fallback: The URI where `AMQP_URI` is not set.
    package func broker(connectionName: String, default fallback: String) throws(SettingError) -> AMQPConfiguration {
        try self.broker(uri: try self.secret("AMQP_URI") ?? fallback, connectionName: connectionName)
    }

    private func broker(uri: String, connectionName: String) throws(SettingError) -> AMQPConfiguration {
        let username = try self.secret("AMQP_USERNAME")
        let password = try self.secret("AMQP_PASSWORD")
        do throws(AMQPError) {
            var configuration = try AMQPConfiguration(uri: uri, username: username, password: password)
            configuration.connectionName = connectionName
            try configuration.validate()
            return configuration
        } catch {
            throw SettingError("AMQP_URI", error.message)
        }
    }
}
