import AMQP
import LambdaGateway
import LambdaProtocol
import Logging
import NIOCore
import NIOPosix

/// A ``BrokerInvoker`` on a loop of its own, with async ways in.
struct TestInvoker: Sendable {
    private let connection: AMQPConnection
    private let invoker: BrokerInvoker
    private let group: MultiThreadedEventLoopGroup

    /// Connects.
    init(_ configuration: GatewayConfiguration) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let connection = try AMQPConnection(
            configuration: configuration.broker, eventLoop: group.next(),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let invoker = BrokerInvoker(connection: connection, configuration: configuration)
        try await group.next().flatSubmit { invoker.start().flatMap { connection.start() } }.get()
        (self.group, self.connection, self.invoker) = (group, connection, invoker)
    }

    func close() async throws {
        await self.connection.close()
        try await self.group.shutdownGracefully()
    }

    func resolve(_ name: String, qualifier: String? = nil) -> InvocationOutcome {
        switch self.invoker.resolve(FunctionName(name: name, qualifier: qualifier)) {
        case .success: .result(FunctionReply(body: ByteBuffer()))
        case .failure(let error): .refused(error)
        }
    }

    func invoke(_ name: String) async throws -> InvocationOutcome {
        try await self.run { self.invoker.invoke(Self.request, of: Self.function(name), completion: $0) }
    }

    func stream(_ name: String) async throws -> InvocationOutcome {
        try await self.run {
            self.invoker.invoke(Self.request, of: Self.function(name), into: NullSink(), completion: $0)
        }
    }

    func accept(_ name: String) async throws -> InvokeError? {
        try await self.run { self.invoker.accept(Self.request, of: Self.function(name), completion: $0) }
    }

    func check(_ name: String) async throws -> InvokeError? {
        try await self.run { self.invoker.check(Self.function(name), completion: $0) }
    }

    func unreadiness() async throws -> String? {
        try await self.invoker.eventLoop.submit { self.invoker.unreadiness }.get()
    }

    func waitingCount() async throws -> Int {
        try await self.invoker.eventLoop.submit { self.invoker.waitingCount }.get()
    }

    private func run<Value: Sendable>(
        _ body: @escaping @Sendable (@escaping (Value) -> Void) -> Void
    ) async throws -> Value {
        try await self.invoker.eventLoop.flatSubmit {
            let promise = self.invoker.eventLoop.makePromise(of: Value.self)
            body { promise.succeed($0) }
            return promise.futureResult
        }.get()
    }

    private static func function(_ name: String) -> ResolvedFunction {
        ResolvedFunction(name: name, qualifier: nil, invokedFunctionARN: "")
    }

    private static var request: InvocationRequest {
        InvocationRequest(requestID: RequestID.make(), event: ByteBuffer(string: "{}"), invokedFunctionARN: "")
    }
}

extension InvocationOutcome {
    /// The kind of error that an invocation was refused with.
    var kind: InvokeError.Kind? {
        if case .refused(let error) = self { error.kind } else { nil }
    }
}

/// Takes everything.
private final class NullSink: ResponseSink {
    var onWanted: (() -> Void)?
    func begin(_ head: ResponseHead) {}
    func write(_ bytes: ByteBuffer) -> Bool { true }
}
