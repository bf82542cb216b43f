@testable import LambdaEnvironment
import LambdaProtocol
import Testing

@Suite struct RuntimeEnvironmentVariablesTests {
    func variables(_ container: [String: String], handler: String = "echo.handler") -> [String: String] {
        self.dictionary(
            self.all(container, handler: handler)
                .runtime(runtimeAPIAddress: "127.0.0.1:9001", instance: 2, logStreamName: "2026/11/21/[$LATEST]ab"))
    }

    func extensionVariables(_ container: [String: String]) -> [String: String] {
        self.dictionary(self.all(container).externalExtension(runtimeAPIAddress: "127.0.0.1:9001", instance: 2))
    }

    func all(_ container: [String: String], handler: String = "echo.handler") -> RuntimeEnvironmentVariables {
        RuntimeEnvironmentVariables(
            container: container,
            function: FunctionDescription(name: "echo", handler: handler, memorySizeInMegabytes: 256))
    }

    func dictionary(_ variables: [String]) -> [String: String] {
        Dictionary(
            uniqueKeysWithValues: variables.map { variable in
                let parts = variable.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (String(parts[0]), String(parts[1]))
            })
    }

    @Test func theDaemonsSettingsAndSecretsAreTakenAway() {
        let variables = self.variables([
            "AMQP_URI": "amqp://u:p@h", "AMQP_PASSWORD": "p", "AMQP_PASSWORD_FILE": "/run/p", "INVOKE_API_HOST": "::",
            "RUNTIME_API_PORT": "9001", "MAX_CONCURRENCY": "4", "PRINT_REPORTS": "false",
            "AWS_LAMBDA_MAX_CONCURRENCY": "9", "TABLE": "t", "LOG_LEVEL": "debug",
        ])
        for name in variables.keys {
            #expect(!name.hasPrefix("AMQP_") && !name.hasPrefix("INVOKE_API_") && !name.hasPrefix("RUNTIME_API_"))
        }
        #expect(variables["MAX_CONCURRENCY"] == nil)
        #expect(variables["PRINT_REPORTS"] == nil)
        #expect(variables["AWS_LAMBDA_MAX_CONCURRENCY"] == nil)
        #expect(variables["TABLE"] == "t")
        #expect(variables["LOG_LEVEL"] == "debug")
    }

    @Test func portIsTheApplicationsWhereTheDaemonHasAnother() {
        #expect(self.variables(["PORT": "8080"])["PORT"] == nil)
        #expect(self.variables(["PORT": "8000", "INVOKE_API_PORT": "8080"])["PORT"] == "8000")
    }

    @Test func lambdasNamesAreSet() {
        let variables = self.variables([:])
        #expect(variables["AWS_LAMBDA_RUNTIME_API"] == "127.0.0.1:9001")
        #expect(variables["AWS_LAMBDA_FUNCTION_NAME"] == "echo")
        #expect(variables["AWS_LAMBDA_FUNCTION_VERSION"] == "$LATEST")
        #expect(variables["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256")
        #expect(variables["AWS_LAMBDA_INITIALIZATION_TYPE"] == "on-demand")
        #expect(variables["_HANDLER"] == "echo.handler")
        #expect(variables["_INSTANCE"] == "2")
        #expect(variables["TZ"] == ":UTC")
    }

    @Test func whatTheImageSetsStays() {
        let variables = self.variables(["TZ": "Europe/Berlin", "LANG": "C", "AWS_REGION": "eu-west-1"])
        #expect(variables["TZ"] == "Europe/Berlin")
        #expect(variables["LANG"] == "C")
        #expect(variables["AWS_DEFAULT_REGION"] == "eu-west-1")
    }

    @Test func thereIsAPathButTheHostsLibrariesAreNotHidden() {
        #expect(self.variables([:])["PATH"] == "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin")
        #expect(self.variables(["PATH": "/bin"])["PATH"] == "/bin")
        #expect(self.variables([:])["LD_LIBRARY_PATH"] == nil)
    }

