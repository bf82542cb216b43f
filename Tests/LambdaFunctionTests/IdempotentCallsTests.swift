import LambdaFunction
import LambdaProtocol
import NIOCore
import Testing

@Suite struct IdempotentCallsTests {
    typealias Calls = IdempotentCalls<String>
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private let event = EventDigest(ByteBuffer(string: "{}"))

    private func key(_ text: String = "k", arn: String = "f", tenantID: String? = nil) throws -> Calls.Key {
        try #require(
            Calls.Key(
                InvocationRequest(
                    requestID: "", event: ByteBuffer(), invokedFunctionARN: arn, tenantID: tenantID,
                    idempotencyKey: text)))
    }

    private func result(_ text: String = "done") -> InvocationOutcome {
        .result(FunctionReply(body: ByteBuffer(string: text)))
    }

    private func calls(count: Int = 10, byteCount: Int = 100) -> Calls {
        Calls(limits: .init(count: count, byteCount: byteCount, time: .seconds(60)))
    }

    /// Has an invocation run to its end, and says who had waited.
    private func run(
        _ calls: inout Calls, _ key: Calls.Key, _ outcome: InvocationOutcome, at now: NIODeadline
    ) -> Calls.Ending {
        #expect(calls.arrived(key, event: self.event, "first", now: now) == .run)
        return calls.ended(key, outcome, now: now)
    }

    @Test func theSecondWaitsForTheFirstAndTheThirdGetsItsResultAtOnce() throws {
        var calls = self.calls()
        let key = try self.key()
        #expect(calls.arrived(key, event: self.event, "first", now: self.start) == .run)
        #expect(calls.arrived(key, event: self.event, "second", now: self.start) == .wait)
        guard case .share(let waiters) = calls.ended(key, self.result(), now: self.start) else {
            Issue.record("the second was not answered")
            return
        }
        #expect(waiters == ["second"])
        #expect(calls.arrived(key, event: self.event, "third", now: self.start) == .answer(self.result()))
    }

    @Test func anErrorIsSharedByThoseThatWaitAndNotRemembered() throws {
        var calls = self.calls()
        let key = try self.key()
        let error = InvocationOutcome.functionError(FunctionReply(body: ByteBuffer(string: "{}")))
        #expect(calls.arrived(key, event: self.event, "first", now: self.start) == .run)
        #expect(calls.arrived(key, event: self.event, "second", now: self.start) == .wait)
        guard case .share(["second"]) = calls.ended(key, error, now: self.start) else {
            Issue.record("the second was not answered")
            return
        }
        #expect(calls.arrived(key, event: self.event, "third", now: self.start) == .run)
    }

    @Test func whatWasNotRunLeavesItToTheNext() throws {
        var calls = self.calls()
        let key = try self.key()
        #expect(calls.arrived(key, event: self.event, "first", now: self.start) == .run)
        #expect(calls.arrived(key, event: self.event, "second", now: self.start) == .wait)
        #expect(calls.arrived(key, event: self.event, "third", now: self.start) == .wait)
        let refusal = InvocationOutcome.refused(InvokeError(.requestExpired, "…"))
        guard case .arriveAgain(["second", "third"]) = calls.ended(key, refusal, now: self.start) else {
            Issue.record("nobody is to run it")
            return
        }
        #expect(calls.arrived(key, event: self.event, "second", now: self.start) == .run)
        #expect(calls.arrived(key, event: self.event, "third", now: self.start) == .wait)
    }

    @Test func anotherEventOfTheSameKeyIsRefusedWhileItRunsAndAfterwards() throws {
        var calls = self.calls()
        let key = try self.key()
        let other = EventDigest(ByteBuffer(string: "[]"))
        #expect(calls.arrived(key, event: self.event, "first", now: self.start) == .run)
        #expect(calls.arrived(key, event: other, "second", now: self.start) == .refuse(.otherEventOfKey))
        _ = calls.ended(key, self.result(), now: self.start)
        #expect(calls.arrived(key, event: other, "third", now: self.start) == .refuse(.otherEventOfKey))
    }

    @Test func functionsQualifiersAndTenantsHaveTheirOwnKeys() throws {
        var calls = self.calls()
        for key in [try self.key(), try self.key(arn: "f:prod"), try self.key(tenantID: "blue"), try self.key("l")] {
            #expect(calls.arrived(key, event: self.event, "first", now: self.start) == .run)
        }
        #expect(Calls.Key(InvocationRequest(requestID: "", event: ByteBuffer(), invokedFunctionARN: "f")) == nil)
    }

    @Test func timeForgets() throws {
        var calls = self.calls()
        let key = try self.key()
        _ = self.run(&calls, key, self.result(), at: self.start)
        let end = self.start + .seconds(60)
        #expect(calls.arrived(key, event: self.event, "x", now: end - .nanoseconds(1)) == .answer(self.result()))
        #expect(calls.arrived(key, event: self.event, "x", now: end) == .run)
        #expect(calls.rememberedCount == 0)
    }

    @Test func numberAndBytesForgetTheOldest() throws {
        var calls = self.calls(count: 3, byteCount: 100)
        for text in ["1", "2", "3", "4"] { _ = self.run(&calls, try self.key(text), self.result(), at: self.start) }
        #expect(calls.rememberedCount == 3)
        let large = String(repeating: "x", count: 93)
        _ = self.run(&calls, try self.key("5"), self.result(large), at: self.start)
        #expect(calls.rememberedCount == 2)
        _ = self.run(&calls, try self.key("6"), self.result(large + large), at: self.start)
        #expect(calls.rememberedCount == 2)
        #expect(calls.arrived(try self.key("4"), event: self.event, "x", now: self.start) == .answer(self.result()))
        #expect(calls.arrived(try self.key("6"), event: self.event, "x", now: self.start) == .run)
    }
}
