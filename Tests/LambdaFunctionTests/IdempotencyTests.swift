import LambdaEnvironment
import LambdaFunction
import LambdaProtocol
import NIOCore
import Testing

/// Idempotency keys with real runtimes.
@Suite(.serialized, .timeLimit(.minutes(1))) struct IdempotencyTests {
    private func invoke(
        _ harness: FunctionHarness, key: String?, event: String = "{}", asEvent: Bool = false
    ) async -> String {
        await withCheckedContinuation { continuation in
            harness.eventLoop.execute {
                let request = InvocationRequest(
                    requestID: RequestID.make(), event: ByteBuffer(string: event), invokedFunctionARN: "f",
                    idempotencyKey: key)
                let function = ResolvedFunction(name: "echo", qualifier: nil, invokedFunctionARN: "")
                let completion = { (outcome: InvocationOutcome) in continuation.resume(returning: outcome.text) }
                if asEvent {
                    harness.function.invokeEvent(request, of: function, onStart: {}, completion: completion)
                } else {
                    harness.function.invoke(request, of: function, completion: completion)
                }
            }
        }
    }

    private func counted(_ harness: FunctionHarness, _ meter: FunctionMeter) async throws -> Int {
        try await harness.eventLoop.submit { meter.counts.invocations }.get()
    }

    @Test func ofManyWithOneKeyOneRuns() async throws {
        let meter = FunctionMeter()
        try await FunctionHarness.with(ScriptedRuntime.command("next ok loop"), meter: meter) { (harness: FunctionHarness) async throws in
            let answers: [String] = await withTaskGroup(of: String.self) { group in
                for number in 0..<20 {
                    group.addTask { await self.invoke(harness, key: "k", asEvent: number % 2 == 1) }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers == Array(repeating: "200 {}", count: 20))
            #expect(try await self.counted(harness, meter) == 1)
            #expect(await self.invoke(harness, key: "k") == "200 {}")
            #expect(await self.invoke(harness, key: "k", event: "[]") == "refused InvalidParameterValueException")
            #expect(try await self.counted(harness, meter) == 1)
            #expect(await self.invoke(harness, key: "l") == "200 {}")
            #expect(await self.invoke(harness, key: nil) == "200 {}")
            #expect(try await self.counted(harness, meter) == 3)
        }
    }

    @Test func anErrorIsNotRemembered() async throws {
        let meter = FunctionMeter()
        try await FunctionHarness.with(ScriptedRuntime.command("next error loop"), meter: meter) { (harness: FunctionHarness) async throws in
            let first = await self.invoke(harness, key: "k")
            #expect(first.hasPrefix("error"))
            let second = await self.invoke(harness, key: "k")
            #expect(second == first)
            #expect(try await self.counted(harness, meter) == 2)
        }
    }

    @Test func withoutTimeToRememberKeysAreIgnored() async throws {
        let meter = FunctionMeter()
        try await FunctionHarness.with(
            ScriptedRuntime.command("next ok loop"), configure: { $0.idempotencyTime = .zero }, meter: meter
        ) { (harness: FunctionHarness) async throws in
            for _ in 0..<3 { #expect(await self.invoke(harness, key: "k") == "200 {}") }
            #expect(try await self.counted(harness, meter) == 3)
        }
    }
}
