@testable import LambdaEnvironment
import NIOCore
import NIOHTTP1
import Testing

@Suite struct TelemetrySubscriptionTests {
    func parse(
        _ json: String, _ api: TelemetryAPIVersion.API = .telemetry
    ) throws(TelemetryRequestFailure) -> TelemetrySubscription {
        try TelemetrySubscription.parse(ByteBuffer(string: json), for: api)
    }

    func body(
        types: String = #"["platform","function"]"#,
        destination: String = #"{"protocol":"HTTP","URI":"http://sandbox.localdomain:8080"}"#, rest: String = ""
    ) -> String {
        #"{"types":\#(types),"destination":\#(destination)\#(rest)}"#
    }

    @Test func whatIsLeftOutHasItsDefault() throws {
        let subscription = try self.parse(self.body())
        #expect(subscription.version == .telemetry2022)
        #expect(subscription.types == [.platform, .function])
        #expect(subscription.destination == .http(host: "sandbox.localdomain", port: 8080, target: "/"))
        #expect(subscription.buffering.maxItemCount == 10_000)
        #expect(subscription.buffering.maxByteCount == 262_144)
        #expect(subscription.buffering.timeout == .seconds(1))
    }

    @Test(arguments: [
        ("http://sandbox:4243/a/b?c=d", TelemetryDestination.http(host: "sandbox", port: 4243, target: "/a/b?c=d")),
        ("http://sandbox.localdomain", .http(host: "sandbox.localdomain", port: 80, target: "/")),
        ("HTTP://Sandbox.LocalDomain:1?q", .http(host: "sandbox.localdomain", port: 1, target: "/?q")),
        ("http://sandbox:4243/p#fragment", .http(host: "sandbox", port: 4243, target: "/p")),
    ])
    func thePathOfADestinationIsKept(_ uri: String, _ destination: TelemetryDestination) throws {
        let body = self.body(destination: #"{"protocol":"HTTP","URI":"\#(uri)"}"#)
        #expect(try self.parse(body).destination == destination)
    }

    @Test(arguments: [
        "https://sandbox.localdomain:8080", "http://localhost:8080", "http://127.0.0.1:8080", "http://example.com",
        "http://sandbox:9001", "http://sandbox:0", "http://sandbox:65536", "http://sandbox:x", "sandbox:8080", "",
        "http://sandbox:80/a b", "http://sandbox:80/\\r\\nx", "http://user@sandbox:80",
    ])
    func anotherDestinationIsRefused(_ uri: String) {
        #expect(throws: TelemetryRequestFailure.self) {
            try self.parse(self.body(destination: #"{"protocol":"HTTP","URI":"\#(uri)"}"#))
        }
    }

    @Test func tcpHasAPort() throws {
        let body = self.body(destination: #"{"protocol":"TCP","port":4000}"#)
        #expect(try self.parse(body).destination == .tcp(port: 4000))
        for port in ["9001", "0", "65536", "\"4000\"", "4000.5", "null"] {
            #expect(throws: TelemetryRequestFailure.self) {
                try self.parse(self.body(destination: #"{"protocol":"TCP","port":\#(port)}"#))
            }
        }
    }

    @Test func theLimitsOfBatchesAreChecked() throws {
        let body = self.body(rest: #","buffering":{"maxItems":1000,"maxBytes":1048576,"timeoutMs":25}"#)
        let buffering = try self.parse(body).buffering
        #expect(buffering.maxItemCount == 1000)
        #expect(buffering.maxByteCount == 1_048_576)
        #expect(buffering.timeout == .milliseconds(25))
        for bad in [
            #"{"maxItems":999}"#, #"{"maxItems":10001}"#, #"{"maxBytes":262143}"#, #"{"maxBytes":1048577}"#,
            #"{"timeoutMs":24}"#, #"{"timeoutMs":30001}"#, #"{"timeoutMs":"1000"}"#, "[]", "1",
        ] {
            #expect(throws: TelemetryRequestFailure.self) { try self.parse(self.body(rest: #","buffering":\#(bad)"#)) }
        }
    }

    @Test(arguments: ["[]", "null", #""platform""#, #"["platform","other"]"#, "[1]"])
    func typesAreChecked(_ types: String) {
        #expect(throws: TelemetryRequestFailure.self) { try self.parse(self.body(types: types)) }
    }

    @Test func aTypeNamedTwiceCountsOnce() throws {
        #expect(
            try self.parse(self.body(types: #"["extension","function","extension"]"#)).types
                == [.extension, .function])
    }

    @Test func eachAPIHasItsSchemas() throws {
        func version(_ schema: String, _ api: TelemetryAPIVersion.API) throws -> TelemetryAPIVersion {
            try self.parse(self.body(rest: #","schemaVersion":"\#(schema)""#), api).version
        }
        #expect(try self.parse(self.body(), .logs).version == .logs2020)
        #expect(try version("2020-08-15", .logs) == .logs2020)
        #expect(try version("2021-03-18", .logs) == .logs2021)
        for schema in ["2022-07-01", "2022-12-13", "2025-01-29"] {
            #expect(
                try version(schema, .telemetry) == (schema == "2022-07-01" ? .telemetry2022 : .telemetry))
            #expect(throws: TelemetryRequestFailure.self) { try version(schema, .logs) }
        }
        #expect(throws: TelemetryRequestFailure.self) { try version("2021-03-18", .telemetry) }
    }

    @Test(arguments: ["", "{", "[]", "1", #"{"types":["platform"]}"#, "{}"])
    func whatIsNoSubscriptionIsRefused(_ body: String) {
        #expect(throws: TelemetryRequestFailure.self) { try self.parse(body) }
    }

    @Test(arguments: [
        (HTTPMethod.PUT, "/2022-07-01/telemetry", TelemetryRoute?.some(.subscribe(.telemetry))),
        (.PUT, "/2020-08-15/logs", .subscribe(.logs)), (.POST, "/2020-08-15/logs", .wrongMethod),
        (.PUT, "/2020-08-15/telemetry", nil),
    ])
    func thePathsAreTheContracts(_ method: HTTPMethod, _ path: String, _ route: TelemetryRoute?) {
        #expect(TelemetryRoute(method: method, path: Substring(path)) == route)
    }
}
