import LambdaAMQP
import NIOCore
import Testing

/// What the tests of a service make in a client's place.
@Suite struct FakeResultTests {
    /// What a service puts between itself and the client.
    private protocol Checkout: Sendable {
        func total(of order: ByteBuffer) async throws -> InvocationResult
        func receipt(of order: ByteBuffer) async throws -> InvocationStream
    }

    private struct FakeCheckout: Checkout {
        var result: Result<InvocationResult, LambdaError>
        var stream = InvocationStream([])

        func total(of order: ByteBuffer) async throws -> InvocationResult { try self.result.get() }
        func receipt(of order: ByteBuffer) async throws -> InvocationStream { self.stream }
    }

    private let order = ByteBuffer(string: "{}")

    @Test func aResultIsMade() async throws {
        let result = InvocationResult(
            payload: ByteBuffer(string: "[1]"), executedVersion: "7", requestID: "r", logTail: ByteBuffer(string: "END"))
        let checkout: any Checkout = FakeCheckout(result: .success(result))
        let total = try await checkout.total(of: self.order)
        #expect(try total.decode(as: [Int].self) == [1])
        #expect(total.functionError == nil)
        #expect(total.executedVersion == "7")
        #expect(total.requestID == "r")
        #expect(total.logTail == ByteBuffer(string: "END"))
    }

    @Test func aFunctionsErrorIsMadeOfTypeAndMessage() async throws {
        let error = FunctionError(
            errorType: "KeyError", message: "no \"id\"", requestID: "r", logTail: ByteBuffer(string: "END"))
        #expect(error.kind == "Unhandled")
        #expect(error.errorType == "KeyError")
        #expect(error.message == "no \"id\"")
        #expect(String(buffer: error.payload) == #"{"errorMessage":"no \"id\"","errorType":"KeyError"}"#)
        let result = InvocationResult(functionError: error, executedVersion: "$LATEST")
        #expect(result.functionError == error)
        #expect(result.payload == error.payload)
        #expect(result.requestID == "r")
        #expect(result.logTail == ByteBuffer(string: "END"))
        #expect(result.executedVersion == "$LATEST")
        let thrown = #expect(throws: FunctionError.self) { try result.decode(as: Int.self) }
        #expect(thrown == error)
    }

    @Test func aFunctionsErrorIsMadeOfItsDocument() {
        let document = ByteBuffer(string: #"{"errorType":"Sandbox.Timedout","errorMessage":"Task timed out"}"#)
        let error = FunctionError(payload: document, kind: "Handled")
        #expect(error.kind == "Handled")
        #expect(error.errorType == "Sandbox.Timedout")
        #expect(error.message == "Task timed out")
        #expect(error.payload == document)
        #expect(error.requestID == nil)
        #expect(FunctionError(payload: ByteBuffer(string: "[")).errorType == nil)
    }

    @Test func aStreamIsMadeOfItsEvents() async throws {
        let end = InvocationResult(payload: ByteBuffer(), requestID: "r")
        let stream = InvocationStream(
            [.chunk(ByteBuffer(string: "a")), .chunk(ByteBuffer(string: "b")), .complete(end)], contentType: "text/plain")
        let checkout: any Checkout = FakeCheckout(result: .success(end), stream: stream)
        let receipt = try await checkout.receipt(of: self.order)
        #expect(receipt.contentType == "text/plain")
        var read: [String] = []
        for try await event in receipt {
            switch event {
            case .chunk(let bytes): read.append(String(buffer: bytes))
            case .complete(let result): read.append("complete \(result.requestID ?? "")")
            }
        }
        #expect(read == ["a", "b", "complete r"])
    }

    @Test(arguments: [LambdaError(.noAnswer, "the connection was lost"), nil])
    func aStreamBreaksAfterItsEvents(error: LambdaError?) async throws {
        var iterator = InvocationStream([.chunk(ByteBuffer(string: "a"))], error: error).makeAsyncIterator()
        guard case .chunk = try await iterator.next() else { return #expect(Bool(false)) }
        let thrown = await #expect(throws: LambdaError.self) { _ = try await iterator.next() }
        #expect(thrown?.code == error?.code ?? .cancelled)
    }

    @Test func aStreamGoesOnAsTheTestDoes() async throws {
        let (events, continuation) = InvocationStream.Events.makeStream()
        var iterator = InvocationStream(events).makeAsyncIterator()
        continuation.yield(.chunk(ByteBuffer(string: "a")))
        guard case .chunk(let bytes) = try await iterator.next() else { return #expect(Bool(false)) }
        #expect(bytes == ByteBuffer(string: "a"))
        continuation.yield(.complete(InvocationResult(functionError: FunctionError(errorType: "Exit", message: "1"))))
        guard case .complete(let result) = try await iterator.next() else { return #expect(Bool(false)) }
        #expect(result.functionError?.errorType == "Exit")
        let end = try await iterator.next()
        #expect(end == nil)
    }
}
