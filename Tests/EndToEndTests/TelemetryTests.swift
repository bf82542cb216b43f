import Foundation
import Glibc
import TestSupport
import Testing

extension EndToEnd {
    /// The Telemetry API and the Logs API, as external extensions meet them.
    @Suite struct Telemetry {
        /// An event that `Scripts/telemetry_extension.py` has noted.
        private struct Event: Decodable {
            enum Record: Decodable {
                case line(String)
                case platform(Platform)

                init(from decoder: any Decoder) throws {
                    let container = try decoder.singleValueContainer()
                    if let line = try? container.decode(String.self) {
                        self = .line(line)
                    } else {
                        self = .platform(try container.decode(Platform.self))
                    }
                }
            }

            struct Platform: Decodable {
                let requestId: String?
                let status: String?
                let name: String?
                let state: String?
            }

            let type: String
            let record: Record

            var line: String? { if case .line(let line) = self.record { line } else { nil } }
            var platform: Platform? { if case .platform(let platform) = self.record { platform } else { nil } }
        }

        private func events(in path: String) throws -> [Event] {
            try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
                try JSONDecoder().decode(Event.self, from: Data($0.utf8))
            }
        }

        @Test func extensionsAreToldOfEverythingOverHTTPAndTCP() async throws {
            let files = try ExtensionFiles()
            try files.add("http", "HTTP " + files.path("http"), script: "telemetry_extension.py")
            try files.add("tcp", "TCP " + files.path("tcp"), script: "telemetry_extension.py")
            let requestID = try await Daemon.with(.scripted, settings: files.settings) { daemon in
                let answer = try await daemon.post(#"{"do": "print", "tag": 7, "processes": 1, "lines": 2}"#)
                #expect(answer.status == 200)
                try await eventually("the extensions are told of the invocation") {
                    daemon.program.output.contains("http INVOKE\n") && daemon.program.output.contains("tcp INVOKE\n")
                }
                daemon.program.signal(SIGTERM)
                #expect(try await daemon.program.end() == .exited(0))
                return answer.headers["x-amzn-requestid"]
            }
            let http = try self.events(in: files.path("http"))
            #expect(
                http.filter { $0.type.hasPrefix("platform.") }.map(\.type) == [
                    "platform.initStart", "platform.telemetrySubscription", "platform.initRuntimeDone",
                    "platform.extension", "platform.extension", "platform.initReport", "platform.start",
                    "platform.runtimeDone", "platform.report",
                ])
            let tcp = try self.events(in: files.path("tcp"))
            #expect(
                tcp.filter { $0.type.hasPrefix("platform.") }.map(\.type) == [
                    "platform.logsSubscription", "platform.extension", "platform.extension", "platform.start",
                    "platform.end", "platform.report",
                ])
            for events in [http, tcp] {
                #expect(events.filter { $0.type == "problem" }.compactMap(\.line) == [])
                // Nobody can subscribe when init is over.
                let api = events.contains { $0.type == "platform.end" } ? "Logs" : "Telemetry"
                #expect(events.filter { $0.type == "late" }.compactMap(\.line) == ["\(api).SubscriptionClosed"])
                #expect(
                    events.filter { $0.type == "function" }.compactMap(\.line) == [
                        "tag=7 process=0 line=0 " + String(repeating: "x", count: 60),
                        "tag=7 process=0 line=1 " + String(repeating: "x", count: 60), "tag=7 last",
                    ])
                let lines = Set(events.filter { $0.type == "extension" }.compactMap(\.line))
                #expect(lines.isSuperset(of: ["http starts", "tcp starts", "http INVOKE", "tcp INVOKE"]))
                #expect(Set(events.compactMap { $0.platform?.requestId }) == [requestID])
                #expect(
                    Set(events.filter { $0.type == "platform.extension" }.compactMap { $0.platform?.state })
                        == ["Ready"])
            }
        }

        @Test func aFunctionThatDiesIsToldOfBeforeItsEnvironmentEnds() async throws {
            let files = try ExtensionFiles()
            try files.add("http", "HTTP " + files.path("http"), script: "telemetry_extension.py")
            try await Daemon.with(.scripted, settings: files.settings) { daemon in
                let answer = try await daemon.post(#"{"do": "kill"}"#)
                #expect(answer.body.contains("signal: killed"))
                try await eventually("the report is delivered") {
                    try self.events(in: files.path("http")).contains { $0.type == "platform.report" }
                }
                let report = try self.events(in: files.path("http")).first { $0.type == "platform.report" }
                #expect(report?.platform?.status == "error")
                // A new environment, and new subscribers.
                #expect(try await daemon.post("\"next\"").body == "\"next\"")
            }
        }
    }
}
