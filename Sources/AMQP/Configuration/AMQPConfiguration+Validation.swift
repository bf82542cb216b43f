extension AMQPConfiguration {
    /// The heartbeat to negotiate, in seconds; 0 for none.
    package var heartbeatSeconds: UInt16 {
        UInt16(clamping: self.heartbeat?.components.seconds ?? 0)
    }

    /// Checks every property that is not of itself valid.
    ///
    /// - Throws: ``AMQPError/Code/invalidConfiguration``, naming the property.
    public func validate() throws(AMQPError) {
        try Self.require(!self.endpoints.isEmpty, "endpoints must name at least one broker")
        for endpoint in self.endpoints {
            try Self.require(!endpoint.host.isEmpty, "endpoints: a host is missing")
            try Self.require((1...65535).contains(endpoint.port), "endpoints: a port must be from 1 to 65535")
        }
        try Self.require(self.virtualHost.utf8.count <= 255, "virtualHost must be at most 255 bytes")
        try self.validateLogin()
        try self.validateTimes()
        try self.validateLimits()
        try self.tls?.validate()
    }

    private func validateLogin() throws(AMQPError) {
        // PLAIN separates its parts with a zero byte (RFC 4616), so it cannot carry one.
        try Self.require(!self.username.utf8.contains(0), "username must not hold a zero byte")
        try Self.require(!self.password.utf8.contains(0), "password must not hold a zero byte")
        try Self.require(!self.authMechanisms.isEmpty, "authMechanisms must name at least one mechanism")
        try Self.require(
            self.authMechanisms != [.external] || self.tls?.certfile != nil,
            "auth_mechanism external needs a client certificate: certfile")
    }

    private func validateTimes() throws(AMQPError) {
        if let heartbeat {
            try Self.require(
                heartbeat >= .zero && heartbeat <= .seconds(65535) && heartbeat.components.attoseconds == 0,
                "heartbeat must be whole seconds from 0 to 65535")
        }
        try Self.require(self.connectionTimeout > .zero, "connectionTimeout must be longer than 0")
        try Self.require(self.connectionAttempts >= 1, "connectionAttempts must be at least 1")
        try Self.require(self.retryDelay >= .zero, "retryDelay must not be negative")
    }

    private func validateLimits() throws(AMQPError) {
        try Self.require((0...65535).contains(self.channelMax), "channelMax must be from 0 to 65535")
        try Self.require((8192...16_777_216).contains(self.frameMax), "frameMax must be from 8192 to 16777216 bytes")
        // A ByteBuffer holds no more.
        try Self.require(
            (1...Int(UInt32.max)).contains(self.maxMessageByteCount), "maxMessageByteCount must be from 1 to 4294967295")
        try Self.require(self.outboundBufferLimit >= 1, "outboundBufferLimit must be at least 1")
    }

    private static func require(_ condition: Bool, _ message: @autoclosure () -> String) throws(AMQPError) {
        guard condition else { throw AMQPError(.invalidConfiguration, message()) }
    }
}
