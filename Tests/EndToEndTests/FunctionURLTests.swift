import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// Functions as web sites: through the gateway and the broker, and on a port of the daemon's own.
    @Suite struct FunctionURLs {
        private static let web = Daemon.Runtime.python(handler: "web_function.handler", in: Daemon.scripts)
        private let settings = ["AWS_LAMBDA_FUNCTION_TIMEOUT": "20", "PYTHONDONTWRITEBYTECODE": "1"]

        /// What `Scripts/web_client.py` has to see, whatever is between it and the function.
        private func expectWebSite(at url: String, host: String? = nil, tooLarge: String = #"413 {"Message""#) async throws {
            let client = try await Program.run(
                ProgramEnvironment.python(), [Daemon.scripts + "/web_client.py", url] + (host.map { [$0] } ?? []))
            #expect(client.status == .exited(0), "\(client.errors)")
            var seen = try JSONDecoder().decode([String: String].self, from: Data(client.output.utf8))
            #expect(seen.removeValue(forKey: "too large")?.hasPrefix(tooLarge) == true)
            for failure in ["failure", "splitting"] {
                #expect(seen.removeValue(forKey: failure)?.lowercased().contains("internal server error") == true)
            }
            #expect(
                seen == [
                    "page": "200 text/html; charset=utf-8 True", "head": "200 True 0",
                    "form": "200 <p id=seen>Hello Zoë & co</p>", "json": #"200 {"got": {"a": ["\u00e9", 1]}}"#,
                    "upload": "true", "large upload": "true", "download": "true",
                    "download type": #"application/octet-stream attachment; filename="bytes.bin""#,
                    "redirect": #"200 {"session": "s1", "theme": "dark"}"#,
                    "cookies": #"["session=s1", "theme=dark"]"#, "missing": "404 no such page",
                    "query": "a=1&a=b+c&%C3%A9=%2F", "forwarded": #"["127.0.0.1", "http", "1"]"#, "trace": "true",
                    "id": "36",
                ])
        }

        @Test func aWebSiteThroughTheGatewayByPathAndByHostName() async throws {
            let broker = try ProgramEnvironment.brokerURI()
            let name = Daemon.uniqueName()
            let files = try TemporaryFiles()
            defer { withExtendedLifetime(files) {} }
            let file = try files.write(
                #"{"urls":[{"domain":"shop.example.org","pathPrefix":"/api","stripPrefix":true,"function":"\#(name)"},"#
                    + #"{"domain":"*.old.example","function":"\#(name)","payloadFormat":"1.0"}]}"#, to: "urls.json")
            let urls = [
                "FUNCTION_URL_PREFIX": "/url", "FUNCTION_URL_DOMAIN": "lambda.localhost", "FUNCTION_URLS_FILE": file,
            ]
            try await Gateway.with(broker: broker, settings: urls) { gateway in
                try await Daemon.with(Self.web, name: name, broker: broker, settings: self.settings) { _ in
                    try await self.expectWebSite(at: "\(gateway.endpoint)/url/\(name)")
                    try await self.expectWebSite(at: gateway.endpoint, host: "\(name).lambda.localhost")
                    try await self.expectWebSite(at: gateway.endpoint + "/api", host: "shop.example.org")
                    try await self.expectWebSite(
                        at: gateway.endpoint, host: "any.old.example", tooLarge: #"413 {"message""#)
                    let nobody = try await gateway.get("/url/nobody/x")
                    #expect(nobody.status == 403)
                    #expect(nobody.headers["x-amzn-errortype"] == "AccessDeniedException")
                    #expect(nobody.body == #"{"Message":null}"#)
                    #expect(try await gateway.get("/elsewhere").status == 404)
                }
            }
        }

        @Test func theGatewaysOwnPathsComeFirstExceptOnAFunctionsDomain() async throws {
            let broker = try ProgramEnvironment.brokerURI()
            let name = Daemon.uniqueName()
            let files = try TemporaryFiles()
            defer { withExtendedLifetime(files) {} }
            let file = try files.write(
                #"{"urls":[{"function":"\#(name)"},{"domain":"shop.example.org","function":"\#(name)"}]}"#, to: "urls.json")
            try await Gateway.with(broker: broker, settings: ["FUNCTION_URLS_FILE": file]) { gateway in
                try await Daemon.with(Self.web, name: name, broker: broker, settings: self.settings) { _ in
                    #expect(try await gateway.get("/health").body == #"{"status":"ok"}"#)
                    let event = #"{"version":"2.0","rawQueryString":"","headers":{},"isBase64Encoded":false,"#
                        + #""requestContext":{"http":{"method":"GET","path":"/cookies"}}}"#
                    let invoked = try await gateway.post(event, to: name)
                    #expect(invoked.body.contains(#""statusCode": 200"#))
                    #expect(try await gateway.get("/cookies").body == "{}")
                    let own = try await HTTPAnswer.of(
                        gateway.endpoint + "/health", options: ["-H", "Host: shop.example.org"])
                    #expect(own.status == 404)
                    #expect(own.body == "no such page")
                }
            }
        }

        @Test(arguments: ["2.0", "1.0"])
        func theDaemonIsAWebSiteWithoutABroker(format: String) async throws {
            let files = try TemporaryFiles()
            defer { withExtendedLifetime(files) {} }
            let file = try files.write(#"{"payloadFormat":"\#(format)"}"#, to: "url.json")
            let port = ProgramPort.free()
            let settings = self.settings.merging(
                ["FUNCTION_URL_PORT": String(port), "FUNCTION_URL_FILE": file]) { $1 }
            try await Daemon.with(Self.web, settings: settings) { daemon in
                let tooLarge = format == "2.0" ? #"413 {"Message""# : #"413 {"message""#
                try await self.expectWebSite(at: "http://127.0.0.1:\(port)", tooLarge: tooLarge)
                // The Invoke API has its own port.
                let path = "/2015-03-31/functions/\(daemon.name)/invocations"
                #expect(try await HTTPAnswer.of("http://127.0.0.1:\(port)\(path)").body == "no such page")
            }
        }

        @Test func aScriptOfAnotherOriginMayDoWhatTheFileSays() async throws {
            let files = try TemporaryFiles()
            defer { withExtendedLifetime(files) {} }
            let file = try files.write(
                #"{"cors":{"AllowOrigins":["https://app.example"],"AllowMethods":["PUT"],"AllowHeaders":["X-Own"],"#
                    + #""AllowCredentials":true,"MaxAge":60}}"#, to: "url.json")
            let port = ProgramPort.free()
            let settings = self.settings.merging(
                ["FUNCTION_URL_PORT": String(port), "FUNCTION_URL_FILE": file]) { $1 }
            try await Daemon.with(Self.web, settings: settings) { _ in
                let origin = ["-H", "Origin: https://app.example"]
                let preflight = try await HTTPAnswer.of(
                    "http://127.0.0.1:\(port)/raw",
                    options: origin + [
                        "-XOPTIONS", "-H", "Access-Control-Request-Method: PUT", "-H",
                        "Access-Control-Request-Headers: x-own",
                    ])
                #expect(preflight.status == 200)
                #expect(preflight.headers["access-control-allow-origin"] == "https://app.example")
                #expect(preflight.headers["access-control-allow-methods"] == "PUT")
                #expect(preflight.headers["access-control-allow-headers"] == "x-own")
                #expect(preflight.headers["access-control-max-age"] == "60")
                let failed = try await HTTPAnswer.of("http://127.0.0.1:\(port)/fails", options: origin)
                #expect(failed.status == 502)
                #expect(failed.body == "Internal Server Error")
                #expect(failed.headers["access-control-allow-origin"] == "https://app.example")
                #expect(failed.headers["access-control-allow-credentials"] == "true")
                let other = try await HTTPAnswer.of(
                    "http://127.0.0.1:\(port)/", options: ["-H", "Origin: https://other.example"])
                #expect(other.status == 200)
                #expect(other.headers["access-control-allow-origin"] == nil)
            }
        }

        @Test func aReverseProxysWordCountsWhereTheSettingsSaySo() async throws {
            let port = ProgramPort.free()
            let settings = self.settings.merging(
                ["FUNCTION_URL_PORT": String(port), "FUNCTION_URL_TRUST_PROXY": "true"]) { $1 }
            try await Daemon.with(Self.web, settings: settings) { _ in
                let answer = try await HTTPAnswer.of(
                    "http://127.0.0.1:\(port)/environ",
                    options: ["-H", "X-Forwarded-For: 203.0.113.7", "-H", "X-Forwarded-Proto: https"])
                #expect(answer.body.contains(#""HTTP_X_FORWARDED_FOR": "203.0.113.7, 127.0.0.1""#))
                #expect(answer.body.contains(#""HTTP_X_FORWARDED_PROTO": "https""#))
            }
        }

        @Test func aURLOfAWSIAMTakesWhatBotocoreSigns() async throws {
            let broker = try ProgramEnvironment.brokerURI()
            let name = Daemon.uniqueName()
            let files = try TemporaryFiles()
            defer { withExtendedLifetime(files) {} }
            let keys = try files.write(
                #"[{"accessKeyId":"AKIDONE","secretAccessKey":"secret one","accountId":"123456789012","functions":["\#(name)"]},"#
                    + #"{"accessKeyId":"AKIDTWO","secretAccessKey":"secret two","functions":["other"]}]"#, to: "keys.json")
            let file = try files.write(
                #"{"urls":[{"pathPrefix":"/w","stripPrefix":true,"function":"\#(name)","authType":"AWS_IAM"}]}"#,
                to: "urls.json")
            let settings = ["FUNCTION_URLS_FILE": file, "SIGV4_KEYS_FILE": keys]
            try await Gateway.with(broker: broker, settings: settings) { gateway in
                try await Daemon.with(Self.web, name: name, broker: broker, settings: self.settings) { _ in
                    let url = gateway.endpoint + "/w/json"
                    #expect(try await self.signed(url, "AKIDONE", "secret one") == #"200 {"got": {"a": "\u00e9"}}"#)
                    let seen = try await self.signed(gateway.endpoint + "/w/environ", "AKIDONE", "secret one", method: "GET")
                    #expect(seen.hasPrefix("200") && !seen.contains("HTTP_AUTHORIZATION"))
                    #expect(try await self.signed(url, "AKIDONE", "wrong").hasPrefix(#"403 {"message":"The request signature"#))
                    #expect(try await self.signed(url, "AKIDTWO", "secret two").hasPrefix(#"403 {"Message":"Forbidden."#))
                    let unsigned = try await HTTPAnswer.of(url, options: ["-d", "{}"])
                    #expect(unsigned.status == 403)
                    #expect(unsigned.body.hasPrefix(#"{"Message":"Forbidden. For troubleshooting Function URL"#))
                }
            }
            // Without keys nobody could be told from anybody.
            try await self.expectExit(
                "lambda-gateway", ["FUNCTION_URLS_FILE": file],
                naming: ["FUNCTION_URLS_FILE", "urls[0].authType", "SIGV4_KEYS_FILE"])
        }

        /// Signs and sends with botocore and urllib: status and body.
        private func signed(_ url: String, _ key: String, _ secret: String, method: String = "POST") async throws -> String {
            let client = try await Program.run(
                ProgramEnvironment.python(), [Daemon.scripts + "/signed_request.py", method, url, key, secret])
            #expect(client.status == .exited(0), "\(client.errors)")
            return client.output.trimmingCharacters(in: .whitespacesAndNewlines)
        }

        // MARK: Streams

        private let prelude = "prelude=%7B%22statusCode%22%3A201%2C%22headers%22%3A%7B%22Content-Type%22%3A%22text%2Fplain"
            + "%22%2C%22X-A%22%3A%221%22%7D%2C%22cookies%22%3A%5B%22a%3D1%22%5D%7D"

        @Test func aStreamThroughTheGatewayHasItsPreludesStatusAndComesAsItIsMade() async throws {
            let broker = try ProgramEnvironment.brokerURI()
            let name = Daemon.uniqueName()
            let files = try TemporaryFiles()
            defer { withExtendedLifetime(files) {} }
            let file = try files.write(
                #"{"urls":[{"pathPrefix":"/s","function":"\#(name)","invokeMode":"RESPONSE_STREAM"},"#
                    + #"{"pathPrefix":"/b","function":"\#(name)"}]}"#, to: "urls.json")
            try await Gateway.with(broker: broker, settings: ["FUNCTION_URLS_FILE": file]) { gateway in
                try await Daemon.with(
                    Streaming.runtime, name: name, broker: broker, settings: ["AWS_LAMBDA_FUNCTION_TIMEOUT": "20"]
                ) { _ in
                    try await self.expectStream(at: gateway.endpoint + "/s")
                    // A URL that takes answers whole collects the stream, and knows its prelude.
                    let buffered = try await HTTPAnswer.of("\(gateway.endpoint)/b?chunks=3&size=2&\(self.prelude)")
                    #expect(buffered.status == 201)
                    #expect(buffered.headers["content-length"] == "6")
                    #expect(buffered.headers["x-a"] == "1")
                    #expect(buffered.body == "AABBCC")
                }
            }
        }

        @Test func aStreamOfTheDaemonsOwnPort() async throws {
            let files = try TemporaryFiles()
            defer { withExtendedLifetime(files) {} }
            let file = try files.write(#"{"invokeMode":"RESPONSE_STREAM"}"#, to: "url.json")
            let port = ProgramPort.free()
            let settings = [
                "AWS_LAMBDA_FUNCTION_TIMEOUT": "20", "FUNCTION_URL_PORT": String(port), "FUNCTION_URL_FILE": file,
            ]
            try await Daemon.with(Streaming.runtime, settings: settings) { daemon in
                try await self.expectStream(at: "http://127.0.0.1:\(port)")
                // One that runs is finished before the daemon ends.
                let curl = try Program(
                    "curl", ["--silent", "--no-buffer", "http://127.0.0.1:\(port)/?chunks=5&size=10&pause_ms=200"])
                try await eventually("the stream has begun") { curl.output.contains("AAAAAAAAAA") }
                daemon.program.signal(SIGTERM)
                #expect(try await curl.end() == .exited(0))
                #expect(curl.output.hasSuffix("EEEEEEEEEE"))
                #expect(try await daemon.program.end() == .exited(0))
            }
        }

        private func expectStream(at url: String) async throws {
            let answer = try await HTTPAnswer.of("\(url)/?chunks=3&size=2&\(self.prelude)")
            #expect(answer.status == 201)
            #expect(answer.headers["content-type"] == "text/plain")
            #expect(answer.headers["x-a"] == "1")
            #expect(answer.headers["set-cookie"] == "a=1")
            #expect(answer.headers["transfer-encoding"] == "chunked")
            #expect(answer.headers["x-amzn-requestid"]?.count == 36)
            #expect(answer.body == "AABBCC")

            // The first chunk is there while the function still makes the next.
            let slow = try Program(
                "curl", ["--silent", "--no-buffer", "--max-time", "2", "\(url)/?chunks=2&size=4&pause_ms=10000"])
            #expect(try await slow.end() == .exited(28))
            #expect(slow.output == "AAAA")

            // An error in mid-stream: no last chunk, which curl calls a partial file, or a failure to receive.
            let failed = try await Program.run("curl", ["--silent", "\(url)/?chunks=2&size=4&fail=trailer"])
            #expect([.exited(18), .exited(56)].contains(failed.status), "\(failed)")
            #expect(failed.output == "AAAABBBB")

            // One before the first byte is an answer.
            let refused = try await HTTPAnswer.of("\(url)/?chunks=0&size=0&fail=trailer&type=application/vnd.awslambda.http-integration-response")
            #expect(refused.status == 502)
            #expect(refused.body == "Internal Server Error")

            // Swift's client gives every stream the content type of a prelude.
            let bare = try await HTTPAnswer.of(
                "\(url)/?chunks=2&size=2&type=application/vnd.awslambda.http-integration-response")
            #expect(bare.status == 200)
            #expect(bare.body == "AABB")
        }

        // MARK: Settings

        @Test(arguments: [
            ("FUNCTION_URLS_FILE", #"{"urls":[{"function":"a","pathprefix":"/"}]}"#, "urls[0].pathprefix"),
            ("FUNCTION_URLS_FILE", #"{"urls":[{"function":"a","cors":{"MaxAge":-1}}]}"#, "urls[0].cors.MaxAge"),
            ("FUNCTION_URLS_FILE", #"{"urls":["#, "not JSON"),
        ])
        func aFileWithAMistakeEndsTheGatewayWith78AndNamesThePlace(setting: String, text: String, place: String) async throws {
            let files = try TemporaryFiles()
            defer { withExtendedLifetime(files) {} }
            let file = try files.write(text, to: "urls.json")
            try await self.expectExit("lambda-gateway", [setting: file], naming: [setting, place])
        }

        @Test func settingsWithAMistakeEndTheProgramsWith78() async throws {
            let files = try TemporaryFiles()
            defer { withExtendedLifetime(files) {} }
            let file = try files.write(#"{"urls":[{"function":"a","pathPrefix":"/url"}]}"#, to: "urls.json")
            let iam = try files.write(#"{"authType":"AWS_IAM"}"#, to: "url.json")
            for (program, settings, words) in [
                ("lambda-gateway", ["FUNCTION_URL_PREFIX": "url"], ["FUNCTION_URL_PREFIX", "'url'"]),
                ("lambda-gateway", ["FUNCTION_URL_DOMAIN": "a b"], ["FUNCTION_URL_DOMAIN", "'a b'"]),
                ("lambda-gateway", ["FUNCTION_URLS_FILE": "/nowhere"], ["FUNCTION_URLS_FILE", "/nowhere"]),
                (
                    "lambda-gateway", ["FUNCTION_URLS_FILE": file, "FUNCTION_URL_PREFIX": "/url"],
                    ["FUNCTION_URL_PREFIX", "FUNCTION_URLS_FILE"]
                ),
                ("lambda-gateway", ["FUNCTION_URL_TRUST_PROXY": "maybe"], ["FUNCTION_URL_TRUST_PROXY"]),
                ("lambda-runtime-api-daemon", ["FUNCTION_URL_PORT": "0"], ["FUNCTION_URL_PORT"]),
                ("lambda-runtime-api-daemon", ["FUNCTION_URL_FILE": file], ["FUNCTION_URL_FILE", "urls"]),
                ("lambda-runtime-api-daemon", ["FUNCTION_URL_FILE": iam], ["FUNCTION_URL_FILE", "authType"]),
            ] {
                try await self.expectExit(program, settings, naming: words)
            }
        }

        private func expectExit(_ program: String, _ settings: [String: String], naming words: [String]) async throws {
            let arguments = program == "lambda-gateway" ? [] : ["true"]
            let result = try await Program(
                ProgramEnvironment.program(program), arguments, environment: settings).result()
            #expect(result.status == .exited(78), "\(settings)")
            #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
            for word in words { #expect(result.errors.contains(word), "\(result.errors)") }
        }
    }
}
