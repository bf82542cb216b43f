import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// What the Runtime API answers a runtime that does what it may not, in the real daemon (contract 4, 5).
    @Suite struct RuntimeAPIRules {
        /// What came of one request of the runtime.
        private struct Probe: Decodable, Equatable {
            let status: Int
            let type: String?
            let body: String
            /// `Lambda-Runtime-Aws-Request-Id`.
            let id: String?
        }

        private struct Fault: Decodable {
            let errorMessage: String
            let errorType: String
        }

        private static let invocation = "/2018-06-01/runtime/invocation/"
        private static let initError = "/2018-06-01/runtime/init/error"

        private func event(_ key: String, _ requests: [(String, String)]) throws -> String {
            let list = requests.map { [$0.0, $0.1] }
            let requests = String(decoding: try JSONEncoder().encode(list), as: UTF8.self)
                .replacing("\"]", with: #"", {}, "{}"]"#)
            return #"{"\#(key)": \#(requests)}"#
        }

        private func expect(
            _ probe: Probe, _ status: Int, _ errorType: String, _ message: String,
            at location: SourceLocation = #_sourceLocation
        ) throws {
            #expect(probe.status == status, sourceLocation: location)
            #expect(probe.type == "application/json", sourceLocation: location)
            let fault = try JSONDecoder().decode(Fault.self, from: Data(probe.body.utf8))
            #expect(fault.errorType == errorType, sourceLocation: location)
            #expect(fault.errorMessage == message, sourceLocation: location)
        }

        private func transition(_ from: String, _ to: String) -> String {
            "State transition from \(from) to \(to) failed for runtime. Error: State transition is not allowed"
        }

        @Test func whileAnInvocationRunsOnlyItsOwnIDMayBeAnswered() async throws {
            try await Daemon.with(.failing) { daemon in
                let answer = try await daemon.post(
                    try self.event(
                        "probe",
                        [
                            ("GET", "/2018-06-01/ping"), ("GET", Self.invocation + "next"),
                            ("POST", Self.invocation + "00000000-0000-4000-8000-000000000000/response"),
                            ("POST", Self.invocation + "invented/error"), ("POST", Self.initError),
                            ("POST", Self.invocation + "next"), ("GET", "/2018-06-01/nothing"),
                        ]))
                let probes = try JSONDecoder().decode([Probe].self, from: Data(answer.body.utf8))
                #expect(probes.count == 7)
                #expect(probes[0].status == 200 && probes[0].body == "pong")
                // The same event once more.
                #expect(probes[1].status == 200 && probes[1].id == answer.headers["x-amzn-requestid"])
                try self.expect(probes[2], 400, "InvalidRequestID", "Invalid request ID")
                try self.expect(probes[3], 400, "InvalidRequestID", "Invalid request ID")
                try self.expect(
                    probes[4], 403, "InvalidStateTransition", self.transition("Running", "InitError"))
                #expect(probes[5].status == 405 && probes[5].type == "application/json")
                #expect(probes[6].status == 404 && probes[6].type == "application/json")
            }
        }

        @Test func afterTheAnswerNothingMoreIsTakenForIt() async throws {
            try await Daemon.with(.failing) { daemon in
                let own = Self.invocation + "{id}"
                let answer = try await daemon.post(
                    try self.event(
                        "after",
                        [("POST", own + "/response"), ("POST", own + "/error"), ("POST", Self.initError),
                         ("POST", Self.invocation + "invented/response")]))
                let stale = try #require(answer.headers["x-amzn-requestid"])
                let probes = try self.last(try await daemon.post(#"{"say": "last"}"#))
                #expect(probes.count == 4)
                try self.expect(
                    probes[0], 403, "InvalidStateTransition",
                    self.transition("RuntimeResponseSentState", "InvocationResponse"))
                try self.expect(
                    probes[1], 403, "InvalidStateTransition",
                    self.transition("RuntimeResponseSentState", "InvocationErrorResponse"))
                try self.expect(
                    probes[2], 403, "InvalidStateTransition", self.transition("RuntimeResponseSentState", "InitError"))
                try self.expect(probes[3], 400, "InvalidRequestID", "Invalid request ID")

                // In the next invocation the former id is nobody's.
                let next = try await daemon.post(
                    try self.event("probe", [("POST", Self.invocation + stale + "/response")]))
                try self.expect(try self.last(next)[0], 400, "InvalidRequestID", "Invalid request ID")
            }
        }

        @Test func aResponseThatIsTooLargeIsRefusedAndSoIsWhatFollows() async throws {
            try await Daemon.with(.failing, settings: ["AWS_LAMBDA_FUNCTION_TIMEOUT": "20"]) { daemon in
                _ = try await daemon.post(#"{"fail": "large"}"#)
                let probes = try self.last(try await daemon.post(#"{"say": "last"}"#))
                #expect(probes[0].status == 413)
                #expect(
                    probes[0].body == #"{"errorMessage":"Exceeded maximum allowed payload size (6291556 bytes).","#
                        + #""errorType":"RequestEntityTooLarge"}"#)
                try self.expect(
                    probes[1], 403, "InvalidStateTransition",
                    self.transition("RuntimeResponseSentState", "InvocationErrorResponse"))
            }
        }

        @Test func anUnknownResponseModeIsRefused() async throws {
            try await Daemon.with(.failing) { daemon in
                _ = try await daemon.post(#"{"fail": "mode"}"#)
                let probes = try self.last(try await daemon.post(#"{"say": "last"}"#))
                #expect(probes[0].status == 400)
                #expect(
                    probes[0].body
                        == #"{"errorMessage":"Invalid function response mode","errorType":"InvalidFunctionResponseMode"}"#)
            }
        }

        @Test func aCauseOfAMebibyteFitsIntoAHeader() async throws {
            try await Daemon.with(.failing) { daemon in
                let answer = try await daemon.post(#"{"fail": "error", "cause": 1048576}"#)
                #expect(answer.status == 200)
                #expect(answer.headers["x-amz-function-error"] == "Unhandled")
                #expect(answer.body.contains("on purpose"))
                #expect(try await daemon.post("1").body == "1")
            }
        }

        @Test func theEventComesWithItsHeaders() async throws {
            try await Daemon.with(.failing, settings: ["AWS_LAMBDA_FUNCTION_TIMEOUT": "7"]) { daemon in
                let before = Date().timeIntervalSince1970
                let url = "http://localhost:\(daemon.port)/2015-03-31/functions/\(daemon.name)/invocations"
                let context = Data("{\"client\":\n{\"name\": \"Ü\"}}".utf8).base64EncodedString()
                let trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:ab:0"
                let answer = try await HTTPAnswer.of(
                    url, body: #"{"say": "headers"}"#,
                    options: ["-H", "X-Amz-Client-Context: \(context)", "-H", "X-Amzn-Trace-Id: \(trace)"])
                let headers = try JSONDecoder().decode([String: String].self, from: Data(answer.body.utf8))
                #expect(headers["lambda-runtime-client-context"] == #"{"client": {"name": "\u00dc"}}"#)
                #expect(headers["lambda-runtime-trace-id"] == trace)
                #expect(answer.headers["x-amzn-trace-id"] == trace)
                #expect(headers["content-type"] == "application/json")
                #expect(headers["lambda-runtime-aws-tenant-id"] == nil)
                #expect(headers["lambda-runtime-cognito-identity"] == nil)
                let deadline = try #require(headers["lambda-runtime-deadline-ms"].flatMap { Double($0) }) / 1000
                #expect((before + 6...before + 9).contains(deadline))
            }
        }

        private func last(_ answer: HTTPAnswer) throws -> [Probe] {
            try JSONDecoder().decode([Probe].self, from: Data(answer.body.utf8))
        }
    }
}
