import AMQP
import LambdaAMQP
import NIOCore
import ServiceLifecycle
import ServiceLifecycleTestKit
import TestSupport
import Testing

/// A client as one of the services of a process.
@Suite(.timeLimit(.minutes(1))) struct LambdaClientServiceTests {
    private let event = ByteBuffer(string: "\"x\"")

    @Test func callsMadeBeforeTheServiceRunsAreAnsweredOnceItDoes() async throws {
        let test = try await ClientTest.start()
        let lambda = LambdaClient(test.settings)
        try await testGracefulShutdown { trigger in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    let early = try await lambda.invoke("echo", payload: self.event)
                    #expect(early.payload == self.event)
                    trigger.triggerGracefulShutdown()
                }
                group.addTask { try await lambda.run() }
                try await group.waitForAll()
            }
        }
        let error = await #expect(throws: LambdaError.self) { try await lambda.invoke("echo", payload: self.event) }
        #expect(error?.code == .closed)
        #expect(test.broker.failures == [])
    }

    @Test func aGracefulShutdownLetsCallsEndAndTakesNoOther() async throws {
        let test = try await ClientTest.start()
        let lambda = LambdaClient(test.settings)
        try await testGracefulShutdown { trigger in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await lambda.run() }
                let underWay = Task { try await lambda.invoke("silent", payload: self.event) }
                while test.functions.routingKeys.isEmpty { try await Task.sleep(for: .milliseconds(2)) }
                trigger.triggerGracefulShutdown()
                while true {
                    do throws(LambdaError) {
                        _ = try await lambda.invoke("echo", payload: self.event)
                    } catch {
                        #expect(error.code == .closed)
                        break
                    }
                }
                // The shutdown waits for this one: had it ended, the call would have failed as one of a closed client.
                underWay.cancel()
                let error = await #expect(throws: LambdaError.self) { try await underWay.value }
                #expect(error?.code == .cancelled)
                try await group.waitForAll()
            }
        }
    }

    @Test func aShutdownDoesNotWaitForEver() async throws {
        let test = try await ClientTest.start()
        let lambda = LambdaClient(
            test.settings, configuration: LambdaClientConfiguration(shutdownTimeout: .milliseconds(20)))
        try await testGracefulShutdown { trigger in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await lambda.run() }
                group.addTask {
                    let error = await #expect(throws: LambdaError.self) {
                        try await lambda.invoke("silent", payload: self.event)
                    }
                    #expect(error?.code == .noAnswer)
                }
                while test.functions.routingKeys.isEmpty { try await Task.sleep(for: .milliseconds(2)) }
                trigger.triggerGracefulShutdown()
                try await group.waitForAll()
            }
        }
    }

    @Test func aBrokerThatIsNotThereEndsTheServiceAndThoseWhoWait() async throws {
        let lambda = LambdaClient(try await ClientTest.deadBroker())
        async let waiting: Void = {
            let error = await #expect(throws: LambdaError.self) {
                try await lambda.invoke("echo", payload: self.event, options: .init(retryPolicy: .once))
            }
            #expect(error?.code == .unavailable)
        }()
        let error = await #expect(throws: LambdaError.self) { try await lambda.run() }
        #expect(error?.code == .unavailable)
        await waiting
    }

    @Test func aShutdownWhileItConnectsIsNoError() async throws {
        let lambda = LambdaClient(try await ClientTest.deadBroker(attempts: 1_000_000))
        try await testGracefulShutdown { trigger in
            trigger.triggerGracefulShutdown()
            try await lambda.run()
        }
        let other = LambdaClient(try await ClientTest.deadBroker(attempts: 1_000_000))
        let running = Task { try await other.run() }
        running.cancel()
        try await running.value
    }

    @Test func aCallThatNobodyConnectsForEndsInItsTime() async throws {
        let lambda = LambdaClient(AMQPConfiguration())
        let options = InvocationOptions(timeout: .milliseconds(20))
        let error = await #expect(throws: LambdaError.self) {
            try await lambda.invoke("echo", payload: self.event, options: options)
        }
        #expect(error?.code == .unavailable)
        let call = Task { try await lambda.invoke("echo", payload: self.event) }
        call.cancel()
        let cancelled = await #expect(throws: LambdaError.self) { try await call.value }
        #expect(cancelled?.code == .cancelled && cancelled?.mayHaveExecuted == false)
    }
}
