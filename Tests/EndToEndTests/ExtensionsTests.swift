import Foundation
import Glibc
import TestSupport
import Testing

extension EndToEnd {
    /// External and internal extensions beside a real runtime.
    @Suite struct Extensions {
        @Test func anExtensionIsToldOfInvocationsAndOfTheEnd() async throws {
            let files = try ExtensionFiles("watcher", "register:INVOKE,SHUTDOWN loop")
            try await Daemon.with(.extended, settings: files.settings) { daemon in
                let before = Date().timeIntervalSince1970
                let answer = try await daemon.post(#""event""#)
                #expect(answer.body == #""event""#)
                try await eventually("the extension is told") { !files.notes("INVOKE").isEmpty }

                let registered = try #require(files.notes("registered").first)
                #expect(registered.status == 200)
                #expect(registered.body?.functionName == daemon.name)
                #expect(registered.body?.functionVersion == "$LATEST")
                #expect(registered.body?.handler == "extended_runtime.py")
                #expect(registered.body?.accountId == "012345678912")

                let invoke = try #require(files.notes("INVOKE").first)
                #expect(invoke.body?.requestId == answer.headers["x-amzn-requestid"])
                #expect(invoke.body?.invokedFunctionArn?.hasSuffix(":function:" + daemon.name) == true)
                #expect(invoke.body?.tracing?.type == "X-Amzn-Trace-Id")
                #expect(invoke.body?.tracing?.value.hasPrefix("Root=1-") == true)
                #expect(invoke.type == "application/json")
                #expect(UUID(uuidString: invoke.event ?? "") != nil)
                let deadline = Double(try #require(invoke.body?.deadlineMs)) / 1000
                #expect((before + 3...before + 10).contains(deadline))

                let stopped = Date().timeIntervalSince1970
                daemon.program.signal(SIGTERM)
                #expect(try await daemon.program.end() == .exited(0))
                #expect(Date().timeIntervalSince1970 - stopped < 1.5)
                #expect(files.order == ["watcher INVOKE", "runtime SIGTERM", "runtime ends", "watcher SHUTDOWN"])
                let shutdown = try #require(files.notes("SHUTDOWN").first)
                #expect(shutdown.body?.shutdownReason == "spindown")
                let killed = Double(try #require(shutdown.body?.deadlineMs)) / 1000
                #expect((stopped + 1.9...stopped + 2.5).contains(killed))
            }
        }

        @Test func anApplicationOnItsOwnPortIsServedByAnAdapterThatRegistersNoEvents() async throws {
            let files = try ExtensionFiles()
            try files.add("lambda-adapter", "", script: "web_adapter.py")
            let application = Daemon.Runtime.command(["python3", "web_application.py"], in: Daemon.scripts)
            let port = ProgramPort.free()
            try await Daemon.with(application, applicationPort: port, settings: files.settings) { daemon in
                for number in 0..<3 {
                    let answer = try await daemon.post(#"{"n": \#(number)}"#)
                    #expect(answer.headers["x-amz-function-error"] == nil)
                    #expect(answer.body == #"{"statusCode": 200, "body": "/relayed {\"n\": \#(number)}"}"#)
                }
                #expect(files.order == [])
                daemon.program.signal(SIGTERM)
                #expect(try await daemon.program.end(within: .seconds(5)) == .exited(0))
            }
        }

        @Test func internalExtensionsGiveTheRuntimeTimeToEnd() async throws {
            let files = try ExtensionFiles()
            let settings = files.settings.merging(["INTERNAL_EXTENSIONS": "1", "TERM_SECONDS": "0.2"]) { $1 }
            try await Daemon.with(.extended, settings: settings) { daemon in
                let answer = try await daemon.post("1")
                #expect(answer.body == "1")
                #expect(files.notes("registered").map(\.status) == [200])
                daemon.program.signal(SIGTERM)
                #expect(try await daemon.program.end() == .exited(0))
                #expect(files.order == ["runtime SIGTERM", "runtime ends"])
            }
        }

        @Test func aRuntimeThatDoesNotEndIsKilledAfterHalfASecond() async throws {
            let files = try ExtensionFiles()
            let settings = files.settings.merging(["INTERNAL_EXTENSIONS": "1", "TERM_SECONDS": "30"]) { $1 }
            try await Daemon.with(.extended, settings: settings) { daemon in
                let answer = try await daemon.post("1")
                #expect(answer.body == "1")
                let stopped = ContinuousClock.now
                daemon.program.signal(SIGTERM)
                #expect(try await daemon.program.end() == .exited(0))
                #expect((.milliseconds(500)...(.milliseconds(1500))).contains(ContinuousClock.now - stopped))
                #expect(files.order == ["runtime SIGTERM"])
            }
        }

        @Test func withoutExtensionsTheRuntimeIsKilledAtOnce() async throws {
            let files = try ExtensionFiles()
            let settings = files.settings.merging(["TERM_SECONDS": "30"]) { $1 }
            try await Daemon.with(.extended, settings: settings) { daemon in
                let answer = try await daemon.post("1")
                #expect(answer.body == "1")
                daemon.program.signal(SIGTERM)
                #expect(try await daemon.program.end(within: .seconds(3)) == .exited(0))
                #expect(files.order == [])
            }
        }

        @Test func theEleventhInternalExtensionIsRefused() async throws {
            let files = try ExtensionFiles()
            let settings = files.settings.merging(["INTERNAL_EXTENSIONS": "11"]) { $1 }
            try await Daemon.with(.extended, settings: settings) { daemon in
                let answer = try await daemon.post("1")
                #expect(answer.body == "1")
                let registered = files.notes("registered")
                #expect(registered.map(\.status) == Array(repeating: 200, count: 10) + [403])
                #expect(registered.last?.body?.errorType == "Extension.TooManyExtensions")
                #expect(registered.last?.body?.errorMessage == "Extension limit (10) reached")
            }
        }

        @Test func elevenExternalExtensionsFailEveryInvocation() async throws {
            let files = try ExtensionFiles()
            for number in 0..<11 { try files.add("extension-\(number)", "register:none loop") }
            try await Daemon.with(.scripted, settings: files.settings) { daemon in
                let answer = try await daemon.post("1")
                #expect(answer.status == 200)
                #expect(answer.headers["x-amz-function-error"] == "Unhandled")
                #expect(answer.body.contains(#""errorType":"Extension.LaunchError""#))
                #expect(answer.body.contains("Error: Extension limit (10) reached"))
                #expect(files.notes.isEmpty)
            }
        }

        @Test func tenExternalExtensionsAreFine() async throws {
            let files = try ExtensionFiles()
            for number in 0..<10 { try files.add("extension-\(number)", "register:INVOKE loop") }
            try await Daemon.with(.scripted, settings: files.settings) { daemon in
                #expect(try await daemon.post("1").body == "1")
                try await eventually("all are told") { files.notes("INVOKE").count == 10 }
            }
        }

        @Test func requestsThatAreNotAllowedAreRefusedWithATypedError() async throws {
            let files = try ExtensionFiles("prober", "probe register:INVOKE next next sleep:60")
            try await Daemon.with(.scripted, settings: files.settings) { daemon in
                let answer = try await daemon.post("1")
                #expect(answer.body == "1")
                let probed = files.notes("probed")
                #expect(
                    probed.map { "\($0.status ?? 0) \($0.body?.errorType ?? "-")" } == [
                        "403 Extension.InvalidExtensionName", "403 InvalidRequestFormat",
                        "403 Extension.InvalidEventType", "413 RequestEntityTooLarge", "405 MethodNotAllowed",
                        "403 Extension.MissingExtensionIdentifier", "403 Extension.InvalidExtensionIdentifier",
                        "403 Extension.UnknownExtensionIdentifier", "403 Extension.MissingHeader",
                        "403 Extension.UnknownExtensionIdentifier", "404 NotFound",
                    ])
                #expect(probed.allSatisfy { $0.type == "application/json" })
            }
        }

        @Test func theFileBesideTheFolderTurnsExtensionsOff() async throws {
            let files = try ExtensionFiles("watcher", "register:INVOKE loop")
            try "".write(toFile: files.path("disable-extensions-jwigqn8j"), atomically: false, encoding: .utf8)
            let settings = files.settings.merging(["INTERNAL_EXTENSIONS": "1"]) { $1 }
            try await Daemon.with(.extended, settings: settings) { daemon in
                let answer = try await daemon.post("1")
                #expect(answer.body == "1")
                #expect(files.notes.map(\.status) == [404])
            }
        }

        @Test func extensionsGetTheFunctionsEnvironmentWithoutWhatIsTheRuntimesOwn() async throws {
            let files = try ExtensionFiles("watcher", "register:none loop")
            let more = [
                "TABLE": "t", "AWS_LAMBDA_FUNCTION_TIMEOUT": "5", "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
                "AMQP_USERNAME": "guest", "AMQP_PASSWORD": "guest",
            ]
            let broker = try ProgramEnvironment.brokerURI()
            try await Daemon.with(.extended, broker: broker, settings: files.settings.merging(more) { $1 }) { daemon in
                _ = try await daemon.post("1")
                let environment = try #require(files.notes("registered").first?.environment)
                #expect(environment["TABLE"] == "t")
                #expect(environment["_INSTANCE"] == "0")
                #expect(environment["AWS_LAMBDA_FUNCTION_NAME"] == daemon.name)
                #expect(environment["AWS_LAMBDA_RUNTIME_API"]?.hasPrefix("127.0.0.1:") == true)
                let absent = [
                    "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
                    "AWS_XRAY_CONTEXT_MISSING", "AWS_XRAY_DAEMON_ADDRESS", "_HANDLER", "LAMBDA_EXTENSIONS_DIRECTORY",
                    "AWS_LAMBDA_FUNCTION_TIMEOUT", "RUNTIME_API_PORT", "PORT", "AMQP_URI", "AMQP_USERNAME",
                    "AMQP_PASSWORD",
                ]
                #expect(absent.filter { environment[$0] != nil } == [])
            }
        }

        @Test func aKilledDaemonLeavesNoExtensionBehind() async throws {
            let files = try ExtensionFiles("watcher", "register:none loop")
            try await Daemon.with(.scripted, settings: files.settings) { daemon in
                _ = try await daemon.post("1")
                let watcher = try #require(files.notes("registered").first).pid
                #expect(Program.isRunning(watcher))
                daemon.program.signal(SIGKILL)
                try await eventually("the extension is gone", within: .seconds(3)) { !Program.isRunning(watcher) }
            }
        }
    }
}