    @Test func anEmptyRegionIsNone() {
        let variables = self.variables(["AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-west-1"])
        #expect(variables["AWS_REGION"] == "eu-west-1")
        #expect(self.variables(["AWS_REGION": ""])["AWS_DEFAULT_REGION"] == "us-east-1")
    }

    @Test func theLogStreamIsTheEnvironmentsOwnUnlessTheContainerNamesOne() {
        #expect(self.variables([:])["AWS_LAMBDA_LOG_STREAM_NAME"] == "2026/11/21/[$LATEST]ab")
        let name = "AWS_LAMBDA_LOG_STREAM_NAME"
        #expect(self.variables([name: "mine"])[name] == "mine")
        let made = LogStreamName.make(
            version: "7", now: .init(millisecondsSinceEpoch: 1_700_000_000_000),
            requestID: "01234567-89ab-cdef-0123-456789abcdef")
        #expect(made == "2023/11/14/[7]0123456789abcdef0123456789abcdef")
    }

    @Test func everySettingOfTheDaemonIsTakenAwayFromExtensionsToo() {
        let settings = [
            "AMQP_URI", "AMQP_URI_FILE", "AMQP_USERNAME", "AMQP_PASSWORD", "AMQP_LOOKAHEAD", "MAX_CONCURRENCY",
            "MIN_CONCURRENCY", "STREAMED_RESPONSE_LIMIT", "KUBERNETES_INIT_CONTAINER", "CAPTURE_LOGS",
            "PRINT_REPORTS", "USE_STRUCTURED_LOGGING", "LAMBDA_EXTENSIONS_DIRECTORY", "INVOKE_API_HOST",
            "INVOKE_API_PORT", "RUNTIME_API_HOST", "RUNTIME_API_PORT", "AWS_LAMBDA_FUNCTION_TIMEOUT",
            "AWS_LAMBDA_FUNCTION_IDLETIMEOUT", "AWS_LAMBDA_FUNCTION_QUALIFIER", "AWS_LAMBDA_FUNCTION_HANDLER",
            "AWS_LAMBDA_MAX_CONCURRENCY", "_X_AMZN_TRACE_ID", "_", "CALLER_RESERVED_CONCURRENCY",
            "EVENT_QUEUE_TYPE", "EVENT_RETRIES", "EVENT_RETRY_WAITS", "EVENT_MAX_AGE", "EVENT_ON_SUCCESS",
            "EVENT_ON_FAILURE",
        ]
        let container = Dictionary(uniqueKeysWithValues: settings.map { ($0, "1") })
        for variables in [self.variables(container), self.extensionVariables(container)] {
            #expect(settings.filter { variables[$0] != nil } == [])
        }
    }

    @Test func extensionsGetTheSameWithoutWhatIsTheRuntimesOwn() {
        let container = [
            "TABLE": "t", "AWS_SESSION_TOKEN": "s", "AWS_EXECUTION_ENV": "AWS_Lambda_Image", "_PRIVATE": "p",
            "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000", "PORT": "8000", "INVOKE_API_PORT": "8080",
        ]
        let runtime = self.variables(container)
        let variables = self.extensionVariables(container)
        #expect(
            Set(runtime.keys).subtracting(variables.keys) == [
                "AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
                "AWS_XRAY_CONTEXT_MISSING", "AWS_XRAY_DAEMON_ADDRESS", "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT",
                "_HANDLER", "_PRIVATE",
            ])
        for (name, value) in variables { #expect(runtime[name] == value) }
        // They offset their ports by it where there are several environments.
        #expect(variables["_INSTANCE"] == "2")
        #expect(variables["PORT"] == "8000")
        #expect(variables["AWS_LAMBDA_RUNTIME_API"] == "127.0.0.1:9001")
    }
}
