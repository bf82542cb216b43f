import Foundation
import LambdaEnvironment
import LambdaFunction
import LambdaProtocol
import NIOCore
import Testing

@Suite(.serialized, .timeLimit(.minutes(2))) struct LogTests {
    static let id = "7e57c0de-0000-4000-8000-000000000001"

    /// A function whose log goes to a file.
    func withLog<Result>(
        _ steps: String, logs: LogConfiguration = LogConfiguration(), timeout: TimeAmount = .seconds(20),
        maxInvocations: Int = 1, _ body: (FunctionHarness) async throws -> Result
    ) async throws -> (result: Result, log: [String]) {
        let path = "/tmp/lambda-log-tests-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        let descriptor = open(path, O_CREAT | O_EXCL | O_WRONLY | O_APPEND | O_CLOEXEC, 0o600)
        try #require(descriptor >= 0)
        // Never closed: a line that is written late must not find the number in another test's socket.
        defer { unlink(path) }
        let result = try await FunctionHarness.with(
            ScriptedRuntime.command(steps), timeout: timeout,
            configure: {
                $0.environment.logs = logs
                $0.environment.maxInvocations = maxInvocations
            }, output: descriptor, body)
        let log = try String(contentsOfFile: path, encoding: .utf8)
        return (result, log.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init))
    }

    /// Lines, with only the first word of a REPORT.
    func lines(_ text: String) -> [String] {
        let report = "REPORT RequestId: \(Self.id)\tDuration: "
        return text.split(separator: "\n").map { $0.hasPrefix(report) ? "REPORT" : String($0) }
    }

    let initStart = "INIT_START Runtime Version: provided"
    let start = "START RequestId: \(Self.id) Version: $LATEST"
    let end = "END RequestId: \(Self.id)"

    @Test func theTailAndTheLogHaveEverythingInOrder() async throws {
        let (tail, log) = try await self.withLog("next print:out err:err print:last ok loop") {
            _ = await $0.invoke()
            return await $0.invoke(wantsLogTail: true).tail
        }
        let expected = [self.start, "out", "err", "last", self.end, "REPORT"]
        #expect(self.lines(tail) == expected)
        #expect(self.lines(log.joined(separator: "\n")) == [self.initStart] + expected + expected)
    }

    @Test func withoutReportsTheTailStillHasThem() async throws {
        let (tail, log) = try await self.withLog(
            "next print:out ok loop", logs: LogConfiguration(printsReports: false)
        ) { await $0.invoke(wantsLogTail: true).tail }
        #expect(self.lines(tail) == [self.start, "out", self.end, "REPORT"])
        #expect(tail.contains("\tMax Memory Used: "))
        #expect(log == ["out"])
    }

    @Test func whatWasPrintedOutsideOfAnInvocationIsNotInItsTail() async throws {
        let (tails, _) = try await self.withLog("next print:one ok print:late next print:two ok next print:three ok") {
            let first = await $0.invoke(wantsLogTail: true).tail
            _ = await $0.invoke()
            return [first, await $0.invoke(wantsLogTail: true).tail]
        }
        #expect(self.lines(tails[0]) == [self.start, "one", self.end, "REPORT"])
        #expect(self.lines(tails[1]) == [self.start, "three", self.end, "REPORT"])
    }

    @Test func whatInitPrintsIsInTheFirstTailOnly() async throws {
        let (tails, _) = try await self.withLog("print:init next print:one ok next print:two ok") { harness in
            try await harness.eventLoop.submit { harness.function.startEarly() }.get()
            try await harness.until { $0.freeSlots == 1 }
            return [await harness.invoke(wantsLogTail: true).tail, await harness.invoke(wantsLogTail: true).tail]
        }
        #expect(self.lines(tails[0]) == ["init", self.start, "one", self.end, "REPORT"])
        #expect(tails[0].contains("\tInit Duration: "))
        #expect(self.lines(tails[1]) == [self.start, "two", self.end, "REPORT"])
    }

    @Test func whatAKilledProcessPrintedComesBeforeItsEnd() async throws {
        let (tail, log) = try await self.withLog("next lines:1000 raw:unfinished kill:9") {
            await $0.invoke(wantsLogTail: true).tail
        }
        let end = [
            "line 999", "unfinished", "RequestId: \(Self.id) Error: Runtime exited with error: signal: killed",
            "Runtime.ExitError", self.end, "REPORT",
        ]
        #expect(self.lines(tail).suffix(6) == end)
        #expect(Array(log.prefix(2)) == [self.initStart, self.start])
        #expect(log.filter { $0.hasPrefix("line ") } == (0..<1000).map { "line \($0)" })
        #expect(log.firstIndex(of: "unfinished") ?? .max < log.firstIndex(of: self.end) ?? 0)
    }

    @Test func aTailHasTheLast4096BytesAndEndsWithTheReport() async throws {
        let (tail, log) = try await self.withLog("next lines:20000 ok loop") {
            await $0.invoke(wantsLogTail: true).tail
        }
        #expect(tail.utf8.count == 4096)
        #expect(self.lines(tail).suffix(3) == ["line 19999", self.end, "REPORT"])
        #expect(log.filter { $0.hasPrefix("line ") } == (0..<20_000).map { "line \($0)" })
    }

    @Test func aTimeOutStandsInTheTail() async throws {
        let (tail, _) = try await self.withLog("next print:before sleep:1000", timeout: .seconds(3)) {
            await $0.invoke(wantsLogTail: true).tail
        }
        let lines = self.lines(tail)
        #expect(lines.prefix(2) == [self.start, "before"])
        #expect(lines[2].hasSuffix(" \(Self.id) Task timed out after 3.00 seconds"))
        #expect(lines.suffix(2) == [self.end, "REPORT"])
        #expect(tail.hasSuffix("\tStatus: timeout\t\n"))
    }

    @Test func anInitErrorStandsInTheTail() async throws {
        let (tail, _) = try await self.withLog("print:no exit:3") { await $0.invoke(wantsLogTail: true).tail }
        var lines = self.lines(tail)
        try #require(lines.count == 7, "\(tail)")
        let report = lines.remove(at: 1)
        #expect(report.hasPrefix("INIT_REPORT Init Duration: "))
        #expect(report.hasSuffix("\tPhase: invoke\tStatus: error\tError Type: Runtime.ExitError"))
        // The invocation begins where its init ends.
        #expect(
            lines == [
                "no", self.start, "RequestId: \(Self.id) Error: Runtime exited with error: exit status 3",
                "Runtime.ExitError", self.end, "REPORT",
            ])
    }

    @Test func theTypeOfAnInitErrorIsTold() async throws {
        let steps = "init-error:Runtime.ImportModuleError exit:1"
        let (tail, log) = try await self.withLog(steps) { await $0.invoke(wantsLogTail: true).tail }
        let status = "\tStatus: error\tError Type: Runtime.ImportModuleError"
        #expect(log.filter { $0.hasPrefix("INIT_REPORT ") && $0.hasSuffix(status) }.count == 2)
        #expect(tail.hasSuffix(status + "\t\n"))
    }

    @Test func aRuntimeThatEndsAtOnceHasUsedMemory() async throws {
        let (tail, _) = try await self.withLog("exit:3") { await $0.invoke(wantsLogTail: true).tail }
        let used = try #require(tail.firstMatch(of: /Max Memory Used: (\d+) MB/)).1
        #expect(try #require(Int(used)) > 0)
    }

    @Test func theEndOfARuntimeInMidStreamIsInTheLog() async throws {
        let sink = RecordingSink()
        let (outcome, log) = try await self.withLog("next open chunk:ab kill:9") {
            let outcome = await $0.stream(into: sink).text
            // The caller is told as soon as the connection is cut; why it was is known when the process has ended.
            try await $0.until { $0.freeSlots == 1 }
            return outcome
        }
        #expect(sink.text == "ab")
        #expect(outcome.contains("Runtime.TruncatedResponse"))
        let fault = "RequestId: \(Self.id) Error: Runtime exited with error: signal: killed"
        #expect(
            self.lines(log.joined(separator: "\n"))
                == [self.initStart, self.start, fault, "Runtime.ExitError", self.end, "REPORT"])
        #expect(log.last?.hasSuffix("\tStatus: error\tError Type: Runtime.ExitError\t") == true)
    }

    @Test func everyInvocationOfARuntimeThatTakesSeveralHasTheTypeOfItsOwnError() async throws {
        // The second error is posted while the body of the first is on its way.
        let steps = "next swap next begin-error:Runtime.Slow swap error:Runtime.Quick swap finish-error next"
        let (_, log) = try await self.withLog(steps, logs: LogConfiguration(format: .json), maxInvocations: 2) {
            async let quick = $0.invoke(id: "quick")
            try await $0.until { $0.freeSlots == 1 }
            async let slow = $0.invoke(id: "slow")
            return await [quick, slow].count
        }
        let types = try log.reduce(into: [String: String]()) { types, line in
            let event = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            guard event?["type"] as? String == "platform.report", let record = event?["record"] as? [String: Any]
            else { return }
            types[record["requestId"] as? String ?? ""] = record["errorType"] as? String
        }
        #expect(types == ["quick": "Runtime.Quick", "slow": "Runtime.Slow"])
    }

    @Test func jsonIsJSONInTailAndLog() async throws {
        let (tail, log) = try await self.withLog(
            "next print:out ok next error", logs: LogConfiguration(format: .json)
        ) {
            _ = await $0.invoke()
            return await $0.invoke(wantsLogTail: true).tail
        }
        #expect(log.first?.contains(#""type":"platform.initStart""#) == true)
        let types = try (log.dropFirst() + self.lines(tail)).filter { $0 != "out" }.map { line in
            let event = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            #expect((event["record"] as? [String: Any])?["requestId"] as? String == Self.id)
            return event["type"] as? String
        }
        let invocation = ["platform.start", "platform.runtimeDone", "platform.report"]
        #expect(types == invocation + invocation + invocation)
        #expect(tail.contains(#""status":"error","errorType":"Runtime.Unknown""#))
    }

    @Test func withoutCaptureTheTailHasThePlatformsLines() async throws {
        let (tail, log) = try await self.withLog(
            "next ok loop", logs: LogConfiguration(printsReports: false, capturesOutput: false)
        ) { await $0.invoke(wantsLogTail: true).tail }
        #expect(self.lines(tail) == [self.start, self.end, "REPORT"])
        #expect(log.isEmpty)
    }

    @Test func aFunctionThatPrintsWithoutEndIsSlowedWhereNobodyReads() async throws {
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        // Of the writing end the writer still has much to write when the test is over. It is told that nobody reads, and
        // the number stays its own: it once became another test's socket.
        let reading = ends[0]
        defer { close(reading) }
        let command = ScriptedRuntime.command("next flood")
        try await FunctionHarness.with(
            command, timeout: .seconds(3), configure: { $0.environment.logs = LogConfiguration() }, output: ends[1]
        ) { harness in
            let outcome = await harness.invoke(wantsLogTail: true)
            #expect(outcome.text.contains("Task timed out after 3.00 seconds"))
            #expect(outcome.tail.utf8.count == 4096)
            let buffered = try await harness.eventLoop.submit { harness.output?.bufferedByteCount }.get()
            #expect(try #require(buffered) < 600_000)
        }
    }
}

extension InvocationOutcome {
    /// The log tail as text.
    var tail: String {
        switch self {
        case .result(let reply), .functionError(let reply): reply.logTail.map { String(buffer: $0) } ?? "none"
        case .refused: "refused"
        }
    }
}
