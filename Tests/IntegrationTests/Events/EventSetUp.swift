import AMQP
import Foundation
import LambdaAMQP
import LambdaFunction
import LambdaMessages
import LambdaProtocol
import Logging
import NIOCore
import TestSupport

/// A function's events on a real broker: the daemon's parts with their two connections, and a caller with a third.
struct EventSetUp: Sendable {
    let name: String
    let function: EventFunction
    let events: FunctionEvents
    /// What events come by.
    let consuming: AMQPConnection
    let caller: AMQPConnection
    let client: LambdaClient

    /// Runs a test; the function's queues go at its end.
    static func with(
        consuming configuration: AMQPConfiguration? = nil, type: EventConfiguration.QueueType = .quorum,
        policy: EventPolicy = EventPolicy(waitsMilliseconds: [20]),
        _ body: @Sendable (EventSetUp) async throws -> Void
    ) async throws {
        let name = "test-events-\(UUID().uuidString.lowercased())"
        let publishing = try await IntegrationBroker.connect()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let consuming = try await AMQPConnection.connect(
            configuration ?? IntegrationBroker.configuration(), eventLoop: publishing.eventLoop)
        let caller = try await IntegrationBroker.connect()
        let function = EventFunction(eventLoop: publishing.eventLoop)
        let messages = InvocationMessageConfiguration(
            arn: FunctionARN(region: "us-east-1", accountID: "012345678912", name: name))
        let events = FunctionEvents(
            configuration: EventConfiguration(
                functionName: name, queueName: name, arn: messages.arn, messages: messages, policy: policy,
                queueType: type, watchPeriod: .milliseconds(200)),
            publishing: publishing, consuming: consuming, invoker: function, logger: logger)
        let consumer = FunctionConsumer(
            configuration: FunctionConsumerConfiguration(
                functionName: name, queueName: name, prefetch: 10, messages: messages),
            connection: publishing, invoker: function, events: events.acceptance, logger: logger)
        try await publishing.eventLoop.flatSubmit { events.start().flatMap { consumer.start() } }.get()
        let client = try await LambdaClient(connection: caller)
        let test = EventSetUp(
            name: name, function: function, events: events, consuming: consuming, caller: caller, client: client)
        try await body(test)
        await client.close()
        for queue in [name, name + ".async", name + ".dead-letter", name + ".retry.20", name + ".retry.1000"] {
            _ = try? await caller.openChannel().deleteQueue(queue)
        }
        await caller.close()
        await consuming.close()
        await publishing.close()
    }

    /// Does something on the function's loop.
    func onLoop<Value: Sendable>(_ body: @escaping @Sendable (EventFunction) -> Value) async throws -> Value {
        try await self.function.eventLoop.submit { body(self.function) }.get()
    }

    /// Waits until something is so on the function's loop.
    func until(_ condition: @escaping @Sendable (EventFunction) -> Bool) async throws {
        while try await !self.onLoop(condition) { try await Task.sleep(for: .milliseconds(5)) }
    }

    /// Waits until so many events are handed over and not answered.
    func untilOpen(_ count: Int) async throws {
        try await self.until { $0.open.count == count }
    }

    /// Cuts the connection that events come by, and waits until that is noticed here.
    func cut(_ proxy: TCPProxy) async throws {
        let consuming = self.consuming
        let link = try await self.onLoop { _ in consuming.link }
        proxy.cut()
        try await self.until { _ in consuming.link !== link }
    }

    func publish(_ event: String) async throws -> String {
        try await self.client.invokeEvent(self.name, payload: ByteBuffer(string: event))
    }

    /// Messages in one of the function's queues that wait there, and its consumers.
    func status(of queue: String) async throws(AMQPError) -> AMQPQueueStatus {
        let channel = try await self.caller.openChannel()
        let status = try await channel.checkQueue(self.name + queue)
        try await channel.close()
        return status
    }

    /// Waits until a queue is there, and as it should be.
    func until(_ queue: String, _ condition: (AMQPQueueStatus) -> Bool) async throws {
        while true {
            do throws(AMQPError) {
                if condition(try await self.status(of: queue)) { return }
            } catch {
                guard error.replyCode == .notFound else { throw error }
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Has the oldest event end.
    func end(_ outcome: InvocationOutcome) async throws {
        try await self.onLoop { $0.end(outcome) }
    }
}

extension InvocationOutcome {
    static let good = InvocationOutcome.result(FunctionReply(body: ByteBuffer(string: "{}")))
    static let bad = InvocationOutcome.functionError(FunctionReply(body: ByteBuffer(string: #"{"errorMessage":"no"}"#)))
}
