import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// A setting that cannot work ends the daemon with one line that names it, and with no secret in it.
    @Suite struct SettingsErrors {
        private static let secret = "s3cr3t-of-the-test"

        @Test(arguments: [
            ("MAX_CONCURRENCY", "x"), ("MAX_CONCURRENCY", "0"), ("AWS_LAMBDA_FUNCTION_TIMEOUT", "soon"),
            ("INVOKE_API_PORT", "70000"), ("RUNTIME_API_PORT", "-1"), ("LOG_LEVEL", "loud"),
            ("CLOCK_SKEW", "-1"), ("IDEMPOTENCY_SECONDS", "long"),
            ("LAMBDA_EXTENSIONS_DIRECTORY", "/nowhere/at/all"), ("LAMBDA_EXTENSIONS_DIRECTORY", "/etc/passwd"),
            ("AMQP_PASSWORD_FILE", "/nowhere/at/all"), ("AMQP_URI", "http://localhost"),
            ("AMQP_URI", "amqp://guest:\(secret)@localhost?conection_attempts=3"),
            ("AMQP_URI", "amqp://guest:\(secret)@localhost?heartbeat=often"),
        ])
        func malformedSettingsExitWith78(setting: String, value: String) async throws {
            var settings = ["AMQP_URI": "amqp://guest:\(Self.secret)@localhost"]
            settings[setting] = value
            let result = try await self.runDaemon(settings)
            #expect(result.status == .exited(78))
            try self.expectOneLine(naming: setting, in: result)
        }

        @Test func aKeyWithATypoIsNamed() async throws {
            let result = try await self.runDaemon(["AMQP_URI": "amqp://localhost?conection_attempts=3"])
            #expect((result.output + result.errors).contains("conection_attempts"))
        }

        @Test func aWrongPasswordIsRefused() async throws {
            let port = try self.brokerPort()
            try await self.expectRefusal("amqp://guest:\(Self.secret)@127.0.0.1:\(port)")
        }

        @Test func aWrongPasswordFromAFileIsRefused() async throws {
            let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
            try (Self.secret + "\n").write(toFile: file, atomically: false, encoding: .utf8)
            defer { try? FileManager.default.removeItem(atPath: file) }
            let uri = "amqp://127.0.0.1:\(try self.brokerPort())?connection_attempts=1"
            let result = try await self.runDaemon(
                ["AMQP_URI": uri, "AMQP_USERNAME": "guest", "AMQP_PASSWORD_FILE": file, "LOG_LEVEL": "ERROR"])
            #expect(result.status == .exited(1))
            try self.expectOneLine(naming: "AMQP_", in: result)
        }

        @Test func anUnknownVirtualHostIsRefused() async throws {
            let uri = try ProgramEnvironment.brokerURI() + "/no-such-vhost"
            try await self.expectRefusal(uri)
        }

        @Test func aPortWhereNobodyListensIsRefused() async throws {
            try await self.expectRefusal("amqp://guest:\(Self.secret)@127.0.0.1:\(ProgramPort.free())")
        }

        @Test func aCertificateOfAnotherAuthorityIsRefused() async throws {
            let folder = try ProgramEnvironment.value("TEST_TLS_FOLDER")
            let uri = try ProgramEnvironment.value("TEST_AMQPS_URI")
            try await self.expectRefusal(uri + "?cacertfile=\(folder)/other-ca.pem")
        }

        @Test func theCertificateOfItsOwnAuthorityIsAccepted() async throws {
            let folder = try ProgramEnvironment.value("TEST_TLS_FOLDER")
            let uri = try ProgramEnvironment.value("TEST_AMQPS_URI") + "?cacertfile=\(folder)/ca.pem"
            try await Daemon.with(.scripted, broker: uri, clients: ProgramEnvironment.brokerURI()) { daemon in
                let answer = try await CLI.invoke(daemon.name, "\"over TLS\"", uri: uri)
                #expect(answer.output.trimmingLastNewline == "\"over TLS\"", "\(answer.errors)")
            }
        }

        /// The attempts are used up, with the delay between them, before the daemon gives up with exit code 1.
        private func expectRefusal(_ uri: String) async throws {
            let separator = uri.contains("?") ? "&" : "?"
            let started = ContinuousClock.now
            let result = try await self.runDaemon(
                ["AMQP_URI": uri + separator + "connection_attempts=3&retry_delay=1", "LOG_LEVEL": "ERROR"])
            #expect(ContinuousClock.now - started >= .seconds(2))
            #expect(result.status == .exited(1))
            try self.expectOneLine(naming: "AMQP_URI", in: result)
        }

        private func expectOneLine(naming setting: String, in result: Program.Result) throws {
            let text = result.output + result.errors
            let lines = text.split(separator: "\n")
            #expect(lines.count == 1, "\(text)")
            #expect(try #require(lines.last).contains(setting), "\(text)")
            #expect(!text.contains(Self.secret))
        }

        private func runDaemon(_ settings: [String: String]) async throws -> Program.Result {
            var environment = try Daemon.environment()
            environment["AWS_LAMBDA_FUNCTION_NAME"] = Daemon.uniqueName()
            environment["PORT"] = String(ProgramPort.free())
            environment["RUNTIME_API_PORT"] = String(ProgramPort.free())
            environment.merge(settings) { $1 }
            return try await Program.run(
                ProgramEnvironment.program("lambda-runtime-api-daemon"), ["python3", "scripted_runtime.py"],
                environment: environment, in: Daemon.scripts)
        }

        private func brokerPort() throws -> Substring {
            try #require(try ProgramEnvironment.brokerURI().split(separator: ":").last)
        }
    }
}
