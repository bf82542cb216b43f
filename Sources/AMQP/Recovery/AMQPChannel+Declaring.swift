import NIOCore

// What each call here throws besides: `connectionFailed` while there is no connection, `accessRefused` where the user may
// not, `invalidArgument` for a name over 255 bytes, and the error that the channel has ended with.
extension AMQPChannel {
    /// Declares an exchange.
    ///
    /// - Parameter exchange: What it is to be; it is declared again after a lost connection.
    /// - Throws: `channelClosed` with reply code 406 when one of that name exists and differs; the channel is closed then.
    public func declareExchange(_ exchange: AMQPExchangeDeclaration) async throws(AMQPError) {
        _ = try await self.call(.exchangeDeclare(exchange, passive: false), .exchangeDeclareOK) {
            $0.exchangeDeclared(exchange)
        }
    }

    /// Checks that an exchange exists.
    ///
    /// - Parameter name: The exchange.
    /// - Throws: `channelClosed` with reply code 404 when it does not; the channel is closed then.
    public func checkExchange(_ name: String) async throws(AMQPError) {
        let exchange = AMQPExchangeDeclaration(name: name, type: "direct")
        _ = try await self.call(.exchangeDeclare(exchange, passive: true), .exchangeDeclareOK)
    }

    /// Deletes an exchange.
    ///
    /// - Parameters:
    ///   - name: The exchange; no error where there is none.
    ///   - ifUnused: Only when nothing is bound to it. Default: false.
    /// - Throws: `channelClosed` with reply code 406 when it is in use and may not be; the channel is closed then.
    public func deleteExchange(_ name: String, ifUnused: Bool = false) async throws(AMQPError) {
        _ = try await self.call(.exchangeDelete(exchange: name, ifUnused: ifUnused), .exchangeDeleteOK) {
            $0.exchangeDeleted(name)
        }
    }

    /// Binds an exchange to another.
    ///
    /// - Parameter binding: From which to which, and for what; it is bound again after a lost connection.
    /// - Throws: `channelClosed` with reply code 404 when one of the two does not exist; the channel is closed then.
    public func bind(_ binding: AMQPExchangeBinding) async throws(AMQPError) {
        _ = try await self.call(.exchangeBind(binding), .exchangeBindOK) { $0.bound(binding) }
    }

    /// Takes an exchange's binding away.
    ///
    /// - Parameter binding: The binding as it was made; no error where there is none.
    /// - Throws: `AMQPError`, as every call of a channel.
    public func unbind(_ binding: AMQPExchangeBinding) async throws(AMQPError) {
        _ = try await self.call(.exchangeUnbind(binding), .exchangeUnbindOK) { $0.unbound(binding) }
    }

    /// Declares a queue.
    ///
    /// - Parameter queue: What it is to be; it is declared again after a lost connection.
    /// - Returns: Its name, which the broker makes where the declaration's is empty, and what is in it.
    /// - Throws: `channelClosed` with reply code 406 when one of that name exists and differs; the channel is closed then.
    @discardableResult
    public func declareQueue(_ queue: AMQPQueueDeclaration) async throws(AMQPError) -> AMQPQueueStatus {
        try await self.declareQueue(queue, passive: false)
    }

    /// Checks that a queue exists.
    ///
    /// - Parameter name: The queue.
    /// - Returns: What is in it.
    /// - Throws: `channelClosed` with reply code 404 when it does not; the channel is closed then.
    @discardableResult
    public func checkQueue(_ name: String) async throws(AMQPError) -> AMQPQueueStatus {
        try await self.declareQueue(AMQPQueueDeclaration(name: name), passive: true)
    }

    private func declareQueue(
        _ queue: AMQPQueueDeclaration, passive: Bool
    ) async throws(AMQPError) -> AMQPQueueStatus {
        let method = try await self.call(.queueDeclare(queue, passive: passive), .queueDeclareOK) { topology, method in
            guard !passive, case .queueDeclareOK(let ok) = method else { return }
            topology.queueDeclared(queue, name: ok.queue.string)
        }
        guard case .queueDeclareOK(let ok) = method else { throw .unexpectedReply(method) }
        return AMQPQueueStatus(
            name: ok.queue.string, messageCount: Int(ok.messageCount), consumerCount: Int(ok.consumerCount))
    }

    /// Binds a queue to an exchange.
    ///
    /// - Parameter binding: Which to which, and for what; it is bound again after a lost connection.
    /// - Throws: `channelClosed` with reply code 404 when one of the two does not exist; the channel is closed then.
    public func bind(_ binding: AMQPQueueBinding) async throws(AMQPError) {
        _ = try await self.call(.queueBind(binding), .queueBindOK) { $0.bound(binding) }
    }

    /// Takes a queue's binding away.
    ///
    /// - Parameter binding: The binding as it was made; no error where there is none.
    /// - Throws: `AMQPError`, as every call of a channel.
    public func unbind(_ binding: AMQPQueueBinding) async throws(AMQPError) {
        _ = try await self.call(.queueUnbind(binding), .queueUnbindOK) { $0.unbound(binding) }
    }

    /// Drops the messages that wait in a queue.
    ///
    /// - Parameter name: The queue. What is delivered and not acknowledged stays.
    /// - Returns: How many there were.
    /// - Throws: `channelClosed` with reply code 404 when there is no such queue; the channel is closed then.
    @discardableResult
    public func purgeQueue(_ name: String) async throws(AMQPError) -> Int {
        let method = try await self.call(.queuePurge(queue: name), .queuePurgeOK)
        guard case .queuePurgeOK(let count) = method else { throw .unexpectedReply(method) }
        return Int(count)
    }

    /// Deletes a queue.
    ///
    /// - Parameters:
    ///   - name: The queue; no error where there is none.
    ///   - ifUnused: Only without consumers. Default: false.
    ///   - ifEmpty: Only without messages. Default: false.
    /// - Returns: How many messages were in it.
    /// - Throws: `channelClosed` with reply code 406 when it is in use or not empty and may not be.
    @discardableResult
    public func deleteQueue(
        _ name: String, ifUnused: Bool = false, ifEmpty: Bool = false
    ) async throws(AMQPError) -> Int {
        let method = try await self.call(
            .queueDelete(queue: name, ifUnused: ifUnused, ifEmpty: ifEmpty), .queueDeleteOK
        ) { $0.queueDeleted(name) }
        guard case .queueDeleteOK(let count) = method else { throw .unexpectedReply(method) }
        return Int(count)
    }

    /// The name that a queue has now: one that the broker named gets a new name when a lost connection is back.
    ///
    /// - Parameter name: Any name that it had.
    /// - Returns: The latest; the same name for every other queue.
    public func currentName(ofQueue name: String) async -> String {
        await withCheckedContinuation { continuation in
            self.eventLoop.execute { continuation.resume(returning: self.topology.currentName(of: name)) }
        }
    }
}
