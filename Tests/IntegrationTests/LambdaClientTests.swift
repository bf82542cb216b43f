import AMQP
import AMQPRPC
import Foundation
import LambdaAMQP
import NIOConcurrencyHelpers
import NIOCore
import TestSupport
import Testing

/// What a client's options are on the wire, and what it reads of an answer: through a real RabbitMQ, with a responder
/// that shows the request as it came.
@Suite(.timeLimit(.minutes(2))) struct LambdaClientTests {
    private let function = "test-lambda-client-\(UUID().uuidString.lowercased())"

    /// The headers that a daemon answers with.
    private static func answer(_ context: RPCContext, _ headers: AMQPTable) -> RPCAnswer {
        let properties = AMQPProperties(contentType: "application/json", headers: headers)
        return .reply(RPCReply(properties: properties, body: context.body))
    }

    /// Runs a test between a client and a responder; the queue goes at its end.
    private func withResponder(
        queue: String? = nil, settings: AMQPConfiguration? = nil, answer: @escaping RPCServer.Handler,
        _ body: (LambdaClient) async throws -> Void
    ) async throws {
        let connection = try await IntegrationBroker.connect()
        let queue = AMQPQueueDeclaration(name: queue ?? self.function, arguments: ["x-expires": 60_000])
        let channel = try await connection.openChannel()
        try await channel.declareQueue(queue)
        let server = RPCServer(
            connection: connection, configuration: RPCServerConfiguration(queue: queue), handler: answer)
        let serving = Task { try await server.run() }
        try await withLambdaClient(settings ?? IntegrationBroker.configuration(), body)
        serving.cancel()
        _ = await serving.result
        try await channel.deleteQueue(queue.name)
        await connection.close()
    }

    @Test func theLogTailComesToThoseWhoAskForIt() async throws {
        let tail = "START RequestId: r\nEND RequestId: r\n"
        try await self.withResponder { context in
            let isWanted = context.headers["X-Amz-Log-Type"]?.stringValue == "Tail"
            let log: AMQPTable = ["X-Amz-Log-Result": .string(Data(tail.utf8).base64EncodedString())]
            return Self.answer(context, isWanted ? log : AMQPTable())
        } _: { lambda in
            let event = ByteBuffer(string: "{}")
            let with = try await lambda.invoke(
                self.function, payload: event, options: InvocationOptions(wantsLogTail: true))
            #expect(with.logTail == ByteBuffer(string: tail))
            #expect(with.payload == event)
            let without = try await lambda.invoke(self.function, payload: event)
            #expect(without.logTail == nil)
        }
    }

    @Test func aFunctionThatFailsTellsRequestIDAndLogTailWithTheThrownError() async throws {
        try await self.withResponder { context in
            Self.answer(
                context,
                [
                    "StatusCode": .int32(200), "X-Amz-Function-Error": "Unhandled", "X-Amzn-RequestId": "the-id",
                    "X-Amz-Log-Result": .string(Data("the log".utf8).base64EncodedString()),
                ])
        } _: { lambda in
            let error = try #require(
                await #expect(throws: FunctionError.self) {
                    _ = try await lambda.invoke(
                        self.function, event: ["errorMessage": "no"], as: Int.self,
                        options: InvocationOptions(wantsLogTail: true))
                })
            #expect(error.message == "no")
            #expect(error.requestID == "the-id")
            #expect(error.logTail == ByteBuffer(string: "the log"))
        }
    }

    @Test func theClientContextIsSentAsTheAPIHasIt() async throws {
        let context = #"{"custom": {"tenant": "Zoë"}}"#
        let sent = NIOLockedValueBox<[String?]>([])
        try await self.withResponder { request in
            sent.withLockedValue { $0.append(request.headers["X-Amz-Client-Context"]?.stringValue) }
            return Self.answer(request, AMQPTable())
        } _: { lambda in
            _ = try await lambda.invoke(
                self.function, payload: ByteBuffer(string: "1"), options: InvocationOptions(clientContext: context))
            _ = try await lambda.invoke(self.function, payload: ByteBuffer(string: "1"))
        }
        let texts = sent.withLockedValue { $0 }
        #expect(texts.count == 2)
        #expect(Data(base64Encoded: try #require(texts.first ?? nil)) == Data(context.utf8))
        #expect(texts.last == .some(nil))
    }

    @Test func aQualifierHasAQueueOfItsOwnAndIsSaidInAHeader() async throws {
        try await self.withResponder(queue: self.function + ":prod") { context in
            Self.answer(context, ["X-Amz-Executed-Version": context.headers["Qualifier"] ?? "none"])
        } _: { lambda in
            let event = ByteBuffer(string: "1")
            let result = try await lambda.invoke(
                self.function, payload: event, options: InvocationOptions(qualifier: "prod"))
            #expect(result.executedVersion == "prod")
            // Neither the function without a qualifier nor another version of it is served.
            for qualifier in [nil, "$LATEST", "test"] {
                let error = await #expect(throws: LambdaError.self) {
                    _ = try await lambda.invoke(
                        self.function, payload: event, options: InvocationOptions(qualifier: qualifier))
                }
                #expect(error?.code == .notDeployed)
            }
        }
    }

    @Test func latestIsTheFunctionsOwnQueueWithoutAHeader() async throws {
        try await self.withResponder { context in
            Self.answer(context, ["X-Amz-Executed-Version": context.headers["Qualifier"] ?? "none"])
        } _: { lambda in
            let result = try await lambda.invoke(
                self.function, payload: ByteBuffer(string: "1"), options: InvocationOptions(qualifier: "$LATEST"))
            #expect(result.executedVersion == "none")
        }
    }

    @Test func aCancelledStreamWhoseRequestTheSocketHasNotTakenSaysThatNothingRan() async throws {
        var settings = try IntegrationBroker.configuration()
        let broker = try #require(settings.endpoints.first)
        let proxy = try await TCPProxy(to: broker.host, broker.port)
        settings.endpoints = [AMQPEndpoint(host: "127.0.0.1", port: proxy.port)]
        try await self.withResponder(settings: settings) { context in
            Self.answer(context, AMQPTable())
        } _: { lambda in
            let event = ByteBuffer(string: "{}")
            let before = try await lambda.invokeWithResponseStream(self.function, payload: event)
            for try await _ in before {}
            try await proxy.stall(true)
            // More than the socket's buffers hold.
            let large = ByteBuffer(string: #"""# + String(repeating: "x", count: 5_000_000) + #"""#)
            let waiting = (0..<6).map { _ in Task { try await lambda.invoke(self.function, payload: large) } }
            func nothingLeaves() async -> Bool {
                do throws(LambdaError) {
                    let options = InvocationOptions(timeout: .milliseconds(100))
                    _ = try await lambda.invoke(self.function, payload: event, options: options)
                    return false
                } catch {
                    return !error.mayHaveExecuted
                }
            }
            try await waitUntil { await nothingLeaves() }
            let left = Task { try await lambda.invokeWithResponseStream(self.function, payload: event) }
            // While this waits for the socket the stream's request comes to wait, too.
            #expect(await nothingLeaves())
            left.cancel()
            let cancelled = await #expect(throws: LambdaError.self) { _ = try await left.value }
            #expect(cancelled?.code == .cancelled && cancelled?.mayHaveExecuted == false)
            try await proxy.stall(false)
            for call in waiting { #expect(try await call.value.payload == large) }
        }
    }
}
