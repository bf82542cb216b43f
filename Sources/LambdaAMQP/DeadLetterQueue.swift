package import AMQP
package import LambdaMessages
import LambdaProtocol

/// A function's dead letters, for whoever looks after them.
package struct DeadLetterQueue: Sendable {
    private let connection: AMQPConnection
    private let name: String
    private let eventQueueName: String

    /// - Parameters:
    ///   - connection: The broker's; each call opens a channel of its own on it, and closes that.
    ///   - function: The function's name, which is its queue's name.
    ///   - qualifier: A version or an alias with queues of its own. `$LATEST` unless given.
    package init(connection: AMQPConnection, function: String, qualifier: String? = nil) {
        let queue = InvocationOptions(qualifier: qualifier).queueName(of: function)
        self.connection = connection
        self.name = EventQueueName.deadLetter(of: queue)
        self.eventQueueName = EventQueueName.async(of: queue)
    }

    /// Shows every dead letter, oldest first, and leaves them where they are.
    ///
    /// - Parameter body: Called with each of those that are there at the beginning; with none where there is no queue.
    /// - Throws: What hinders the reading; dead letters that were read are the queue's again.
    package func forEach(_ body: (DeadLetter) -> Void) async throws(AMQPError) {
        try await self.visit { (_, letter, _) throws(AMQPError) in
            body(letter)
            return true
        }
    }

    /// The dead letter with a request id; it stays where it is.
    ///
    /// - Parameter requestID: The event's request id.
    /// - Returns: The dead letter; nil where there is none, or no queue.
    /// - Throws: What hinders the reading.
    package func letter(_ requestID: String) async throws(AMQPError) -> DeadLetter? {
        var found: DeadLetter?
        try await self.visit { (_, letter, _) throws(AMQPError) in
            if letter.requestID == requestID { found = letter }
            return found == nil
        }
        return found
    }

    /// Has events run again: each is published, confirmed, and only then taken out of the dead letters.
    ///
    /// - Parameter requestIDs: Which; all of them when nil.
    /// - Returns: How many there were.
    /// - Throws: `unroutable` where the function has no queue for events, `nacked` where that is full. What was replayed
    ///   before is done; the others are dead letters still.
    package func replay(_ requestIDs: Set<String>?) async throws(AMQPError) -> Int {
        var count = 0
        try await self.visit(confirming: true) { (channel, letter, message) throws(AMQPError) in
            guard requestIDs?.contains(letter.requestID) != false else { return true }
            try await channel.publishConfirmed(
                letter.replay(now: EpochClock.now()), routingKey: AMQPShortString(self.eventQueueName))
            guard try await channel.ack(message) else {
                throw AMQPError(
                    .connectionLost,
                    "the connection was lost while \(letter.requestID) was replayed: it runs again, and is a dead letter still")
            }
            count += 1
            return true
        }
        return count
    }

    /// Deletes them all.
    ///
    /// - Returns: How many there were; 0 where there is no queue.
    /// - Throws: What hinders it; none are deleted then, unless the connection was lost meanwhile.
    package func purge() async throws(AMQPError) -> Int {
        let channel = try await self.connection.openChannel()
        do throws(AMQPError) {
            let count = try await channel.purgeQueue(self.name)
            try await channel.close()
            return count
        } catch {
            guard error.replyCode == .notFound else { throw error }
            return 0
        }
    }

    /// Goes through those that are there now; what is not acknowledged goes back with the channel.
    private func visit(
        confirming: Bool = false,
        _ body: (AMQPChannel, DeadLetter, AMQPFetchedMessage) async throws(AMQPError) -> Bool
    ) async throws(AMQPError) {
        let channel = try await self.connection.openChannel()
        let result: Result<Void, AMQPError>
        do throws(AMQPError) {
            if confirming { try await channel.selectConfirms() }
            result = .success(try await self.visit(on: channel, body))
        } catch {
            result = .failure(error)
        }
        // What was read and left is to be read by others, also after an error.
        try? await channel.close()
        try result.get()
    }

    private func visit(
        on channel: AMQPChannel,
        _ body: (AMQPChannel, DeadLetter, AMQPFetchedMessage) async throws(AMQPError) -> Bool
    ) async throws(AMQPError) {
        let count: Int
        do throws(AMQPError) {
            count = try await channel.checkQueue(self.name).messageCount
        } catch {
            // Nothing of the function's has ever failed.
            guard error.replyCode == .notFound else { throw error }
            return
        }
        for _ in 0..<count {
            guard let message = try await channel.get(queue: self.name) else { break }
            guard try await body(channel, DeadLetter(message.properties, message.body), message) else { break }
        }
    }
}
