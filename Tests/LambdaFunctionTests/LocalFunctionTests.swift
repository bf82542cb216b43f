import Foundation
import Glibc
import LambdaEnvironment
import LambdaFunction
import LambdaProtocol
import NIOCore
import Testing

@Suite(.serialized, .timeLimit(.minutes(2))) struct LocalFunctionTests {
    static let id = "7e57c0de-0000-4000-8000-000000000001"

    /// What each of `count` invocations in a row ends in.
    func outcomes(
        _ steps: String, count: Int = 1, timeout: TimeAmount = .seconds(20),
        configure: (inout FunctionConfiguration) -> Void = { _ in }
    ) async throws -> [String] {
        try await FunctionHarness.with(
            ScriptedRuntime.command(steps), timeout: timeout, configure: configure
        ) { harness in
            var outcomes: [String] = []
            for number in 0..<count {
                outcomes.append(await harness.invoke("{\"n\":\(number)}").text)
            }
            return outcomes
        }
    }

    func platformError(_ type: String, _ reason: String) -> String {
        #"error {"errorType":"\#(type)","errorMessage":"RequestId: \#(Self.id) Error: \#(reason)"}"#
    }

    func withTemporaryPath<Result>(_ body: (String) async throws -> Result) async throws -> Result {
        let path = "/tmp/lambda-function-tests-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        defer { unlink(path) }
        return try await body(path)
    }

    @Test func anEventComesBack() async throws {
        #expect(try await self.outcomes("next ok loop", count: 3) == [0, 1, 2].map { "200 {\"n\":\($0)}" })
    }

    @Test func aHandlersErrorIsPassedOnVerbatim() async throws {
        let boom = #"error {"errorMessage":"boom","errorType":"Boom"}"#
        #expect(try await self.outcomes("next error loop", count: 2) == [boom, boom])
    }

    @Test func anInitErrorIsToldAfterASecondAttempt() async throws {
        let noInit = #"error {"errorMessage":"no init","errorType":"Init"}"#
        #expect(try await self.outcomes("init-error exit:1", count: 3) == [noInit, noInit, noInit])
    }

    @Test func anInitThatFailsOnceIsRunAgainInsideTheInvocation() async throws {
        try await self.withTemporaryPath { path in
            let outcomes = try await self.outcomes("once:\(path):exit:1 next ok next ok", count: 2)
            #expect(outcomes == ["200 {\"n\":0}", "200 {\"n\":1}"])
        }
    }

    @Test(arguments: [
        ("exit:0", "Runtime exited without providing a reason"),
        ("exit:3", "Runtime exited with error: exit status 3"),
        ("kill:9", "Runtime exited with error: signal: killed"),
        ("kill:11", "Runtime exited with error: signal: segmentation fault"),
    ])
    func aRuntimeThatEndsFailsItsInvocationAtOnceAndIsStartedAgain(_ step: String, _ reason: String) async throws {
        try await self.withTemporaryPath { path in
            let outcomes = try await self.outcomes("next once:\(path):\(step) ok loop", count: 2)
            #expect(
                outcomes == [self.platformError("Runtime.ExitError", reason), "200 {\"n\":1}"])
        }
    }

    /// How soon is for the end-to-end tests to say, which run one after the other.
    @Test func anExitIsToldLongBeforeTheTimeOut() async throws {
        try await FunctionHarness.with(ScriptedRuntime.command("next kill:9"), timeout: .minutes(15)) { harness in
            #expect(await harness.invoke().text.contains("signal: killed"))
        }
    }

    @Test(arguments: [("next half exit:3", "exit status 3"), ("next half kill:9", "signal: killed")])
    func anAnswerThatItsRuntimesEndCutsOffIsThatEnd(_ steps: String, _ reason: String) async throws {
        let expected = self.platformError("Runtime.ExitError", "Runtime exited with error: " + reason)
        #expect(try await self.outcomes(steps, count: 2) == [expected, expected])
    }

    @Test func anAnswerSentJustBeforeTheExitStands() async throws {
        #expect(
            try await self.outcomes("next ok exit:1", count: 3) == [0, 1, 2].map { "200 {\"n\":\($0)}" })
    }

    @Test func aRuntimeThatExitsDuringInitFailsTheInvocation() async throws {
        #expect(
            try await self.outcomes("exit:3")
                == [self.platformError("Runtime.ExitError", "Runtime exited with error: exit status 3")])
    }

    @Test func aProgramThatIsNotThereFailsTheInvocation() async throws {
        try await FunctionHarness.with(["/nowhere/bootstrap"]) { harness in
            #expect(
                await harness.invoke().text
                    == self.platformError(
                        "Runtime.InvalidEntrypoint", "fork/exec /nowhere/bootstrap: no such file or directory"))
        }
    }

    @Test func aTimeOutIsExecutedOnceAndTheNextMeetsAFreshProcess() async throws {
        try await self.withTemporaryPath { path in
            let outcomes = try await self.outcomes(
                "next once:\(path):sleep:1000 ok loop", count: 2, timeout: .seconds(3))
            #expect(
                outcomes == [
                    self.platformError("Sandbox.Timedout", "Task timed out after 3.00 seconds"), "200 {\"n\":1}",
                ])
        }
    }

    @Test func initThatOverrunsItsLimitIsRunAgainInsideTheInvocation() async throws {
        try await self.withTemporaryPath { path in
            let outcomes = try await self.outcomes("once:\(path):sleep:1000 next ok", timeout: .seconds(20)) {
                $0.environment.initTimeout = .seconds(3)
            }
            #expect(outcomes == ["200 {\"n\":0}"])
        }
    }

    @Test func aSecondNextDeliversTheSameEventAgain() async throws {
        let outcomes = try await self.outcomes("next next ok loop", count: 2)
        #expect(outcomes == ["200 {\"n\":0}", "200 {\"n\":1}"])
    }

    @Test func whatTheRuntimeMayNotDoIsRefusedWithTheContractsBodies() async throws {
        let outcomes = try await self.outcomes(
            "get:/2018-06-01/ping next ok ok error init-error next stale ok next report", count: 3)
        #expect(
            outcomes[2]
                == """
                200 200 pong
                202 {"status":"OK"}
                403 {"errorMessage":"State transition from RuntimeResponseSentState to InvocationResponse failed \
                for runtime. Error: State transition is not allowed","errorType":"InvalidStateTransition"}
                403 {"errorMessage":"State transition from RuntimeResponseSentState to InvocationErrorResponse failed \
                for runtime. Error: State transition is not allowed","errorType":"InvalidStateTransition"}
                403 {"errorMessage":"State transition from RuntimeResponseSentState to InitError failed \
                for runtime. Error: State transition is not allowed","errorType":"InvalidStateTransition"}
                400 {"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}
                202 {"status":"OK"}
                """)
    }

    @Test func aWrongResponseModeEndsTheInvocation() async throws {
        let outcomes = try await self.outcomes("next mode:other next mode:Streaming next report", count: 3)
        #expect(
            outcomes == [
                self.platformError("Runtime.InvalidResponseModeHeader", "Invalid function response mode"),
                "200 {}",
                """
                200 400 {"errorMessage":"Invalid function response mode","errorType":"InvalidFunctionResponseMode"}
                202 {"status":"OK"}
                """,
            ])
    }

    @Test func aResponseOverTheLimitIsRefusedAndToldToTheCaller() async throws {
        let outcomes = try await self.outcomes("next big:6291557 next report", count: 2)
        #expect(
            outcomes == [
                #"error {"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).","errorType":"Function.ResponseSizeTooLarge"}"#,
                #"200 413 {"errorMessage":"Exceeded maximum allowed payload size (6291556 bytes).","errorType":"RequestEntityTooLarge"}"#,
            ])
    }

    @Test func aResponseOfTheLimitIsPassedOn() async throws {
        let outcomes = try await self.outcomes("next big:6291556")
        #expect(outcomes.first?.utf8.count == 6_291_556 + 4)
    }

    @Test func aTruncatedResponseFailsTheInvocation() async throws {
        let outcomes = try await self.outcomes("next cut next ok", count: 2)
        #expect(
            outcomes == [
                self.platformError("Runtime.TruncatedResponse", "HTTP request detected as truncated"), "200 {\"n\":1}",
            ])
    }

    @Test func gosTrailersTellSuccessAndError() async throws {
        #expect(
            try await self.outcomes("next go-ok next go-error next go-ok", count: 3)
                == ["200 {}", #"error {"errorType":"E"}"#, "200 {}"])
    }

    @Test func aHeaderOfOneMebibyteIsAccepted() async throws {
        #expect(try await self.outcomes("next header:1048576 next ok", count: 2) == ["error {}", "200 {\"n\":1}"])
    }

    @Test func environmentsAreStartedOnDemandUpToTheLimit() async throws {
        try await FunctionHarness.with(
            ScriptedRuntime.command("next sleep:0.2 ok loop"), configure: { $0.maxEnvironments = 3 }
        ) { harness in
            let results = await withTaskGroup(of: String.self) { group in
                for number in 0..<6 {
                    group.addTask { await harness.invoke("\(number)", id: "id-\(number)").text }
                }
                return await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(results == Set((0..<6).map { "200 \($0)" }))
        }
    }

    @Test func aRequestThatExpiredIsNotRun() async throws {
        try await FunctionHarness.with(ScriptedRuntime.command("next ok loop")) { harness in
            #expect(await harness.invoke(startDeadline: .now()).text == "refused RequestExpiredException")
        }
    }

    @Test func stoppingAnswersWhatRunsAndWhatWaits() async throws {
        try await FunctionHarness.with(ScriptedRuntime.command("next ok next sleep:1000")) { harness in
            _ = await harness.invoke()
            // Only what has begun to run is answered as such: the runtime has to ask for it first.
            try await harness.until { $0.freeSlots == 1 }
            async let running = harness.invoke(id: "a")
            try await harness.until { $0.freeSlots == 0 }
            async let waiting = harness.invoke(id: "b")
            try await harness.until { $0.waitingCount == 1 }
            try await harness.eventLoop.flatSubmit { harness.function.stop() }.get()
            let outcomes = await Set([running.text, waiting.text])
            #expect(outcomes == ["refused NoAnswerException", "refused ServiceUnavailableException"])
        }
    }

    @Test func drainingFinishesWhatRunsAndWaits() async throws {
        try await self.withTemporaryPath { path in
            try await FunctionHarness.with(ScriptedRuntime.command("next wait:\(path) ok loop")) { harness in
                try await harness.eventLoop.submit { harness.function.startEarly() }.get()
                try await harness.until { $0.freeSlots == 1 }
                async let first = harness.invoke("1", id: "a")
                try await harness.until { $0.freeSlots == 0 }
                async let second = harness.invoke("2", id: "b")
                try await harness.until { $0.waitingCount == 1 }
                async let drained: Void = harness.eventLoop.flatSubmit { harness.function.drain() }.get()
                try "".write(toFile: path, atomically: false, encoding: .utf8)
                try await drained
                #expect(await first.text == "200 1")
                #expect(await second.text == "200 2")
                #expect(await harness.invoke().text == "refused ServiceUnavailableException")
            }
        }
    }

    @Test func namesThatAreNotServedAreNotFound() async throws {
        try await FunctionHarness.with(["true"], configure: { $0.qualifier = "prod" }) { harness in
            func resolve(_ name: String, _ qualifier: String? = nil) -> String {
                switch harness.function.resolve(FunctionName(name: name, qualifier: qualifier)) {
                case .success(let function): function.invokedFunctionARN
                case .failure(let error): "\(error.kind.status) \(error.message)"
                }
            }
            let arn = "arn:aws:lambda:us-east-1:012345678912:function:"
            #expect(resolve("echo") == arn + "echo")
            #expect(resolve("function") == arn + "echo")
            #expect(resolve("echo", "$LATEST") == arn + "echo:$LATEST")
            #expect(resolve("echo", "prod") == arn + "echo:prod")
            #expect(resolve("echo", "test") == "404 Function not found: \(arn)echo:test")
            #expect(resolve("other") == "404 Function not found: \(arn)other:$LATEST")
        }
    }
}
