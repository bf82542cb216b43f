/// The environment variables that a runtime and its extensions get: the container's own without the daemon's settings
/// and secrets, and Lambda's (contract 9.1 to 9.4).
package struct RuntimeEnvironmentVariables: Sendable {
    /// The daemon's own settings, which are nobody else's business.
    ///
    /// `LOG_LEVEL` is the function's too: aws-lambda-rie passes it on.
    private static let ownNames: Set<String> = [
        "MAX_CONCURRENCY", "MIN_CONCURRENCY", "MAX_WAITING", "MAX_WAITING_SECONDS", "DRAIN_SECONDS", "CLOCK_SKEW",
        "IDEMPOTENCY_SECONDS", "REQUEST_LIMIT", "RESPONSE_LIMIT",
        "STREAMED_RESPONSE_LIMIT", "EVENT_LIMIT", "REQUIRE_JSON", "PRINT_REPORTS", "CAPTURE_LOGS",
        "USE_STRUCTURED_LOGGING", "LAMBDA_EXTENSIONS_DIRECTORY", "KUBERNETES_INIT_CONTAINER", "ENABLE_OPENFAAS",
        "FUNCTION_URL_PORT", "FUNCTION_URL_FILE", "FUNCTION_URL_TRUST_PROXY", "METRICS_HOST", "METRICS_PORT",
        "CALLER_RESERVED_CONCURRENCY", "EVENT_QUEUE_TYPE", "EVENT_RETRIES", "EVENT_RETRY_WAITS", "EVENT_MAX_AGE",
        "EVENT_ON_SUCCESS", "EVENT_ON_FAILURE",
        // Not among the variables that a function has on AWS.
        "AWS_LAMBDA_FUNCTION_HANDLER", "AWS_LAMBDA_FUNCTION_IDLETIMEOUT", "AWS_LAMBDA_FUNCTION_QUALIFIER",
        "AWS_LAMBDA_FUNCTION_TIMEOUT",
        // Switches newer runtimes to parallel polling: set only where that is wanted.
        "AWS_LAMBDA_MAX_CONCURRENCY",
        // Makes Python's runtime call restore/next.
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        // The runtime's own, set for each invocation.
        "_X_AMZN_TRACE_ID",
        // A pipe that the daemon does not open.
        "_LAMBDA_TELEMETRY_LOG_FD",
        // Of the shell that started the daemon: the path of the daemon.
        "_",
    ]
    private static let ownPrefixes = ["AMQP_", "INVOKE_API_", "RUNTIME_API_"]

    /// What extensions do not get, beside everything that begins with an underscore (contract 9.4).
    private static let runtimeOnlyNames: Set<String> = [
        "AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_XRAY_CONTEXT_MISSING",
        "AWS_XRAY_DAEMON_ADDRESS", "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT",
    ]

    /// The container's variables that the runtime gets, with Lambda's.
    private let common: [String: String]

    /// Which of AWS's runtimes the image says that it has, if it does.
    var executionEnvironment: String? { self.common["AWS_EXECUTION_ENV"] }

    /// - Parameters:
    ///   - container: The daemon's own environment.
    ///   - function: What the function is.
    ///   - maxInvocations: How many invocations a runtime may have at a time.
    package init(container: [String: String], function: FunctionDescription, maxInvocations: Int = 1) {
        // A Web Adapter image binds the application to PORT; it is the daemon's own where nothing else says on which
        // port it serves.
        let portIsOurs = container["INVOKE_API_PORT"] == nil
        var variables = container.filter { name, _ in
            !Self.isOwn(name) && !(portIsOurs && name == "PORT")
        }
        Self.setLambdaNames(&variables, function)
        Self.setDefaults(&variables, function)
        if maxInvocations > 1 { variables["AWS_LAMBDA_MAX_CONCURRENCY"] = String(maxInvocations) }
        self.common = variables
    }

    private static func isOwn(_ name: String) -> Bool {
        self.ownNames.contains(name) || self.ownPrefixes.contains { name.hasPrefix($0) }
    }

    private static func setLambdaNames(_ variables: inout [String: String], _ function: FunctionDescription) {
        variables["AWS_LAMBDA_FUNCTION_NAME"] = function.name
        variables["AWS_LAMBDA_FUNCTION_VERSION"] = function.version
        variables["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = String(function.memorySizeInMegabytes)
        variables["AWS_LAMBDA_INITIALIZATION_TYPE"] = "on-demand"
        if !function.handler.isEmpty { variables["_HANDLER"] = function.handler }
    }

    /// What AWS sets and an image may have set otherwise.
    ///
    /// Not `LD_LIBRARY_PATH`: outside of a Lambda image AWS's value would hide the host's libraries. Nor the addresses
    /// of an X-Ray daemon, which does not exist here.
    private static func setDefaults(_ variables: inout [String: String], _ function: FunctionDescription) {
        // An empty region is none, to this daemon's settings and to every SDK.
        for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] where variables[name]?.isEmpty == true {
            variables[name] = nil
        }
        let defaults = [
            "AWS_REGION": variables["AWS_DEFAULT_REGION"] ?? function.region,
            "AWS_DEFAULT_REGION": variables["AWS_REGION"] ?? function.region,
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/\(function.name)",
            "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
            "LAMBDA_TASK_ROOT": "/var/task",
            "LAMBDA_RUNTIME_DIR": "/var/runtime",
            "LANG": "en_US.UTF-8",
            "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
            "TZ": ":UTC",
        ]
        variables.merge(defaults) { present, _ in present }
    }

    /// The variables of one environment's runtime, as `KEY=value`.
    ///
    /// - Parameters:
    ///   - runtimeAPIAddress: `host:port` with a literal IPv4 host, as swift-aws-lambda-runtime needs it.
    ///   - instance: The environment's number, which fadams' daemon passes as `_INSTANCE`.
    ///   - logStreamName: The environment's own, where the container names none.
    /// - Returns: Strings in no particular order.
    package func runtime(runtimeAPIAddress: String, instance: Int, logStreamName: String) -> [String] {
        var variables = self.common
        if variables["AWS_LAMBDA_LOG_STREAM_NAME"] == nil { variables["AWS_LAMBDA_LOG_STREAM_NAME"] = logStreamName }
        return Self.list(variables, runtimeAPIAddress: runtimeAPIAddress, instance: instance)
    }

    /// The variables of one environment's external extensions: the runtime's without what is only its own
    /// (contract 9.4).
    ///
    /// - Parameters:
    ///   - runtimeAPIAddress: `host:port` with a literal IPv4 host.
    ///   - instance: The environment's number, which fadams' daemon passes to extensions, too: they offset their ports
    ///     by it.
    /// - Returns: Strings in no particular order.
    package func externalExtension(runtimeAPIAddress: String, instance: Int) -> [String] {
        let variables = self.common.filter { name, _ in
            !name.hasPrefix("_") && !Self.runtimeOnlyNames.contains(name)
        }
        return Self.list(variables, runtimeAPIAddress: runtimeAPIAddress, instance: instance)
    }

    private static func list(_ variables: [String: String], runtimeAPIAddress: String, instance: Int) -> [String] {
        var variables = variables
        variables["AWS_LAMBDA_RUNTIME_API"] = runtimeAPIAddress
        variables["_INSTANCE"] = String(instance)
        return variables.map { "\($0)=\($1)" }
    }
}
