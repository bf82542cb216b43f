import AMQP
import LambdaMessages
import LambdaFunction
import LambdaProtocol
import Logging
import NIOCore
import TestSupport

/// A daemon's consumer with slots, on a connection that can be cut.
struct CreditDaemon: Sendable {
    let function: SlottedFunction
    let consumer: FunctionConsumer
    let connection: AMQPConnection
    let meter: FunctionMeter
    private let proxy: TCPProxy

    /// Starts one. What it takes for short is generous, since these tests share a machine.
    ///
    /// - Parameter shortMilliseconds: What an invocation may take on the average for looking ahead.
    static func start(_ name: String, slots: Int, shortMilliseconds: Int64 = 5) async throws -> CreditDaemon {
        var configuration = try IntegrationBroker.configuration()
        let endpoint = configuration.endpoints[0]
        let proxy = try await TCPProxy(to: endpoint.host, endpoint.port)
        configuration.endpoints = [AMQPEndpoint(host: "127.0.0.1", port: proxy.port)]
        let connection = try await AMQPConnection.connect(configuration)
        let function = SlottedFunction(eventLoop: connection.eventLoop, slots: slots)
        let meter = FunctionMeter()
        let limits = CreditPolicy.Limits(
            slots: slots, lookAhead: 4 * slots, shortDuration: .milliseconds(shortMilliseconds),
            busyInterval: .seconds(1), proof: 64)
        let consumer = FunctionConsumer(
            configuration: FunctionConsumerConfiguration(
                functionName: name, queueName: name, prefetch: slots, credit: limits,
                messages: InvocationMessageConfiguration(
                    arn: FunctionARN(region: "us-east-1", accountID: "012345678912", name: name))),
            connection: connection, invoker: function,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, meter: meter)
        try await connection.eventLoop.flatSubmit { consumer.start() }.get()
        return CreditDaemon(
            function: function, consumer: consumer, connection: connection, meter: meter, proxy: proxy)
    }

    /// Cuts its connection as a crash would; it comes back.
    func cut() { self.proxy.cut(withReset: true) }

    func drain() async throws {
        try await self.connection.eventLoop.flatSubmit { self.consumer.drain() }.get()
    }

    func handBacks() async throws -> Int {
        try await self.connection.eventLoop.submit { self.meter.counts.handBacks }.get()
    }

    /// How often each event was run here.
    func runs() async throws -> [String: Int] {
        try await self.function.eventLoop.submit { self.function.runs }.get()
    }

    /// Takes a slot for so long, as an invocation over HTTP does; returns when it is over.
    func occupySlot(_ event: String) async throws {
        let promise = self.function.eventLoop.makePromise(of: Void.self)
        self.function.eventLoop.execute {
            let request = InvocationRequest(
                requestID: "local", event: ByteBuffer(string: "\"\(event)\""), invokedFunctionARN: "")
            let function = ResolvedFunction(name: "test", qualifier: nil, invokedFunctionARN: "")
            self.function.invoke(request, of: function) { _ in promise.succeed() }
        }
        try await promise.futureResult.get()
    }
}
