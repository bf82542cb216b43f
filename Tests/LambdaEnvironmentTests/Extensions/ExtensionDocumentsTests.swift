@testable import LambdaEnvironment
import LambdaProtocol
import NIOCore
import NIOHTTP1
import Testing

/// Bodies and paths of the Extensions API.
@Suite struct ExtensionDocumentsTests {
    func text(_ event: ExtensionEvent) -> String { String(buffer: event.document) }

    @Test func anInvocationIsToldWithItsTrace() {
        let event = ExtensionEvent.invoke(
            deadline: 1_700_000_000_000, requestID: "r", invokedFunctionARN: "arn:aws:lambda:x", traceID: "Root=1-2-3")
        #expect(
            self.text(event)
                == #"{"eventType":"INVOKE","deadlineMs":1700000000000,"requestId":"r","invokedFunctionArn":"arn:aws:lambda:x","tracing":{"type":"X-Amzn-Trace-Id","value":"Root=1-2-3"}}"#
        )
    }

    @Test(arguments: [nil, ""]) func aTraceThatThereIsNotIsLeftOut(_ traceID: String?) {
        let event = ExtensionEvent.invoke(deadline: 1, requestID: "r", invokedFunctionARN: "a", traceID: traceID)
        #expect(
            self.text(event) == #"{"eventType":"INVOKE","deadlineMs":1,"requestId":"r","invokedFunctionArn":"a"}"#)
    }

    @Test func theReasonOfAShutdownIsInLowerCase() {
        #expect(
            self.text(.shutdown(deadline: 2, reason: .spindown))
                == #"{"eventType":"SHUTDOWN","deadlineMs":2,"shutdownReason":"spindown"}"#)
    }

    @Test(arguments: [
        (#"{"events":["INVOKE","SHUTDOWN"]}"#, ["INVOKE", "SHUTDOWN"]), (#"{"events":null}"#, []),
        (#"{ "events": [] }"#, []), ("{}", []), (#"{"events":["INVOKE"],"configurationKeys":[]}"#, ["INVOKE"]),
        (#"{"events":[],"other":{"a":1}}"#, []),
    ])
    func registrationsAreRead(_ body: String, _ events: [String]) throws {
        #expect(try ExtensionRegistration(ByteBuffer(string: body)).events == events)
    }

    @Test(arguments: [
        ("", "Unexpected end-of-input at [line: 1, column: 1]"),
        ("[]", "expected an object whose member events is an array of strings"),
        (#"{"events":"INVOKE"}"#, "expected an object whose member events is an array of strings"),
        (#"{"events":[1]}"#, "expected an object whose member events is an array of strings"),
        (
            #"{"events":[],"configurationKeys":["a"]}"#,
            "configurationKeys are deprecated; use environment variables instead"
        ),
    ])
    func registrationsThatCannotBeReadAreRefused(_ body: String, _ reason: String) {
        #expect(throws: RuntimeAPIRejection.invalidFormat(reason)) {
            try ExtensionRegistration(ByteBuffer(string: body))
        }
    }

    @Test(arguments: [
        (HTTPMethod.POST, "/2020-01-01/extension/register", ExtensionsAPIRoute.register),
        (.GET, "/2020-01-01/extension/event/next", .next),
        (.POST, "/2020-01-01/extension/init/error", .initError),
        (.POST, "/2020-01-01/extension/exit/error", .exitError),
        (.GET, "/2020-01-01/extension/register", .wrongMethod),
        (.POST, "/2020-01-01/extension/event/next", .wrongMethod),
    ])
    func aPathHasOneMeaning(_ method: HTTPMethod, _ path: String, _ route: ExtensionsAPIRoute) {
        #expect(ExtensionsAPIRoute(method: method, path: Substring(path)) == route)
    }

    @Test(arguments: ["/2018-06-01/extension/event/next", "/2020-01-01/extension", "/"])
    func otherPathsAreNotOurs(_ path: String) {
        #expect(ExtensionsAPIRoute(method: .GET, path: Substring(path)) == nil)
    }

    @Test func failuresAreToldInTheWordsOfAWS() {
        func failure(_ kind: ExtensionFailure.Kind, _ exit: ProcessExit?) -> EnvironmentFailure {
            .extensionFailed(ExtensionFailure(kind: kind, name: "x", detail: "detail", exit: exit))
        }
        let timeout = TimeAmount.seconds(3)
        #expect(failure(.crash, .code(0)).errorType == "Extension.Crash")
        #expect(failure(.crash, .code(0)).reason(timeout: timeout) == "exit code 0")
        #expect(failure(.initError, .code(1)).errorType == "Extension.InitError")
        #expect(failure(.initError, .code(1)).reason(timeout: timeout) == "exit status 1")
        #expect(failure(.crash, .signal(9)).reason(timeout: timeout) == "signal: killed")
        #expect(failure(.exitError, nil).reason(timeout: timeout) == "detail")
    }
}
