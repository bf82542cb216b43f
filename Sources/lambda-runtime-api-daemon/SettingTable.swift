import LambdaProgram

/// The environment variables that the daemon reads: one list for `--help` and for the README, which a test compares.
enum SettingTable {
    typealias Row = SettingRow

    static let rows: [Row] = [
        Row(name: "AWS_LAMBDA_FUNCTION_NAME", fallback: "from the handler", meaning: "the function's name, and its queue's"),
        Row(name: "AWS_LAMBDA_FUNCTION_VERSION", fallback: "$LATEST", meaning: "the version that the runtime is told"),
        Row(name: "AWS_LAMBDA_FUNCTION_QUALIFIER", fallback: "none", meaning: "serve name:QUALIFIER, from a queue of that name"),
        Row(name: "AWS_LAMBDA_FUNCTION_HANDLER", fallback: "the command's last word", meaning: "the handler; _HANDLER does as well"),
        Row(name: "AWS_LAMBDA_FUNCTION_TIMEOUT", fallback: "3", meaning: "seconds that an invocation may take"),
        Row(name: "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", fallback: "3008", meaning: "MB that the runtime is told; not enforced"),
        Row(name: "AWS_LAMBDA_FUNCTION_IDLETIMEOUT", fallback: "1800", meaning: "seconds after which an idle runtime is stopped; 0: never"),
        Row(name: "LAMBDA_EXTENSIONS_DIRECTORY", fallback: "/opt/extensions", meaning: "the folder of the external extensions"),
        Row(name: "AWS_REGION", fallback: "us-east-1", meaning: "the region in the function's ARN; AWS_DEFAULT_REGION does as well"),
        Row(name: "MAX_CONCURRENCY", fallback: "1", meaning: "runtime processes at most, started on demand"),
        Row(name: "AWS_LAMBDA_MAX_CONCURRENCY", fallback: "1", meaning: "invocations at a time in one runtime process, which keeps as many /next open"),
        Row(name: "MIN_CONCURRENCY", fallback: "0", meaning: "runtime processes started at once, and kept when idle"),
        Row(name: "CALLER_RESERVED_CONCURRENCY", fallback: "0", meaning: "runtime processes that events never take"),
        Row(name: "MAX_WAITING", fallback: "1000", meaning: "invocations that may wait while all runtimes are busy; further ones are refused with 429"),
        Row(name: "MAX_WAITING_SECONDS", fallback: "60", meaning: "how long one may wait before it is refused with 429"),
        Row(name: "REQUEST_LIMIT", fallback: "6291456", meaning: "bytes of an event whose caller waits"),
        Row(name: "RESPONSE_LIMIT", fallback: "6291556", meaning: "bytes of a response"),
        Row(name: "STREAMED_RESPONSE_LIMIT", fallback: "209715200", meaning: "bytes of a response that its caller takes as a stream"),
        Row(name: "EVENT_LIMIT", fallback: "1048576", meaning: "bytes of an event that nobody waits for"),
        Row(name: "REQUIRE_JSON", fallback: "true", meaning: "refuse events that are not JSON; false: the function takes any bytes"),
        Row(name: "INVOKE_API_HOST", fallback: "0.0.0.0", meaning: "the address that the Invoke API listens on"),
        Row(name: "INVOKE_API_PORT", fallback: "PORT", meaning: "its port; where set, PORT is left to the function"),
        Row(name: "PORT", fallback: "8080", meaning: "the Invoke API's port where INVOKE_API_PORT is not set"),
        Row(name: "RUNTIME_API_HOST", fallback: "127.0.0.1", meaning: "the IPv4 address that the Runtime API listens on"),
        Row(name: "RUNTIME_API_PORT", fallback: "9001", meaning: "the Runtime API's port for the first runtime; others get a free one"),
        Row(name: "AMQP_URI", fallback: "none: HTTP only", meaning: "the RabbitMQ to consume from; or AMQP_URI_FILE"),
        Row(name: "AMQP_USERNAME", fallback: "from AMQP_URI", meaning: "the user, where the URI has none; or AMQP_USERNAME_FILE"),
        Row(name: "AMQP_PASSWORD", fallback: "from AMQP_URI", meaning: "the password, where the URI has none; or AMQP_PASSWORD_FILE"),
        Row(name: "AMQP_LOOKAHEAD", fallback: "adaptive", meaning: "messages held ready beyond those that run, for each runtime process; 0: none"),
        Row(name: "AMQP_CONSUMER_PRIORITY", fallback: "0", meaning: "of several daemons, those with a higher number have messages first"),
        Row(name: "FUNCTION_URL_PORT", fallback: "none", meaning: "serve the function as a web site, on this port of INVOKE_API_HOST"),
        Row(name: "FUNCTION_URL_FILE", fallback: "none", meaning: "a JSON file that says how: payloadFormat, invokeMode, cors"),
        Row(name: "FUNCTION_URL_TRUST_PROXY", fallback: "false", meaning: "believe the X-Forwarded- fields of its requests: there is a reverse proxy in front"),
        Row(name: "ENABLE_OPENFAAS", fallback: "false", meaning: "serve /, /_/health and /_/ready as OpenFaaS's watchdog does"),
        Row(name: "EVENT_QUEUE_TYPE", fallback: "quorum", meaning: "what the queues for events are: quorum or classic; none: events run once, as they come"),
        Row(name: "EVENT_RETRIES", fallback: "2", meaning: "how often an event that fails is tried again, 0 to 2"),
        Row(name: "EVENT_RETRY_WAITS", fallback: "60,120", meaning: "seconds before the first and the second retry"),
        Row(name: "EVENT_MAX_AGE", fallback: "21600", meaning: "seconds after which an event is given up"),
        Row(name: "EVENT_ON_SUCCESS", fallback: "none", meaning: "QUEUE or EXCHANGE/ROUTING-KEY for the records of events that succeed"),
        Row(name: "EVENT_ON_FAILURE", fallback: "none", meaning: "the same for those that fail for good, beside the dead letters"),
        Row(name: "METRICS_HOST", fallback: "0.0.0.0", meaning: "the address that metrics are served on"),
        Row(name: "METRICS_PORT", fallback: "none: no metrics", meaning: "the port of /metrics, for Prometheus"),
        Row(name: "KUBERNETES_INIT_CONTAINER", fallback: "not set", meaning: "where set: copy this program into /tmp and end"),
        Row(name: "PRINT_REPORTS", fallback: "true", meaning: "print START, END and REPORT lines"),
        Row(name: "CAPTURE_LOGS", fallback: "true", meaning: "read what the function prints, for log tails and telemetry; false: it shares the daemon's own output"),
        Row(name: "AWS_LAMBDA_LOG_FORMAT", fallback: "Text", meaning: "Text or JSON: the form of reports; the function is told, too"),
        Row(name: "USE_STRUCTURED_LOGGING", fallback: "false", meaning: "print reports and the daemon's log as JSON"),
        Row(name: "LOG_LEVEL", fallback: "info", meaning: "trace, debug, info, warn, error"),
    ]

    static var text: String { SettingRow.text(self.rows) }
}
