import AMQP
import LambdaProtocol
import Logging
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import LambdaGateway

/// The invoker against a broker that plays a part, over a real socket.
@Suite(.timeLimit(.minutes(1))) struct BrokerInvokerTests {
    private let rpc = FakeRPCBroker()

    private func withInvoker(
        _ rpc: FakeRPCBroker? = nil, _ change: (inout GatewayConfiguration) -> Void = { _ in },
        comesBack: Bool = true, _ body: (TestInvoker) async throws -> Void
    ) async throws {
        let script = (rpc ?? self.rpc).script
        // One that does not come back takes connections and says nothing.
        let broker = try await FakeBroker.start(script, comesBack ? script : [.expect(FakeFrame.protocolHeader)])
        var configuration = GatewayConfiguration()
        configuration.broker.endpoints = [AMQPEndpoint(host: "127.0.0.1", port: broker.port)]
        change(&configuration)
        let invoker = try await TestInvoker(configuration)
        try await body(invoker)
        try await invoker.close()
        #expect(broker.failures == [])
    }

    @Test func aReplyIsTheResult() async throws {
        try await self.withInvoker { invoker async throws in
            let outcome = try await invoker.invoke("echo")
            #expect(outcome == .result(FunctionReply(body: ByteBuffer(string: "{}"))))
            #expect(try await invoker.waitingCount() == 0)
        }
    }

    @Test func withoutConfirmsItIsTheSame() async throws {
        try await self.withInvoker(nil, { $0.confirmsRequests = false }) { invoker async throws in
            #expect(try await invoker.invoke("echo") == .result(FunctionReply(body: ByteBuffer(string: "{}"))))
            #expect(try await invoker.invoke("nowhere").kind == .resourceNotFound)
        }
    }

    @Test func aFunctionWithoutAQueueIsNotFoundAtOnce() async throws {
        try await self.withInvoker { invoker async throws in
            #expect(try await invoker.invoke("nowhere").kind == .resourceNotFound)
            #expect(try await invoker.waitingCount() == 0)
        }
    }

    @Test func aNameThatNoFunctionHasNeverReachesTheBroker() async throws {
        try await self.withInvoker { invoker async throws in
            #expect(invoker.resolve("amq.rabbitmq.reply-to").kind == .resourceNotFound)
            #expect(invoker.resolve("echo.async").kind == .resourceNotFound)
            #expect(invoker.resolve("echo", qualifier: "a.b").kind == .resourceNotFound)
            #expect(try await invoker.invoke("echo.async").kind == .resourceNotFound)
            #expect(try await invoker.accept("echo.dead-letter")?.kind == .resourceNotFound)
        }
        #expect(self.rpc.routingKeys == [])
    }

    @Test func aFullQueueIsTooManyRequests() async throws {
        try await self.withInvoker(FakeRPCBroker(nacks: true)) { invoker async throws in
            #expect(try await invoker.invoke("echo").kind == .tooManyRequests)
        }
    }

    @Test func noAnswerInTimeIsNoReasonToTryAgain() async throws {
        let change = { (configuration: inout GatewayConfiguration) in
            configuration.invocationTimeout = .milliseconds(50)
            // The broker does answer: here the words are in question, not how long one looks for them.
            configuration.explanationTimeout = .seconds(30)
        }
        try await self.withInvoker(nil, change) { invoker async throws in
            guard case .refused(let error) = try await invoker.invoke("silent") else {
                Issue.record("there was an answer")
                return
            }
            #expect(error.kind == .noAnswer)
            // The broker that plays here says of every queue that nobody consumes it.
            #expect(error.message == "No answer from silent in time. No container serves the function.")
        }
    }

    @Test func aBrokerThatSaysNothingAnyMoreHoldsNobodyBeyondTheTime() async throws {
        let change = { (configuration: inout GatewayConfiguration) in
            configuration.invocationTimeout = .milliseconds(50)
            configuration.confirmTimeout = .milliseconds(50)
        }
        try await self.withInvoker(nil, change) { invoker async throws in
            #expect(try await invoker.invoke("stalled").kind == .noAnswer)
            #expect(try await invoker.check("stalled")?.kind == .serviceUnavailable)
        }
    }

    @Test func aStreamThatDoesNotBeginInTimeIsGivenUp() async throws {
        try await self.withInvoker(nil, { $0.invocationTimeout = .milliseconds(50) }) { invoker async throws in
            #expect(try await invoker.stream("silent").kind == .noAnswer)
            #expect(try await invoker.waitingCount() == 0)
        }
    }

    @Test func aDaemonThatDoesNotStreamAnswersAStreamWhole() async throws {
        try await self.withInvoker { invoker async throws in
            #expect(try await invoker.stream("echo") == .result(FunctionReply(body: ByteBuffer(string: "{}"))))
            #expect(try await invoker.stream("nowhere").kind == .resourceNotFound)
        }
    }

    @Test func aBrokerThatBlocksIsUnavailableAtOnce() async throws {
        try await self.withInvoker { invoker async throws in
            #expect(try await invoker.unreadiness() == nil)
            // This one was on its way already.
            _ = try await invoker.invoke("blocked")
            #expect(try await invoker.invoke("echo").kind == .serviceUnavailable)
            #expect(try await invoker.stream("echo").kind == .serviceUnavailable)
            #expect(try await invoker.accept("echo")?.kind == .serviceUnavailable)
            #expect(try await invoker.unreadiness()?.contains("low on memory") == true)
        }
        #expect(self.rpc.routingKeys == ["blocked"])
    }

    @Test func whoWaitsWhenTheConnectionGoesIsToldSoAndTheNextIsUnavailable() async throws {
        try await self.withInvoker(comesBack: false) { invoker async throws in
            #expect(try await invoker.invoke("cut").kind == .noAnswer)
            #expect(try await invoker.invoke("echo").kind == .serviceUnavailable)
            #expect(try await invoker.unreadiness() != nil)
        }
    }

    @Test func anEventIsAcceptedWhenItsQueueHasConfirmedIt() async throws {
        try await self.withInvoker { invoker async throws in
            #expect(try await invoker.accept("echo") == nil)
        }
        #expect(self.rpc.routingKeys == ["echo.async"])
        #expect(self.rpc.replyTos == [""])
    }

    @Test func anEventOfAFunctionWithoutAnEventQueueGoesToItsOwn() async throws {
        try await self.withInvoker { invoker async throws in
            #expect(try await invoker.accept("old") == nil)
        }
        #expect(self.rpc.routingKeys == ["old.async", "old"])
    }

    @Test func anEventOfNobodysFunctionIsNotFound() async throws {
        try await self.withInvoker { invoker async throws in
            #expect(try await invoker.accept("nowhere")?.kind == .resourceNotFound)
        }
        #expect(self.rpc.routingKeys == ["nowhere.async", "nowhere"])
    }

    @Test func anEventThatFindsItsQueueFullIsTooMany() async throws {
        try await self.withInvoker { invoker async throws in
            #expect(try await invoker.accept("full")?.kind == .tooManyRequests)
        }
    }

    @Test func anEventThatTheBrokerDoesNotConfirmIsNotAccepted() async throws {
        try await self.withInvoker(nil, { $0.confirmTimeout = .milliseconds(50) }) { invoker async throws in
            #expect(try await invoker.accept("silent")?.kind == .serviceUnavailable)
        }
    }

    @Test func aCheckFindsTheQueue() async throws {
        try await self.withInvoker { invoker async throws in
            #expect(try await invoker.check("echo") == nil)
        }
        #expect(self.rpc.routingKeys == [])
    }
}
