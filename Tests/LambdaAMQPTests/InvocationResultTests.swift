import AMQP
import AMQPRPC
import LambdaAMQP
import NIOCore
import Testing

@Suite struct InvocationResultTests {
    private func read(_ headers: AMQPTable?, _ body: String) -> Result<InvocationResult, LambdaError> {
        InvocationResult.read(
            RPCReply(
                properties: AMQPProperties(contentType: "application/json", headers: headers), body: ByteBuffer(string: body)))
    }

    @Test func aReplyWithoutHeadersIsAResult() throws {
        let result = try self.read(nil, "[1,2]").get()
        #expect(String(buffer: try result.get()) == "[1,2]")
        #expect(try result.decode(as: [Int].self) == [1, 2])
    }

    @Test func aFunctionErrorHasTypeAndMessageAndItsDocumentByteForByte() throws {
        let document = #"{"errorType":"KeyError", "errorMessage":"'id'","stackTrace":[]}"#
        let result = try self.read(
            [
                "StatusCode": .int32(200), "X-Amz-Function-Error": "Unhandled", "X-Amzn-RequestId": "r",
                "X-Amz-Log-Result": "dGFpbA==",
            ], document).get()
        let error = try #require(result.functionError)
        #expect(error.kind == "Unhandled")
        #expect(error.errorType == "KeyError")
        #expect(error.message == "'id'")
        #expect(String(buffer: error.payload) == document)
        #expect(result.requestID == "r")
        #expect("\(error)" == "KeyError: 'id'")
        // Whoever has the thrown error only misses nothing.
        #expect(error.requestID == "r")
        #expect(error.logTail == ByteBuffer(string: "tail"))
        #expect(throws: FunctionError.self) { try result.get() }
        #expect(throws: FunctionError.self) { try result.decode(as: Int.self) }
    }

    @Test func aFunctionErrorMayBeAnything() throws {
        let result = try self.read(["X-Amz-Function-Error": "Unhandled"], "\u{0}not JSON").get()
        #expect(result.functionError?.errorType == nil)
        #expect(result.functionError?.message == nil)
    }

    @Test func aResultThatIsNotExpectedIsAnErrorThatMustNotBeRepeated() throws {
        let result = try self.read(nil, #""text""#).get()
        let error = #expect(throws: LambdaError.self) { try result.decode(as: Int.self) }
        #expect(error?.code == .invalidResult)
        #expect(error?.mayHaveExecuted == true)
        #expect(error?.isRetriable == false)
    }

    @Test func anErrorOnTheWaySaysWhetherItMayHaveRunAndWhenToTryAgain() throws {
        guard case .failure(let busy) = self.read(
            ["StatusCode": .int32(429), "X-Amzn-ErrorType": "TooManyRequestsException", "Retry-After": "7"],
            #"{"message":"Rate Exceeded."}"#)
        else { return #expect(Bool(false)) }
        #expect(busy.code == .tooManyRequests)
        #expect(busy.retryAfter == .seconds(7))
        #expect(busy.isRetriable)
        #expect(!busy.mayHaveExecuted)
        #expect(busy.message == "Rate Exceeded.")
        guard case .failure(let lost) = self.read(["StatusCode": .int32(408)], "{}") else {
            return #expect(Bool(false))
        }
        #expect(lost.code == .noAnswer)
        #expect(!lost.isRetriable)
        #expect(lost.mayHaveExecuted)
    }
}
