import AMQP
import Foundation
import LambdaMessages
import LambdaFunction
import LambdaGateway
import LambdaProtocol
import Logging
import NIOConcurrencyHelpers
import NIOCore
import TestSupport
import Testing

/// Daemons that announce themselves, and a gateway that listens, over a real broker.
@Suite(.timeLimit(.minutes(1))) struct AnnouncementTests {
    private static func announcement(_ name: String, free: Int = 2) -> FunctionAnnouncement {
        FunctionAnnouncement(
            instance: UUID().uuidString, name: name, arn: "arn:aws:lambda:us-east-1:012345678912:function:\(name)",
            timeoutSeconds: 3, memoryMegabytes: 128, slots: 2, freeSlots: free, architecture: "x86_64",
            startedMilliseconds: 1_800_000_000_000, daemonVersion: "1")
    }

    /// What a watcher knows of a function, waited for.
    private func summary(
        _ name: String, _ watcher: FunctionWatcher, until condition: (FunctionSummary?) -> Bool
    ) async throws -> FunctionSummary? {
        while true {
            let summary = try await watcher.functions().get().first { $0.name == name }
            if condition(summary) { return summary }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    @Test func aDaemonIsKnownFromItsAnnouncementUntilItsGoodbye() async throws {
        let name = "test-\(UUID().uuidString.lowercased())"
        let (listening, announcing) = try await (IntegrationBroker.connect(), IntegrationBroker.connect())
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let watcher = FunctionWatcher(connection: listening, logger: logger)
        try await listening.eventLoop.flatSubmit { watcher.start() }.get()
        let free = NIOLockedValueBox(2)
        let constant = Self.announcement(name)
        let announcer = FunctionAnnouncer(connection: announcing, logger: logger) {
            var announcement = constant
            announcement.freeSlots = free.withLockedValue { $0 }
            return announcement
        }
        // The first one may come before the watcher has its queue; one of the next does not.
        try await announcing.eventLoop.flatSubmit { announcer.start() }.get()
        free.withLockedValue { $0 = 0 }
        let full = try await self.summary(name, watcher) { $0 != nil && $0?.freeSlots == 0 }
        #expect(full?.slots == 2)
        #expect(full?.containerCount == 1)
        free.withLockedValue { $0 = 1 }
        _ = try await self.summary(name, watcher) { $0?.freeSlots == 1 }

        try await announcing.eventLoop.submit { announcer.leave() }.get()
        _ = try await self.summary(name, watcher) { $0 == nil }
        await announcing.close()
        await listening.close()
    }

    @Test func whatIsNoAnnouncementIsIgnoredAndListeningGoesOn() async throws {
        let name = "test-\(UUID().uuidString.lowercased())"
        let (listening, publishing) = try await (IntegrationBroker.connect(), IntegrationBroker.connect())
        let watcher = FunctionWatcher(
            connection: listening, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        try await listening.eventLoop.flatSubmit { watcher.start() }.get()
        let channel = try await publishing.openChannel()
        try await channel.declareExchange(AMQPExchangeDeclaration(name: FunctionAnnouncement.exchange, type: "fanout"))
        let good = FunctionAnnouncement.read(Self.announcement(name).body)?.body ?? ByteBuffer()
        while try await watcher.functions().get().first(where: { $0.name == name }) == nil {
            for body in [ByteBuffer(), ByteBuffer(string: "{"), ByteBuffer(repeating: 0, count: 20_000), good] {
                try await channel.publish(
                    AMQPMessage(body), to: AMQPShortString(FunctionAnnouncement.exchange), routingKey: "")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        await publishing.close()
        await listening.close()
    }

    @Test func aBrokerThatForbidsTheExchangeIsOneLineAndNothingElse() async throws {
        let user = try await RestrictedUser.make(
            write: "^(?!lambda\\.functions).*", read: "^(?!lambda\\.functions).*")
        var configuration = try IntegrationBroker.configuration()
        configuration.username = user.name
        configuration.password = user.name
        let connection = try await IntegrationBroker.connect(configuration)
        let lines = NIOLockedValueBox<[String]>([])
        let logger = Logger(label: "test", factory: { _ in LineCollector(lines: lines) })
        let watcher = FunctionWatcher(connection: connection, logger: logger)
        let announcement = Self.announcement("test-forbidden")
        let announcer = FunctionAnnouncer(connection: connection, logger: logger) { announcement }
        try await connection.eventLoop.flatSubmit { watcher.start().and(announcer.start()).map { _ in } }.get()
        while lines.withLockedValue({ $0.count }) < 2 { try await Task.sleep(for: .milliseconds(10)) }
        // The connection is as good as before.
        let channel = try await connection.openChannel()
        let queue = try await channel.declareQueue(.serverNamedExclusive)
        #expect(try await channel.checkQueue(queue.name).messageCount == 0)
        #expect(try await watcher.functions().get().isEmpty)
        #expect(lines.withLockedValue { $0.count } == 2)
        await connection.close()
        try await user.delete()
    }
}

/// A user of the broker who may do less than others.
private struct RestrictedUser {
    let name: String

    static func make(write: String, read: String) async throws -> RestrictedUser {
        let user = RestrictedUser(name: "user-\(UUID().uuidString.lowercased())")
        try await user.control("add_user", user.name, user.name)
        try await user.control("set_permissions", user.name, ".*", write, read)
        return user
    }

    func delete() async throws {
        try await self.control("delete_user", self.name)
    }

    private func control(_ arguments: String...) async throws {
        let words = try ProgramEnvironment.value("TEST_RABBITMQ_CTL").split(separator: " ").map(String.init)
        let result = try await Program.run(words[0], Array(words.dropFirst()) + arguments, limit: .seconds(40))
        guard result.status == .exited(0) else { throw Program.Failure("rabbitmqctl: \(result.errors)") }
    }
}

/// Keeps what is logged.
private struct LineCollector: LogHandler {
    let lines: NIOLockedValueBox<[String]>
    var logLevel: Logger.Level = .info
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        self.lines.withLockedValue { $0.append(event.message.description) }
    }
}
