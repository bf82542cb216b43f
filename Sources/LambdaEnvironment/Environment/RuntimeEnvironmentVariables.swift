/// The environment variables that a runtime gets: the container's own without the daemon's settings and secrets, and
/// Lambda's (contract 9.1 to 9.4).
package struct RuntimeEnvironmentVariables: Sendable {
    /// The daemon's own settings, which are nobody else's business. `LOG_LEVEL` is the function's too: aws-lambda-rie
    /// passes it on.
    private static let ownNames: Set<String> = [
        "MAX_CONCURRENCY", "PRINT_REPORTS", "USE_STRUCTURED_LOGGING",
        // Switches newer runtimes to parallel polling.
        "AWS_LAMBDA_MAX_CONCURRENCY",
        // Makes Python's runtime call restore/next.
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        // The runtime's own, set for each invocation.
        "_X_AMZN_TRACE_ID",
    ]
    private static let ownPrefixes = ["AMQP_", "INVOKE_API_", "RUNTIME_API_"]

    /// The container's variables that the runtime gets, with Lambda's.
    private let common: [String: String]

    /// - Parameters:
    ///   - container: The daemon's own environment.
    ///   - function: What the function is.
    package init(container: [String: String], function: FunctionDescription) {
        // A Web Adapter image binds the application to PORT; it is the daemon's own where nothing else says on which
        // port it serves.
        let portIsOurs = container["INVOKE_API_PORT"] == nil
        var variables = container.filter { name, _ in
            !Self.isOwn(name) && !(portIsOurs && name == "PORT")
        }
        Self.setLambdaNames(&variables, function)
        Self.setDefaults(&variables, function)
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

    /// What AWS sets and an image may have set otherwise. `PATH` and `LD_LIBRARY_PATH` are not among them: outside of a
    /// Lambda image AWS's values would hide the host's programs and libraries.
    private static func setDefaults(_ variables: inout [String: String], _ function: FunctionDescription) {
        let defaults = [
            "AWS_REGION": variables["AWS_DEFAULT_REGION"] ?? function.region,
            "AWS_DEFAULT_REGION": variables["AWS_REGION"] ?? function.region,
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/\(function.name)",
            "AWS_LAMBDA_LOG_STREAM_NAME": function.version,
            "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
            "LAMBDA_TASK_ROOT": "/var/task",
            "LAMBDA_RUNTIME_DIR": "/var/runtime",
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
        ]
        variables.merge(defaults) { present, _ in present }
    }

    /// The variables of one environment's runtime, as `KEY=value`.
    ///
    /// - Parameters:
    ///   - runtimeAPIAddress: `host:port` with a literal IPv4 host, as swift-aws-lambda-runtime needs it.
    ///   - instance: The environment's number, which fadams' daemon passes as `_INSTANCE`.
    package func runtime(runtimeAPIAddress: String, instance: Int) -> [String] {
        var variables = self.common
        variables["AWS_LAMBDA_RUNTIME_API"] = runtimeAPIAddress
        variables["_INSTANCE"] = String(instance)
        return variables.map { "\($0)=\($1)" }
    }
}
