import LambdaProtocol
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(1))) struct InvokeStreamingTests {
    private func path(_ function: String) -> String {
        "/2021-11-15/functions/\(function)/response-streaming-invocations"
    }

    private func frames(_ answer: Answer) -> [String]? {
        EventStreamFrame.all(in: answer.bytes).map { $0.map(\.text) }
    }

    /// Invokes `streams`, and plays its part.
    private func stream(
        _ api: TestAPI, _ play: @escaping @Sendable (any ResponseSink, (InvocationOutcome) -> Void) -> Void
    ) async throws -> Answer {
        async let answer = api.post(self.path("streams"), body: "1", headers: "X-Amz-Log-Type: Tail\r\n")
        while try await !api.invoker.eventLoop.submit({
            guard let stream = api.invoker.stream else { return false }
            api.invoker.stream = nil
            play(stream.sink, stream.completion)
            return true
        }).get() {}
        return try await answer
    }

    @Test func aBufferedAnswerIsOneChunkAndTheCompletion() async throws {
        try await withAPI { api in
            let answer = try await api.post(
                self.path("hello"), body: #"{"a":1}"#, headers: "X-Amz-Log-Type: Tail\r\n")
            #expect(answer.status == 200)
            #expect(answer.header("Content-Type") == "application/vnd.amazon.eventstream")
            #expect(answer.header("X-Amz-Executed-Version") == "$LATEST")
            #expect(answer.header("X-Amz-Function-Error") == nil)
            #expect(answer.header("Transfer-Encoding") == "chunked")
            #expect(answer.header("x-amzn-RequestId") == (try await api.lastRequest().requestID))
            let tail = Base64.encode("END RequestId\n".utf8)
            #expect(
                self.frames(answer) == [#"PayloadChunk {"a":1}"#, #"InvokeComplete {"LogResult":"\#(tail)"}"#])
        }
    }

    @Test func partsAreChunksAsTheyCome() async throws {
        try await withAPI { api in
            let answer = try await self.stream(api) { sink, completion in
                #expect(sink.write(ByteBuffer(string: "one")))
                #expect(sink.write(ByteBuffer(string: "two")))
                completion(.result(FunctionReply(body: ByteBuffer())))
            }
            #expect(answer.header("X-Amz-Executed-Version") == "7")
            #expect(self.frames(answer) == ["PayloadChunk one", "PayloadChunk two", "InvokeComplete {}"])
        }
    }

    @Test func anErrorInMidStreamStandsInTheCompletion() async throws {
        try await withAPI { api in
            let answer = try await self.stream(api) { sink, completion in
                #expect(sink.write(ByteBuffer(string: "one")))
                completion(.functionError(FunctionReply(body: ByteBuffer(string: #"{"errorType":"E"}"#))))
            }
            #expect(answer.status == 200)
            #expect(
                self.frames(answer) == [
                    "PayloadChunk one",
                    #"InvokeComplete {"ErrorCode":"Unhandled","ErrorDetails":"{\"errorType\":\"E\"}"}"#,
                ])
        }
    }

    @Test func anErrorBeforeTheFirstByteIsACompletionWithoutChunks() async throws {
        try await withAPI { api in
            let answer = try await api.post(self.path("fails"), body: "1")
            #expect(answer.status == 200)
            #expect(
                self.frames(answer)
                    == [#"InvokeComplete {"ErrorCode":"Unhandled","ErrorDetails":"{\"errorMessage\":\"oops\"}"}"#])
        }
    }

    @Test func aFaultOfThePlatformInMidStreamIsAnErrorFrame() async throws {
        try await withAPI { api in
            let answer = try await self.stream(api) { sink, completion in
                completion(.refused(InvokeError(.noAnswer, "stopped")))
            }
            let frames = EventStreamFrame.all(in: answer.bytes)
            #expect(
                frames == [
                    .init(headers: [
                        ":message-type": "error", ":error-code": "NoAnswerException", ":error-message": "stopped",
                    ])
                ])
        }
    }

    @Test func whatIsRefusedBeforeItRunsIsAnOrdinaryError() async throws {
        try await withAPI { api in
            let busy = try await api.post(self.path("busy"), body: "1")
            #expect(busy.status == 429)
            #expect(busy.header("X-Amzn-ErrorType") == "TooManyRequestsException")
            #expect(busy.header("Content-Type") == "application/json")
            #expect(try await api.post(self.path("nobody"), body: "1").status == 404)
            #expect(try await api.post(self.path("hello"), body: "nonsense").status == 400)
        }
    }

    @Test func anEventCannotBeStreamedAndADryRunIsOnlyChecked() async throws {
        try await withAPI { api in
            let event = try await api.post(self.path("hello"), body: "1", headers: "X-Amz-Invocation-Type: Event\r\n")
            #expect(event.status == 400)
            #expect(event.header("X-Amzn-ErrorType") == "ValidationException")
            #expect(event.body.contains("enum value set: [RequestResponse, DryRun]"))
            let dry = try await api.post(self.path("hello"), body: "1", headers: "X-Amz-Invocation-Type: DryRun\r\n")
            #expect(dry.status == 204)
            #expect(try await api.requestCount() == 0)
        }
    }

    @Test func aLargeAnswerIsSeveralChunks() async throws {
        try await withAPI { api in
            let answer = try await api.post(
                self.path("hello"), body: "\"" + String(repeating: "x", count: 2_500_000) + "\"")
            let frames = try #require(EventStreamFrame.all(in: answer.bytes))
            #expect(frames.map(\.payload.utf8.count) == [1_048_576, 1_048_576, 402_850, 2])
        }
    }
}
