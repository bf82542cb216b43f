import AMQP
import Foundation
import LambdaAMQP
import LambdaMessages
import NIOCore
import TestSupport
import Testing

/// What becomes of dead letters whose replay breaks.
@Suite(.timeLimit(.minutes(1))) struct LambdaDeadLetterTests {
    private let function = "test-dead-letters-\(UUID().uuidString.lowercased())"

    private func ids(_ letters: DeadLetterQueue) async throws -> [String] {
        var ids: [String] = []
        try await letters.forEach { ids.append($0.requestID) }
        return ids
    }

    @Test func whatWasReadIsGivenBackAfterAnErrorInTheMiddleOfAReplay() async throws {
        let connection = try await IntegrationBroker.connect()
        let channel = try await connection.openChannel()
        let (dead, events) = (self.function + ".dead-letter", self.function + ".async")
        try await channel.declareQueue(AMQPQueueDeclaration(name: dead, isExclusive: true))
        // Room for one.
        try await channel.declareQueue(
            AMQPQueueDeclaration(
                name: events, isExclusive: true, arguments: ["x-max-length": 1, "x-overflow": "reject-publish"]))
        try await channel.selectConfirms()
        let published = (0..<4).map { _ in UUID().uuidString.lowercased() }
        for id in published {
            var properties = AMQPProperties()
            properties.messageID = AMQPShortString(id)
            try await channel.publishConfirmed(
                AMQPMessage(ByteBuffer(string: "{}"), properties: properties), routingKey: AMQPShortString(dead))
        }
        func count(_ queue: String) async throws -> Int { try await channel.checkQueue(queue).messageCount }

        let letters = DeadLetterQueue(connection: connection, function: self.function)
        // The first is passed over and the second replayed; the third is read, and finds no room.
        let error = await #expect(throws: AMQPError.self) { _ = try await letters.replay(Set(published.dropFirst())) }
        #expect(error?.code == .nacked)
        try await waitUntil { try await count(dead) == 3 }
        #expect(try await self.ids(letters) == [published[0], published[2], published[3]])
        let replayed = try #require(await channel.get(queue: events))
        #expect(replayed.properties.messageID?.string == published[1])
        _ = try await channel.ack(replayed)
        // They can be replayed as if nothing had been.
        try await waitUntil { try await count(dead) == 3 }
        #expect(try await letters.replay([published[2]]) == 1)
        try await waitUntil { try await count(dead) == 2 }
        #expect(try await self.ids(letters) == [published[0], published[3]])
        await connection.close()
    }
}
