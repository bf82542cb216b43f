import AMQP
import FoundationEssentials
import LambdaAMQP
import NIOCore
import NIOPosix
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct LambdaClientTests {
    private struct Order: Codable, Equatable {
        var item: String
        var count: Int
    }

    private let event = ByteBuffer(string: "\"x\"")

    @Test func aClientLivesAsLongAsItsBody() async throws {
        let test = try await ClientTest.start()
        let kept = try await withLambdaClient(test.settings) { lambda in
            let result = try await lambda.invoke("echo", payload: self.event)
            #expect(result.payload == self.event)
            return lambda
        }
        let error = await #expect(throws: LambdaError.self) { try await kept.invoke("echo", payload: self.event) }
        #expect(error?.code == .closed)
        #expect(error?.mayHaveExecuted == false)
        #expect(test.broker.failures == [])
    }

    @Test func tasksThatPreferTheConnectionsLoopCallFromItsThread() async throws {
        let test = try await ClientTest.start()
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let client = LambdaClient(test.settings, eventLoop: eventLoop)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await client.run() }
            try await withTaskExecutorPreference(client.taskExecutor) {
                for _ in 0..<10 {
                    let result = try await client.invoke("echo", payload: self.event)
                    #expect(result.payload == self.event)
                    #expect(eventLoop.inEventLoop)
                }
                let error = await #expect(throws: LambdaError.self) {
                    try await client.invoke("silent", payload: self.event, options: .init(timeout: .milliseconds(100)))
                }
                #expect(error?.code == .noAnswer)
            }
            await client.close()
            group.cancelAll()
        }
    }

    @Test func aPlainCallSaysItsDeadlineWithoutAHeader() async throws {
        let test = try await ClientTest.start()
        try await withLambdaClient(test.settings) { lambda in
            _ = try await lambda.invoke("echo", payload: self.event)
            _ = try await lambda.invoke("echo", payload: self.event, options: InvocationOptions(wantsLogTail: true))
        }
        let requests = test.functions.requests
        #expect(requests.map(\.type) == ["lambda-call", "lambda-call"])
        #expect(requests.allSatisfy { $0.timestamp != nil && $0.expiration != nil })
        #expect(requests.map { $0.headers == nil } == [true, false])
    }

    @Test func valuesGoAndComeAsJSON() async throws {
        let test = try await ClientTest.start()
        try await withLambdaClient(test.settings) { lambda in
            let order = Order(item: "tea", count: 2)
            let answer = try await lambda.invoke("echo", event: order, as: Order.self)
            #expect(answer == order)
            let id = try await lambda.invokeEvent("echo", event: order)
            #expect(id.utf8.count == 36)
            var text = ""
            for try await event in try await lambda.invokeWithResponseStream("echo", event: "a") {
                if case .chunk(let bytes) = event { text += String(buffer: bytes) }
            }
            #expect(text == "\"a\"")
        }
    }

    @Test func aValueGoesAndTheWholeAnswerComes() async throws {
        let test = try await ClientTest.start()
        try await withLambdaClient(test.settings) { lambda in
            let order = Order(item: "tea", count: 2)
            let result = try await lambda.invoke("echo", encoding: order)
            #expect(result.functionError == nil)
            #expect(try result.decode(as: Order.self) == order)
            let value: Order = try await lambda.invoke("echo", event: order)
            #expect(value == order)
            let optional: Order? = try await lambda.invoke("echo", event: order)
            #expect(optional == order)
            let failed = try await lambda.invoke("fails", encoding: order)
            #expect(failed.functionError?.kind == "Unhandled")
        }
        let inferred: [Int] = try await withLambdaClient(test.settings) { try await $0.invoke("echo", event: [1]) }
        #expect(inferred == [1])
    }

    @Test func aResultIsReadByItsClientsDecoder() async throws {
        struct Visit: Codable, Equatable {
            var at: Date
        }
        let test = try await ClientTest.start()
        let configuration = LambdaClientConfiguration()
        configuration.encoder.dateEncodingStrategy = .secondsSince1970
        configuration.decoder.dateDecodingStrategy = .secondsSince1970
        try await withLambdaClient(test.settings, configuration: configuration) { lambda in
            let visit = Visit(at: Date(timeIntervalSince1970: 7))
            let result = try await lambda.invoke("echo", encoding: visit)
            #expect(result.payload == ByteBuffer(string: #"{"at":7}"#))
            #expect(try result.decode(as: Visit.self) == visit)
            // Another than the client's counts from 2001.
            #expect(try result.decode(as: Visit.self, using: JSONDecoder()) != visit)
            #expect(try await lambda.invoke("echo", event: visit, as: Visit.self) == visit)
        }
    }

    @Test func aFunctionsErrorIsThrownByTheCallWithValuesOnly() async throws {
        let test = try await ClientTest.start()
        try await withLambdaClient(test.settings) { lambda in
            let result = try await lambda.invoke("fails", payload: self.event)
            #expect(result.functionError?.kind == "Unhandled")
            await #expect(throws: FunctionError.self) { try await lambda.invoke("fails", event: 1, as: Int.self) }
        }
    }

    @Test func aFunctionWithoutRoomIsAskedAgain() async throws {
        let test = try await ClientTest.start()
        try await withLambdaClient(test.settings) { lambda in
            let result = try await lambda.invoke("busy", payload: self.event)
            #expect(result.payload == self.event)
        }
        #expect(test.functions.routingKeys == ["busy", "busy"])
    }

    @Test func aPolicyOfNoneHasTheErrorAtOnce() async throws {
        let test = try await ClientTest.start()
        try await withLambdaClient(test.settings) { lambda in
            let error = await #expect(throws: LambdaError.self) {
                try await lambda.invoke("busy", payload: self.event, options: .init(retryPolicy: .once))
            }
            #expect(error?.code == .tooManyRequests)
            #expect(error?.retryAfter == .zero)
        }
        #expect(test.functions.routingKeys == ["busy"])
    }

    @Test func callsWithoutOptionsHaveTheClients() async throws {
        let test = try await ClientTest.start()
        let options = InvocationOptions(timeout: .seconds(1), retryPolicy: .once)
        let configuration = LambdaClientConfiguration(defaultOptions: options)
        try await withLambdaClient(test.settings, configuration: configuration) { lambda in
            // One with its own takes nothing from there.
            var patient = lambda.configuration.defaultOptions
            patient.timeout = .seconds(20)
            _ = try await lambda.invoke("echo", payload: self.event, options: patient)
            _ = try await lambda.invokeEvent("echo", payload: self.event, options: patient)
            let calls: [@Sendable () async throws -> Void] = [
                { _ = try await lambda.invoke("silent", payload: self.event) },
                { _ = try await lambda.invoke("silent", encoding: 1) },
                { _ = try await lambda.invoke("silent", event: 1, as: Int.self) },
                { _ = try await lambda.invokeWithResponseStream("silent", payload: self.event) },
                { _ = try await lambda.invokeEvent("silent", event: 1) },
            ]
            await withTaskGroup(of: Void.self) { group in
                for call in calls {
                    group.addTask {
                        let error = await #expect(throws: LambdaError.self) { try await call() }
                        #expect(error?.code == .noAnswer)
                    }
                }
            }
        }
        #expect(test.functions.routingKeys.sorted()
            == ["echo", "echo.async"] + Array(repeating: "silent", count: 4) + ["silent.async"])
        let expirations = test.functions.requests.compactMap { Int($0.expiration ?? "") }
        #expect((10_001...20_000).contains(expirations.first ?? 0))
        #expect(expirations.dropFirst().map { $0 <= 1000 } == [true, true, true, true])
    }

    @Test func whatMayHaveRunIsMadeOnceUnlessItIsIdempotent() async throws {
        let test = try await ClientTest.start()
        try await withLambdaClient(test.settings) { lambda in
            let policy = LambdaRetryPolicy(maximumAttempts: 3, baseDelay: .zero, attemptTimeout: .milliseconds(50))
            for isIdempotent in [false, true] {
                let error = await #expect(throws: LambdaError.self) {
                    try await lambda.invoke(
                        "silent", payload: self.event,
                        options: .init(retryPolicy: policy, isIdempotent: isIdempotent))
                }
                #expect(error?.code == .noAnswer)
            }
        }
        #expect(test.functions.routingKeys == ["silent", "silent", "silent", "silent"])
    }

    @Test func aFunctionThatIsNotThereIsToldAtOnce() async throws {
        let test = try await ClientTest.start()
        try await withLambdaClient(test.settings) { lambda in
            let error = await #expect(throws: LambdaError.self) {
                try await lambda.invoke("nowhere", payload: self.event)
            }
            #expect(error?.code == .notDeployed)
        }
    }
}
