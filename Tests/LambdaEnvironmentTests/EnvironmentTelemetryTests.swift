import Foundation
import LambdaEnvironment
import LambdaProtocol
import Logging
import NIOCore
import NIOPosix
import Testing

/// Telemetry of a real environment, received by a real HTTP and a real TCP listener.
@Suite(.timeLimit(.minutes(1))) struct EnvironmentTelemetryTests {
    /// Runs invocations one after the other, each as soon as the environment is ready; used on its event loop only.
    final class Driver: ExecutionEnvironmentDelegate, @unchecked Sendable {
        let environment: ExecutionEnvironment
        private var events: [String]
        private let finished: EventLoopPromise<[InvocationOutcome]>
        private var outcomes: [InvocationOutcome] = []

        init(_ events: [String], environment: ExecutionEnvironment, finished: EventLoopPromise<[InvocationOutcome]>) {
            self.events = events
            self.environment = environment
            self.finished = finished
            environment.delegate = self
        }

        func environmentEndedInvocation(_ environment: ExecutionEnvironment) {}
        func environment(_ environment: ExecutionEnvironment, endedInitAfter duration: TimeAmount) {}
        func environment(
            _ environment: ExecutionEnvironment, became notice: EnvironmentActions<LambdaEnvironment.Invocation>.Notice
        ) {
            guard notice == .ready else { return }
            guard !self.events.isEmpty else { return self.finished.succeed(self.outcomes) }
            let event = self.events.removeFirst()
            let request = InvocationRequest(
                requestID: "id-\(self.outcomes.count)", event: ByteBuffer(string: "\"\(event)\""),
                invokedFunctionARN: "arn", traceID: "Root=1-2-3")
            environment.invoke(Invocation(request) { self.outcomes.append($0) })
        }

        func environment(_ environment: ExecutionEnvironment, failedInit failure: EnvironmentFailure) {
            // It would be tried again, and again, and the test would wait for that.
            self.finished.fail(InitFailed(failure: failure))
        }
    }

    /// What the subscriber was told, after these events; `startsInside`: init runs inside of the first invocation.
    func collected(_ events: [String], startsInside: Bool = false) async throws -> Collected {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let null = OwnedDescriptor(owning: open("/dev/null", O_WRONLY))
        let function = FunctionDescription(name: "echo")
        let configuration = EnvironmentConfiguration(
            function: function, invocationTimeout: .seconds(20), command: SubscribingRuntime.command,
            variables: RuntimeEnvironmentVariables(container: ["PATH": "/usr/bin:/bin"], function: function),
            runtimeAPIPort: 0)
        let finished = loop.makePromise(of: [InvocationOutcome].self)
        let driver = try await loop.submit {
            let environment = ExecutionEnvironment(
                index: 0, configuration: configuration, eventLoop: loop, logger: logger,
                output: LogWriter(descriptor: null.number, eventLoop: loop, logger: logger))
            let driver = Driver(events + ["collect"], environment: environment, finished: finished)
            if startsInside { driver.environment(environment, became: .ready) } else { environment.start() }
            return driver
        }.get()
        let outcomes = try await finished.futureResult.get()
        try await loop.flatSubmit { driver.environment.shutdown() }.get()
        withExtendedLifetime(null) {}
        guard case .result(let reply) = outcomes.last else { throw Missing() }
        return try Collected(json: Data(reply.body.readableBytesView))
    }

    struct Missing: Error {}

    struct InitFailed: Error {
        let failure: EnvironmentFailure
    }

    struct Collected {
        let problems: [String]
        let answers: [String]
        let http: [[String: Any]]
        let tcp: [[String: Any]]

        init(json: Data) throws {
            guard let members = try JSONSerialization.jsonObject(with: json) as? [String: Any],
                let problems = members["problems"] as? [String], let answers = members["answers"] as? [String],
                let http = members["http"] as? [[String: Any]], let tcp = members["tcp"] as? [[String: Any]]
            else { throw Missing() }
            (self.problems, self.answers, self.http, self.tcp) = (problems, answers, http, tcp)
        }
    }

    /// The events' types; lines as they are.
    func trace(_ events: [[String: Any]]) -> [String] {
        events.map { event in
            let type = event["type"] as? String ?? ""
            if let line = event["record"] as? String, !type.hasPrefix("platform") { return "\(type): \(line)" }
            let record = event["record"] as? [String: Any]
            let status = (record?["status"] ?? record?["state"]).map { " \($0)" } ?? ""
            let errorType = record?["errorType"].map { " \($0)" } ?? ""
            return type + status + errorType
        }
    }

    @Test func bothAPIsAreToldEverythingInOrder() async throws {
        let collected = try await self.collected(["print", "error"])
        #expect(collected.problems == [])
        #expect(
            self.trace(collected.http) == [
                "platform.initStart", "function: before the subscription",
                "platform.telemetrySubscription Subscribed", "platform.initRuntimeDone success",
                "platform.extension Ready", "platform.extension Ready", "platform.initReport success",
                "platform.start", "function: a line", "function: {\"json\": 1}",
                "function: a \"line\"\twith é", "function: and \u{FFFD}", "platform.runtimeDone success",
                "platform.report success", "platform.start", "platform.runtimeDone error Runtime.Broken",
                "platform.report error Runtime.Broken", "platform.start",
            ])
        #expect(
            self.trace(collected.tcp) == [
                "function: before the subscription", "platform.logsSubscription Subscribed",
                "platform.extension Ready", "platform.extension Ready", "platform.start",
                "function: a line", "function: {\"json\": 1}", "function: a \"line\"\twith é",
                "function: and \u{FFFD}", "platform.runtimeDone success", "platform.end", "platform.report",
                "platform.start", "platform.runtimeDone error", "platform.end", "platform.report", "platform.start",
            ])
    }

    @Test func anInitInsideOfAnInvocationComesBeforeItsStart() async throws {
        let collected = try await self.collected(["print"], startsInside: true)
        #expect(collected.problems == [])
        #expect(
            self.trace(collected.http).prefix(8) == [
                "platform.initStart", "function: before the subscription",
                "platform.telemetrySubscription Subscribed", "platform.initRuntimeDone success",
                "platform.extension Ready", "platform.extension Ready", "platform.initReport success", "platform.start",
            ])
        #expect((collected.http[0]["record"] as? [String: Any])?["phase"] as? String == "invoke")
    }

    @Test func reportsHaveTheirFigures() async throws {
        let collected = try await self.collected(["print"])
        let report = collected.http.first { $0["type"] as? String == "platform.report" }?["record"] as? [String: Any]
        #expect(report?["requestId"] as? String == "id-0")
        let metrics = try #require(report?["metrics"] as? [String: Any])
        let names = ["durationMs", "billedDurationMs", "memorySizeMB", "maxMemoryUsedMB", "initDurationMs"]
        #expect(Set(metrics.keys) == Set(names))
        #expect(metrics["memorySizeMB"] as? Int == 128)
        #expect(try #require(metrics["maxMemoryUsedMB"] as? Int) > 0)
        let tracing = report?["tracing"] as? [String: String]
        #expect(tracing == ["type": "X-Amzn-Trace-Id", "value": "Root=1-2-3"])
    }

    @Test func requestsAreAnsweredAsTheContractSays() async throws {
        let identifier = "7e57c0de-0000-4000-8000-00000000000a"
        func error(_ message: String, _ type: String) -> String {
            #"{"errorMessage":"\#(message)","errorType":"\#(type)"}"#
        }
        #expect(
            try await self.collected([]).answers == [
                #"200 "OK""#, #"200 "OK""#,
                "403 " + error("Unknown extension \(identifier)", "Extension.UnknownExtensionIdentifier"),
                "403 " + error("Invalid Lambda-Extension-Identifier", "Extension.InvalidExtensionIdentifier"),
                "400 " + error("destination is missing", "ValidationError"),
                "400 "
                    + error(
                        "The extension has subscribed to the other of the Telemetry API and the Logs API",
                        "Logs.ValidationError"),
                "403 "
                    + error("Telemetry API subscription is closed already", "Telemetry.SubscriptionClosed"),
            ])
    }
}
