import AMQP
import LambdaAMQP
import NIOCore
import TestSupport
import Testing

/// What errors of the connection are called by a client.
@Suite(.timeLimit(.minutes(1))) struct ErrorMappingTests {
    private let event = ByteBuffer(string: "\"x\"")

    private func error(_ body: () async throws -> Void) async throws -> LambdaError {
        try #require(await #expect(throws: LambdaError.self) { try await body() })
    }

    @Test func nothingHasRunOfWhatIsCalledAfterASharedConnectionWasClosed() async throws {
        let test = try await ClientTest.start()
        let connection = try await AMQPConnection.connect(test.settings)
        let lambda = try await LambdaClient(connection: connection)
        let underWay = Task { try await lambda.invoke("silent", payload: self.event) }
        try await waitUntil { test.functions.routingKeys == ["silent"] }
        await connection.close()
        let interrupted = try await self.error { _ = try await underWay.value }
        #expect(interrupted.code == .noAnswer)
        #expect(interrupted.underlying is AMQPError)
        let errors = [
            try await self.error { _ = try await lambda.invoke("echo", payload: self.event) },
            try await self.error { _ = try await lambda.invokeEvent("echo", payload: self.event) },
            try await self.error { _ = try await lambda.invokeWithResponseStream("echo", payload: self.event) },
        ]
        for error in errors {
            #expect(error.code == .closed)
            #expect(!error.mayHaveExecuted)
            #expect((error.underlying as? AMQPError)?.code == .connectionClosed)
        }
        await lambda.close()
    }

    @Test(arguments: [
        (AMQPError.Code.timedOut, LambdaError.Code.unavailable), (.connectionLost, .unavailable),
        (.connectionClosed, .closed), (.cancelled, .cancelled),
    ])
    func nothingHasRunOfWhatHasNotLeft(amqpCode: AMQPError.Code, code: LambdaError.Code) {
        let unsent = LambdaError(AMQPError(amqpCode, "why", mayHaveExecuted: false), function: "echo")
        #expect(unsent.code == code && !unsent.mayHaveExecuted)
        #expect(unsent.isRetriable == (code == .unavailable))
        #expect(LambdaError(AMQPError(amqpCode, "why"), function: "echo").mayHaveExecuted)
    }

    private static let refusals: [(UInt16, LambdaError.Code)] = [
        (403, .accessRefused), (404, .invalidConfiguration), (405, .invalidConfiguration),
        (406, .invalidConfiguration), (541, .unavailable),
    ]

    @Test(arguments: Self.refusals)
    func aReplyQueueThatIsRefusedIsAnErrorOfTheStart(replyCode: UInt16, code: LambdaError.Code) async throws {
        let test = try await ClientTest.start { frame in
            guard (frame.classID, frame.methodID) == (50, 10) else { return nil }
            return [.channelClose(replyCode, "REFUSED - the reply queue", on: frame.channel)]
        }
        let run = try await self.error { try await LambdaClient(test.settings).run() }
        #expect(run.code == code)
        #expect(!run.mayHaveExecuted)
        #expect((run.underlying as? AMQPError)?.replyCode == AMQPReplyCode(rawValue: replyCode))
        let connection = try await AMQPConnection.connect(test.settings)
        let shared = try await self.error { _ = try await LambdaClient(connection: connection) }
        #expect(shared.code == code)
        await connection.close()
    }

    @Test func aBrokerThatHangsUpWhileTheClientStartsIsUnavailable() async throws {
        let test = try await ClientTest.start { frame in
            guard (frame.classID, frame.methodID) == (50, 10) else { return nil }
            return [.connectionClose(320, "CONNECTION_FORCED - shutdown")]
        }
        let connection = try await AMQPConnection.connect(test.settings)
        do {
            // Where it is back before that is noticed, calls find out.
            let lambda = try await LambdaClient(connection: connection)
            let error = try await self.error {
                _ = try await lambda.invoke("echo", payload: self.event, options: .init(retryPolicy: .once))
            }
            #expect(error.code == .unavailable)
        } catch let error as LambdaError {
            #expect(error.code == .unavailable)
        }
        await connection.close()
    }

    @Test func aTaskThatIsCancelledWhileItsClientConnectsIsToldSo() async throws {
        let broker = try await ClientTest.deadBroker(attempts: 1_000_000)
        let connecting = Task { try await withLambdaClient(broker) { _ in } }
        try await Task.sleep(for: .milliseconds(5))
        connecting.cancel()
        let error = try await self.error { try await connecting.value }
        #expect(error.code == .cancelled)
    }

    @Test func whatIsBelowAnErrorIsToldWithIt() async throws {
        let test = try await ClientTest.start()
        try await withLambdaClient(test.settings) { lambda in
            let missing = try await self.error { _ = try await lambda.invoke("nowhere", payload: self.event) }
            #expect((missing.underlying as? AMQPError)?.code == .unroutable)
            let late = try await self.error {
                _ = try await lambda.invoke("silent", payload: self.event, options: .init(timeout: .milliseconds(20)))
            }
            #expect((late.underlying as? AMQPError)?.code == .timedOut)
            let answered = try await self.error {
                _ = try await lambda.invoke("busy", payload: self.event, options: .init(retryPolicy: .once))
            }
            #expect(answered.underlying == nil)
            let unread = try await self.error { _ = try await lambda.invoke("echo", event: "text", as: Int.self) }
            #expect(unread.underlying is DecodingError)
        }
    }

    @Test func aTimeOutThatIsOverBeforeAnythingIsSentIsNoFaultOfTheRequest() async throws {
        let test = try await ClientTest.start()
        let connection = try await AMQPConnection.connect(test.settings)
        let lambda = try await LambdaClient(connection: connection)
        let options = InvocationOptions(timeout: .nanoseconds(1))
        for error in [
            try await self.error { _ = try await lambda.invoke("echo", payload: self.event, options: options) },
            try await self.error {
                _ = try await lambda.invokeWithResponseStream("echo", payload: self.event, options: options)
            },
        ] {
            #expect(error.code == .unavailable && !error.mayHaveExecuted)
        }
        await lambda.close()
        await connection.close()
    }
}
