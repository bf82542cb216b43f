import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// Who may call a gateway that has keys: boto3, botocore's other signers and the AWS CLI, right and wrong.
    @Suite struct Authentication {
        private let event = #"{"key": "value"}"#

        private func withGateway(
            settings: [String: String] = [:], _ body: (Gateway, String, _ keysFile: String) async throws -> Void
        ) async throws {
            let broker = try ProgramEnvironment.brokerURI()
            let files = try TemporaryFiles()
            try await Daemon.with(.scripted, broker: broker) { daemon in
                let keys = try files.write(SignedCall.keys(daemon.name), to: "keys.json")
                let settings = settings.merging(["SIGV4_KEYS_FILE": keys]) { $1 }
                try await Gateway.with(broker: broker, settings: settings) { gateway in
                    try await body(gateway, daemon.name, keys)
                }
            }
        }

        @Test func whatIsSignedRightIsRun() async throws {
            try await self.withGateway { gateway, name, _ in
                let large = "\"" + String(repeating: "x", count: 100_000) + "\""
                let calls = [
                    SignedCall(FunctionName: name),
                    SignedCall(FunctionName: name, Qualifier: "$LATEST"),
                    SignedCall(FunctionName: "arn:aws:lambda:us-east-1:123456789012:function:\(name):$LATEST"),
                    SignedCall(FunctionName: name, region: "eu-central-1"),
                    SignedCall(FunctionName: name, key: "AKIDTOKEN", token: "to/ke+n=="),
                    SignedCall(FunctionName: name, key: "AKIDSOME"),
                    SignedCall(FunctionName: name, skew: 280),
                    SignedCall(FunctionName: name, skew: -280),
                    SignedCall(FunctionName: name, stream: true),
                    SignedCall(FunctionName: name, query: true),
                    SignedCall(FunctionName: "\(name):$LATEST", key: "AKIDTOKEN", token: "to/ke+n==", query: true),
                    SignedCall(FunctionName: name, Payload: large),
                ]
                for (answer, call) in zip(try await SignedCall.make(calls, to: gateway.endpoint), calls) {
                    #expect(answer == .init(status: 200, payload: call.Payload), "\(call)")
                }
                let event = SignedCall(FunctionName: name, InvocationType: "Event")
                #expect(try await SignedCall.make([event], to: gateway.endpoint)[0].status == 202)
            }
        }

        @Test func whatIsSignedWrongIsTheErrorThatSDKsKnow() async throws {
            try await self.withGateway { gateway, name, _ in
                let mismatch = "The request signature we calculated does not match the signature you provided. "
                let unknown = "The security token included in the request is invalid."
                let rows: [(call: SignedCall, error: String, message: String)] = [
                    (SignedCall(FunctionName: name, unsigned: true), "MissingAuthenticationTokenException", "Missing"),
                    (SignedCall(FunctionName: name, key: "AKIDNOBODY"), "UnrecognizedClientException", unknown),
                    (SignedCall(FunctionName: name, secret: "wrong"), "InvalidSignatureException", mismatch),
                    (SignedCall(FunctionName: name, skew: 320), "InvalidSignatureException", "Signature not yet current"),
                    (SignedCall(FunctionName: name, skew: -320), "InvalidSignatureException", "Signature expired: "),
                    (SignedCall(FunctionName: name, tamper: "{}"), "InvalidSignatureException", mismatch),
                    (SignedCall(FunctionName: name, tamper: "{}", query: true), "InvalidSignatureException", mismatch),
                    (SignedCall(FunctionName: name, skew: -90, query: true), "InvalidSignatureException", "Signature expired: "),
                    (SignedCall(FunctionName: name, token: "to/ke+n=="), "UnrecognizedClientException", unknown),
                    (SignedCall(FunctionName: name, key: "AKIDTOKEN"), "UnrecognizedClientException", unknown),
                    (
                        SignedCall(FunctionName: name, key: "AKIDTOKEN", token: "wrong"), "UnrecognizedClientException",
                        unknown
                    ),
                    (
                        SignedCall(FunctionName: "\(name)-not", key: "AKIDSOME"), "AccessDeniedException",
                        "User: arn:aws:iam::123456789012:user/eve is not authorized to perform: lambda:InvokeFunction on"
                    ),
                    (SignedCall(FunctionName: name, key: "AKIDSOME", Qualifier: "prod"), "AccessDeniedException", "User: "),
                    // What is wrong with the request itself is told to those who may know.
                    (SignedCall(FunctionName: "not.a.name", secret: "wrong"), "InvalidSignatureException", mismatch),
                ]
                let answers = try await SignedCall.make(rows.map(\.call), to: gateway.endpoint)
                for (answer, row) in zip(answers, rows) {
                    #expect(answer.status == 403, "\(row.call) \(answer)")
                    #expect(answer.error == row.error, "\(row.call) \(answer)")
                    #expect(answer.message?.hasPrefix(row.message) == true, "\(row.call) \(answer)")
                }
                let allowed = [
                    SignedCall(FunctionName: "other-one", key: "AKIDSOME"), SignedCall(FunctionName: name, Payload: "no"),
                ]
                #expect(
                    try await SignedCall.make(allowed, to: gateway.endpoint).map(\.error)
                        == ["ResourceNotFoundException", "InvalidRequestContentException"])
                // Nothing of the function was run, nothing of a secret was written.
                #expect(!gateway.program.everything.contains(SignedCall.secret))
                #expect(!gateway.program.everything.contains("there is no authentication"))
            }
        }

        @Test func theRegionCountsWhereItIsSet() async throws {
            try await self.withGateway(settings: ["AWS_REGION": "eu-central-1"]) { gateway, name, _ in
                let calls = [
                    SignedCall(FunctionName: name, region: "eu-central-1"), SignedCall(FunctionName: name, region: "us-east-1"),
                ]
                let answers = try await SignedCall.make(calls, to: gateway.endpoint)
                #expect(answers.map(\.status) == [200, 403])
                #expect(answers[1].message == "Credential should be scoped to a valid region.")
            }
        }

        @Test func theCommandLineOfAWSIsLetIn() async throws {
            try await self.withGateway { gateway, name, _ in
                for (secret, status) in [(SignedCall.secret, Int32(0)), ("wrong", 255)] {
                    let arguments = [
                        "lambda", "invoke", "--endpoint-url", gateway.endpoint, "--function-name", name,
                        "--cli-binary-format", "raw-in-base64-out", "--payload", self.event, "/dev/stderr",
                    ]
                    let answer = try await Program.run(
                        ProgramEnvironment.value("TEST_AWS_CLI"), arguments,
                        environment: [
                            "AWS_ACCESS_KEY_ID": "AKIDTEST", "AWS_SECRET_ACCESS_KEY": secret,
                            "AWS_DEFAULT_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "1",
                        ])
                    #expect((answer.status == .exited(0)) == (status == 0), "\(answer)")
                    #expect(answer.errors.contains(status == 0 ? self.event : "InvalidSignatureException"), "\(answer)")
                }
            }
        }

        @Test func healthNeedsNoSignature() async throws {
            try await self.withGateway { gateway, _, _ in
                for path in ["/health", "/ready"] {
                    let answer = try await gateway.get(path)
                    #expect(answer.status == 200)
                }
            }
        }

        @Test func keysAreReadAgainWhenTheyChangeAndBadOnesAreNot() async throws {
            try await self.withGateway { gateway, name, keysFile in
                let (old, new) = (SignedCall(FunctionName: name), SignedCall(FunctionName: name, secret: "another"))
                func statuses() async throws -> [Int] {
                    try await SignedCall.make([old, new], to: gateway.endpoint).map(\.status)
                }
                #expect(try await statuses() == [200, 403])

                try SignedCall.keys(name, secret: "another").write(toFile: keysFile, atomically: true, encoding: .utf8)
                try await eventually("the new keys are in force") { try await statuses() == [403, 200] }

                try #"[{"accessKeyId": "A", "secretAccessKey": "never-shown"}]"#.write(
                    toFile: keysFile, atomically: true, encoding: .utf8)
                try await eventually("the bad file is told") {
                    gateway.program.everything.contains("key 1: functions is missing")
                }
                #expect(try await statuses() == [403, 200])

                // SIGHUP reads at once, and says again what is wrong.
                gateway.program.signal(SIGHUP)
                try await eventually("it is told again") {
                    gateway.program.everything.components(separatedBy: "key 1: functions is missing").count == 3
                }
                #expect(try await statuses() == [403, 200])
                #expect(!gateway.program.everything.contains("never-shown"))
                #expect(Program.isRunning(gateway.program.processID))
            }
        }

        @Test(arguments: [
            ("", "not JSON"), ("[]", "the list of keys is empty"),
            (#"[{"accessKeyId": "A", "secretAccessKey": "s3cr3t", "functions": ["a b"]}]"#, "key 1: functions has 'a b'"),
        ])
        func aKeyFileThatCannotBeUsedEndsTheGateway(content: String, problem: String) async throws {
            let files = try TemporaryFiles()
            try await self.expectSettingError(
                ["SIGV4_KEYS_FILE": files.write(content, to: "keys.json")], "SIGV4_KEYS_FILE", problem)
        }

        @Test func filesThatAreNotThereEndTheGateway() async throws {
            let nowhere = "/nowhere/at/all"
            try await self.expectSettingError(["SIGV4_KEYS_FILE": nowhere], "SIGV4_KEYS_FILE", "cannot be read")
            try await self.expectSettingError(["TLS_KEY_FILE": nowhere], "TLS_CERTIFICATE_FILE", "not set")
            try await self.expectSettingError(["TLS_CERTIFICATE_FILE": nowhere], "TLS_KEY_FILE", "not set")
            try await self.expectSettingError(
                ["TLS_CERTIFICATE_FILE": nowhere, "TLS_KEY_FILE": nowhere], "TLS_CERTIFICATE_FILE", "cannot be read")
            let files = try TemporaryFiles()
            let certificate = try files.write(TestCertificates.server, to: "certificate.pem")
            for key in [TestCertificates.clientKey, TestCertificates.encryptedKey, "no key"] {
                try await self.expectSettingError(
                    ["TLS_CERTIFICATE_FILE": certificate, "TLS_KEY_FILE": files.write(key, to: "key.pem")], "TLS_KEY_FILE",
                    key == TestCertificates.clientKey ? "is not the key of the certificate" : "holds no PEM private key")
            }
        }

        private func expectSettingError(_ settings: [String: String], _ name: String, _ problem: String) async throws {
            let result = try await Program.run(
                ProgramEnvironment.program("lambda-gateway"), environment: settings, limit: .seconds(10))
            #expect(result.status == .exited(78))
            #expect(result.errors.hasPrefix("lambda-gateway: \(name): "), "\(result.errors)")
            #expect(result.errors.contains(problem), "\(result.errors)")
            #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
            #expect(!result.errors.contains("s3cr3t"))
        }
    }
}
