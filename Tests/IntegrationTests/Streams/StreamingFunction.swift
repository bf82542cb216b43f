import AMQP
import AMQPRPC
import Foundation
import LambdaAMQP
import LambdaFunction
import LambdaMessages
import LambdaProtocol
import Logging
import NIOCore
import TestSupport

/// A function behind a real queue, which streams what its event says: `COUNT SIZE` chunks, then an outcome.
///
/// It obeys its sink: a chunk is made when the one before has been taken.
// @unchecked: every member is used on `eventLoop` only.
final class StreamingFunction: CallInvoker, @unchecked Sendable {
    let eventLoop: any EventLoop
    /// Bytes made so far, by all invocations.
    private(set) var madeByteCount = 0
    private(set) var beganCount = 0

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    func resolve(_ name: FunctionName) -> Result<ResolvedFunction, InvokeError> {
        .success(ResolvedFunction(name: name.name, qualifier: name.qualifier, invokedFunctionARN: ""))
    }

    func invoke(
        _ request: InvocationRequest, of function: ResolvedFunction,
        completion: @escaping (InvocationOutcome) -> Void
    ) {
        completion(.result(FunctionReply(body: request.event)))
    }

    func invoke(
        _ request: InvocationRequest, of function: ResolvedFunction, into sink: any ResponseSink,
        completion: @escaping (InvocationOutcome) -> Void
    ) {
        self.beganCount += 1
        switch StreamingEvent(request.event) {
        case .whole(let byteCount):
            completion(.result(FunctionReply(body: ByteBuffer(repeating: 0x61, count: byteCount))))
        case .fails: completion(.functionError(FunctionReply(body: ByteBuffer(string: #"{"errorType":"E"}"#))))
        case .chunks(let count, let byteCount, let fails):
            sink.begin(ResponseHead(contentType: "text/plain"))
            let outcome: InvocationOutcome =
                fails
                ? .functionError(FunctionReply(body: ByteBuffer(string: #"{"errorType":"E"}"#)))
                : .result(FunctionReply(body: ByteBuffer()))
            self.make(count, byteCount, into: sink) { completion(outcome) }
        }
    }

    private func make(_ count: Int, _ byteCount: Int, into sink: any ResponseSink, then end: @escaping () -> Void) {
        guard count > 0 else { return end() }
        self.madeByteCount += byteCount
        let wantsMore = sink.write(ByteBuffer(repeating: UInt8(65 + count % 26), count: byteCount))
        sink.onWanted = { [unowned sink] in
            sink.onWanted = nil
            self.make(count - 1, byteCount, into: sink, then: end)
        }
        if wantsMore { self.eventLoop.assumeIsolated().execute { sink.onWanted?() } }
    }
}

/// An event in the words of the test: `"chunks COUNT SIZE"`, with ` fails` for an error at the end; `"whole SIZE"`; or
/// `"fails"`.
enum StreamingEvent {
    case chunks(count: Int, byteCount: Int, fails: Bool)
    case whole(Int)
    case fails

    init(_ event: ByteBuffer) {
        let words = String(buffer: event).split { $0 == " " || $0 == "\"" }
        let numbers = words.compactMap { Int($0) }
        switch words.first {
        case "chunks": self = .chunks(count: numbers[0], byteCount: numbers[1], fails: words.last == "fails")
        case "whole": self = .whole(numbers[0])
        default: self = .fails
        }
    }
}

/// A daemon's consumer with that function, and a client, each with a connection of its own.
struct StreamingSetUp: Sendable {
    let name: String
    let function: StreamingFunction
    let daemon: AMQPConnection
    let caller: AMQPConnection
    let client: LambdaClient

    /// Runs a test; the function's queue goes at its end.
    static func with(
        daemon configuration: AMQPConfiguration? = nil, patience: TimeAmount = .seconds(30),
        replyQueue: RPCClientConfiguration.ReplyQueue = .exclusive,
        _ body: @Sendable (StreamingSetUp) async throws -> Void
    ) async throws {
        let name = "test-streams-\(UUID().uuidString.lowercased())"
        let daemon = try await IntegrationBroker.connect(configuration)
        let caller = try await IntegrationBroker.connect()
        let function = StreamingFunction(eventLoop: daemon.eventLoop)
        let consumer = FunctionConsumer(
            configuration: FunctionConsumerConfiguration(
                functionName: name, queueName: name, prefetch: 10,
                messages: InvocationMessageConfiguration(
                    arn: FunctionARN(region: "us-east-1", accountID: "012345678912", name: name)),
                streamPatience: patience),
            connection: daemon, invoker: function, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await daemon.eventLoop.flatSubmit { consumer.start() }.get()
        let client = try await LambdaClient(
            connection: caller, configuration: LambdaClientConfiguration(replyQueue: replyQueue))
        try await body(
            StreamingSetUp(name: name, function: function, daemon: daemon, caller: caller, client: client))
        await client.close()
        try await caller.openChannel().deleteQueue(name)
        await caller.close()
        await daemon.close()
    }

    func stream(
        _ event: String, timeout: Duration = .seconds(60), window: Int = 1024 * 1024
    ) async throws(LambdaError) -> InvocationStream {
        try await self.client.invokeWithResponseStream(
            self.name, payload: ByteBuffer(string: "\"\(event)\""), options: .init(timeout: timeout), window: window)
    }

    /// Calls that the client waits for.
    func callCount() async throws -> Int {
        let rpc = try await self.client.session().rpc
        return try await self.caller.eventLoop.submit { rpc.callCount }.get()
    }

    /// What the function has made so far.
    func madeByteCount() async throws -> Int {
        try await self.function.eventLoop.submit { self.function.madeByteCount }.get()
    }
}
