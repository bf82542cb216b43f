import LambdaEnvironment
import LambdaFunction
import LambdaProtocol
import NIOCore
import NIOPosix
import Testing

/// A runtime that streams, and callers that take its answer whole or as it comes.
@Suite(.serialized, .timeLimit(.minutes(2))) struct StreamingTests {
    private static let id = LocalFunctionTests.id

    private func with<Value>(
        _ steps: String, timeout: TimeAmount = .seconds(20),
        configure: (inout FunctionConfiguration) -> Void = { _ in },
        _ body: (FunctionHarness) async throws -> Value
    ) async throws -> Value {
        try await FunctionHarness.with(
            ScriptedRuntime.command(steps), timeout: timeout, configure: configure, body)
    }

    /// What a streaming caller gets: the bytes that were streamed, and the outcome.
    private func stream(_ steps: String, timeout: TimeAmount = .seconds(20)) async throws -> (String, String) {
        let sink = RecordingSink()
        return try await self.with(steps, timeout: timeout) { harness in
            let outcome = await harness.stream(into: sink)
            return (sink.text, outcome.text)
        }
    }

    @Test func aStreamIsCollectedForACallerWhoWantsItWhole() async throws {
        try await self.with("next open:text/plain chunk:ab chunk:cd end loop") { harness in
            for _ in 0..<2 {
                let outcome = await harness.invoke()
                #expect(outcome.text == "200 abcd")
                guard case .result(let reply) = outcome else { continue }
                #expect(reply.contentType == "text/plain")
            }
        }
    }

    @Test func aStreamingCallerGetsTypeAndBytesAndThenAResultWithoutABody() async throws {
        let sink = RecordingSink()
        try await self.with("next open:text/plain chunk:ab chunk:cd end next report") { harness in
            #expect(await harness.stream(into: sink).text == "200 ")
            #expect(sink.text == "abcd")
            #expect(sink.head == ResponseHead(contentType: "text/plain", executedVersion: "$LATEST"))
            // The runtime's own answer is whole: Node waits for it.
            #expect(await harness.invoke().text == #"200 202 {"status":"OK"}"#)
        }
    }

    @Test func aBufferedAnswerDoesNotBeginAStream() async throws {
        let sink = RecordingSink()
        let outcome = try await self.with("next ok loop") { await $0.stream(into: sink, #"{"a":1}"#) }
        #expect(outcome.text == #"200 {"a":1}"#)
        #expect(sink.head == nil)
    }

    @Test func whatGoSendsInChunksWithoutAModeIsStreamed() async throws {
        let (streamed, outcome) = try await self.stream("next go-ok loop")
        #expect(streamed == "{}")
        #expect(outcome == "200 ")
    }

    @Test func anErrorInTheTrailersEndsTheStreamWithItsDocument() async throws {
        let (streamed, outcome) = try await self.stream("next open chunk:ab fail loop")
        #expect(streamed == "ab")
        #expect(outcome == #"error {"errorType":"E"}"#)
        #expect(try await self.with("next open chunk:ab fail loop") { await $0.invoke().text } == outcome)
    }

    @Test func anErrorBeforeTheFirstByteHasNoBytes() async throws {
        let (streamed, outcome) = try await self.stream("next open fail loop")
        #expect(streamed == "")
        #expect(outcome == #"error {"errorType":"E"}"#)
    }

    @Test func aTrailerThatIsNotBase64BecomesTheMessage() async throws {
        let (streamed, outcome) = try await self.stream("next open chunk:ab fail-swift loop")
        #expect(streamed == "ab")
        #expect(outcome == #"error {"errorType":"Unhandled","errorMessage":"Requires base64"}"#)
    }

    @Test(arguments: ["next open chunk:ab hang-up next ok loop", "next open chunk:ab kill:9"])
    func aStreamThatIsCutOffEndsAsTruncated(steps: String) async throws {
        let (streamed, outcome) = try await self.stream(steps)
        #expect(streamed == "ab")
        #expect(outcome.contains("Runtime.TruncatedResponse"))
    }

    @Test func aTimeoutEndsTheStreamAndTheNextInvocationIsAsUsual() async throws {
        let steps = "next open chunk:ab sleep:1000"
        let sink = RecordingSink()
        try await self.with(steps, timeout: .seconds(3)) { harness in
            let outcome = await harness.stream(into: sink)
            #expect(sink.text == "ab")
            #expect(outcome.text.contains("Sandbox.Timedout"))
            #expect(await harness.invoke().text.contains("Sandbox.Timedout"))
        }
    }

    @Test func aCallerWhoTakesNothingMoreEndsTheFunctionAtItsTimeout() async throws {
        let sink = RecordingSink { _, _ in false }
        let outcome = try await self.with("next open fill:20000000 end", timeout: .seconds(3)) { harness in
            await harness.stream(into: sink)
        }
        #expect(outcome.text.contains("Sandbox.Timedout"))
        #expect(sink.partCount == 1)
    }

    @Test func partsComeOnlyWhenTheCallerWantsThem() async throws {
        let sink = RecordingSink { sink, count in
            guard count % 7 == 0 else { return true }
            MultiThreadedEventLoopGroup.currentEventLoop?.execute { sink.want() }
            return false
        }
        let outcome = try await self.with("next open fill:20000000 end loop") { await $0.stream(into: sink) }
        #expect(outcome.text == "200 ")
        #expect(sink.bytes.readableBytes == 20_000_000)
        #expect(sink.unaskedCount == 0)
    }

    @Test func aStreamOverItsLimitEndsTooLargeAndTheRuntimeIsTold() async throws {
        let steps = "next open fill:2000 end next open fill:2001 end next report"
        try await self.with(steps, configure: { $0.environment.limits.streamedResponseByteCount = 2000 }) { harness in
            let whole = RecordingSink()
            #expect(await harness.stream(into: whole).text == "200 ")
            #expect(whole.bytes.readableBytes == 2000)
            let cut = RecordingSink()
            let outcome = await harness.stream(into: cut)
            #expect(outcome.text.contains("Function.ResponseSizeTooLarge"))
            #expect(cut.bytes.readableBytes <= 2000)
            #expect(await harness.invoke().text.contains("413 {\"errorMessage\":\"Exceeded maximum"))
        }
    }

    @Test(arguments: [(6_291_556, "200 x"), (6_291_557, "error {\"errorMessage\":\"Response payload size exceeded")])
    func aCollectedStreamHasTheLimitOfEveryResponse(byteCount: Int, outcome: String) async throws {
        let result = try await self.with("next open fill:\(byteCount) end") { await $0.invoke() }
        #expect(result.text.hasPrefix(outcome))
        guard case .result(let reply) = result else { return }
        #expect(reply.body.readableBytes == byteCount)
    }
}
