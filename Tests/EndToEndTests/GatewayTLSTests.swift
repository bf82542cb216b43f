import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// HTTPS at the gateway, with boto3, curl, and clients that speak something else.
    @Suite struct GatewayTLS {
        /// - Parameter body: Is given the paths of the certificate and of the authority that signed it.
        private func withGateway(
            _ body: (Gateway, String, _ files: TemporaryFiles, _ authority: String) async throws -> Void
        ) async throws {
            let broker = try ProgramEnvironment.brokerURI()
            let files = try TemporaryFiles()
            let authority = try files.write(TestCertificates.authority, to: "authority.pem")
            let settings = [
                "TLS_CERTIFICATE_FILE": try files.write(TestCertificates.server, to: "certificate.pem"),
                "TLS_KEY_FILE": try files.write(TestCertificates.serverKey, to: "key.pem"),
            ]
            try await Daemon.with(.scripted, broker: broker) { daemon in
                try await Gateway.with(broker: broker, settings: settings) { gateway in
                    try await body(gateway, daemon.name, files, authority)
                }
            }
        }

        @Test func botoVerifiesTheCertificateAndInvokes() async throws {
            try await self.withGateway { gateway, name, files, authority in
                let large = "\"" + String(repeating: "x", count: 5_000_000) + "\""
                let answers = try await SignedCall.make(
                    [
                        SignedCall(FunctionName: name, verify: authority),
                        SignedCall(FunctionName: name, query: true, verify: authority),
                        SignedCall(FunctionName: name, stream: true, verify: authority),
                        SignedCall(FunctionName: name),
                    ], to: gateway.endpoint)
                #expect(answers.map(\.status) == [200, 200, 200, 0])
                #expect(answers[3].error == "SSLError")
                let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
                defer { try? FileManager.default.removeItem(atPath: file) }
                try large.write(toFile: file, atomically: false, encoding: .utf8)
                let answer = try await gateway.post("@\(file)", to: name, options: ["-H", "Expect:"])
                #expect(answer.body == large)
                #expect(try await gateway.checkReadiness().status == .exited(1))
                let check = try await gateway.checkReadiness([
                    "TLS_CERTIFICATE_FILE": files.directory + "/certificate.pem", "TLS_KEY_FILE": files.directory + "/key.pem",
                ])
                #expect(check.status == .exited(0), "\(check.errors)")
                let old = try await Program.run(
                    "curl", ["-sk", "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0", gateway.endpoint + "/health"])
                #expect(old.status == .exited(35), "\(old)")
            }
        }

        @Test func aNewCertificateIsForNewConnectionsAndABadOneForNone() async throws {
            try await self.withGateway { gateway, name, files, authority in
                let client = try Program(
                    ProgramEnvironment.python(),
                    [Daemon.scripts + "/tls_connection.py", String(gateway.port), name, authority])
                defer { client.killGroup() }
                try await eventually("the old connection is open") { client.output.contains("1 200") }

                // First the certificate, then its key: in between they do not fit, and the old pair is in force.
                let shown = try await self.certificate(of: gateway)
                _ = try files.write(TestCertificates.client, to: "certificate.pem")
                try await eventually("the pair that does not fit is told") {
                    gateway.program.everything.contains("is not the key of the certificate")
                }
                #expect(try await self.certificate(of: gateway) == shown)
                _ = try files.write(TestCertificates.clientKey, to: "key.pem")
                try await eventually("the new certificate is shown") { try await self.certificate(of: gateway) != shown }

                // The old connection goes on with its own.
                let count = client.output.split(separator: "\n").count
                try await eventually("the old connection is used") {
                    client.output.split(separator: "\n").count > count + 2
                }
                #expect(client.output.split(separator: "\n").allSatisfy { $0.hasSuffix(" 200") }, "\(client.everything)")
            }
        }

        @Test func plainHTTPIsToldAndSilenceIsNotWaitedForForEver() async throws {
            try await self.withGateway { gateway, name, _, _ in
                let plain = try await HTTPAnswer.of("http://127.0.0.1:\(gateway.port)/health", body: "", options: ["-m", "5"])
                #expect(plain.status == 400)
                #expect(plain.body.contains("HTTPS"))

                let started = ContinuousClock.now
                let silent = try await Program.run(
                    ProgramEnvironment.python(),
                    [Daemon.scripts + "/hostile_client.py", String(gateway.port), name, "silence"], limit: .seconds(40))
                #expect(silent.status == .exited(0), "\(silent.errors)")
                #expect(ContinuousClock.now - started > .seconds(8))
                #expect(try await gateway.post("{}", to: name).status == 200)
            }
        }

        private func certificate(of gateway: Gateway) async throws -> String {
            let result = try await Program.run(
                ProgramEnvironment.python(),
                ["-c", "import ssl; print(ssl.get_server_certificate(('127.0.0.1', \(gateway.port))))"])
            return result.output
        }
    }
}
