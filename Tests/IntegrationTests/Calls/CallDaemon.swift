import AMQP
import LambdaMessages
import LambdaFunction
import LambdaProtocol
import Logging
import NIOCore
import TestSupport

/// A daemon's consumer with a function that does what the test says.
struct CallDaemon: Sendable {
    let function: CallFunction
    let meter: FunctionMeter
    let connection: AMQPConnection
    let consumer: FunctionConsumer

    static func start(
        _ name: String, prefetch: Int = 10, configuration: AMQPConfiguration? = nil
    ) async throws -> CallDaemon {
        let connection = try await IntegrationBroker.connect(configuration)
        let function = CallFunction(eventLoop: connection.eventLoop)
        let meter = FunctionMeter()
        let consumer = FunctionConsumer(
            configuration: FunctionConsumerConfiguration(
                functionName: name, queueName: name, prefetch: prefetch,
                messages: InvocationMessageConfiguration(
                    arn: FunctionARN(region: "us-east-1", accountID: "012345678912", name: name)),
                watchPeriod: .milliseconds(200)),
            connection: connection, invoker: function,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, meter: meter)
        try await connection.eventLoop.flatSubmit { consumer.start() }.get()
        return CallDaemon(function: function, meter: meter, connection: connection, consumer: consumer)
    }

    /// Does something on the function's loop.
    func onLoop<Value: Sendable>(_ body: @escaping @Sendable (CallFunction) -> Value) async throws -> Value {
        try await self.function.eventLoop.submit { body(self.function) }.get()
    }

    /// Waits until something is so on the function's loop.
    func until(_ condition: @escaping @Sendable (CallFunction) -> Bool) async throws {
        while try await !self.onLoop(condition) { try await Task.sleep(for: .milliseconds(5)) }
    }

    /// Waits until so many calls were handed over and have not ended.
    func untilOpen(_ count: Int) async throws {
        try await self.until { $0.open.count == count }
    }

    /// Waits until a call runs, and nothing else is to be done: not even to acknowledge what it was counted by.
    func untilOneRunsAlone() async throws {
        let consumer = self.consumer
        try await self.until { $0.open.count == 1 && consumer.running == 1 }
    }

    /// Waits until the broker has delivered so many messages again.
    func untilRedelivered(_ count: Int) async throws {
        let meter = self.meter
        try await self.until { _ in meter.counts.redeliveries >= count }
    }

    /// Ends the oldest call: with its event as the result, or otherwise.
    func end(_ outcome: InvocationOutcome? = nil) async throws {
        try await self.onLoop { $0.end(outcome) }
    }

    func runCount() async throws -> Int {
        try await self.onLoop { $0.runCount }
    }
}
