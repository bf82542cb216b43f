import LambdaEnvironment
import Testing

@Suite struct RuntimeEnvironmentVariablesTests {
    func variables(_ container: [String: String], handler: String = "echo.handler") -> [String: String] {
        let function = FunctionDescription(name: "echo", handler: handler, memorySizeInMegabytes: 256)
        let variables = RuntimeEnvironmentVariables(container: container, function: function)
            .runtime(runtimeAPIAddress: "127.0.0.1:9001", instance: 2)
        return Dictionary(
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

    @Test func searchPathsAreNotInvented() {
        let variables = self.variables([:])
        #expect(variables["PATH"] == nil)
        #expect(variables["LD_LIBRARY_PATH"] == nil)
    }
}
