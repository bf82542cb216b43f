import LambdaProgram

/// The environment variables that the gateway reads: one list for `--help` and for the README, which a test compares.
enum SettingTable {
    typealias Row = SettingRow

    static let rows: [Row] = [
        Row(name: "INVOKE_API_HOST", fallback: "0.0.0.0", meaning: "the address that the Invoke API listens on"),
        Row(name: "PORT", fallback: "8080", meaning: "its port"),
        Row(name: "AMQP_URI", fallback: "amqp://localhost", meaning: "the RabbitMQ to publish to; or AMQP_URI_FILE"),
        Row(name: "AMQP_USERNAME", fallback: "from AMQP_URI", meaning: "the user, where the URI has none; or AMQP_USERNAME_FILE"),
        Row(name: "AMQP_PASSWORD", fallback: "from AMQP_URI", meaning: "the password, where the URI has none; or AMQP_PASSWORD_FILE"),
        Row(name: "SIGV4_KEYS_FILE", fallback: "none: no authentication", meaning: "the keys that requests must be signed with, and what each may invoke; read again when it changes, and on SIGHUP"),
        Row(name: "TLS_CERTIFICATE_FILE", fallback: "none: plain HTTP", meaning: "the listener's certificate chain, as PEM; read again when it changes, and on SIGHUP"),
        Row(name: "TLS_KEY_FILE", fallback: "none: plain HTTP", meaning: "its private key, as PEM without a pass phrase"),
        Row(name: "INVOKE_TIMEOUT", fallback: "58", meaning: "seconds until a caller is told that no answer came"),
        Row(name: "STREAM_TIMEOUT", fallback: "900", meaning: "seconds that a streamed answer may take altogether"),
        Row(name: "PUBLISHER_CONFIRMS", fallback: "true", meaning: "have requests confirmed, so that a full queue is a 429 at once; false: a time-out, for less work of the broker"),
        Row(name: "REQUEST_LIMIT", fallback: "6291456", meaning: "bytes of an event whose caller waits; the daemons have theirs"),
        Row(name: "EVENT_LIMIT", fallback: "1048576", meaning: "bytes of an event that nobody waits for"),
        Row(name: "REQUIRE_JSON", fallback: "true", meaning: "refuse events that are not JSON, as AWS does"),
        Row(name: "FUNCTION_URLS_FILE", fallback: "none", meaning: "a JSON file of function URLs: domains and path prefixes, and the functions that they lead to"),
        Row(name: "FUNCTION_URL_PREFIX", fallback: "none", meaning: "such as /url: every function is served below /url/NAME"),
        Row(name: "FUNCTION_URL_DOMAIN", fallback: "none", meaning: "such as lambda.localhost: every function is served at NAME.lambda.localhost"),
        Row(name: "FUNCTION_URL_TRUST_PROXY", fallback: "false", meaning: "believe the X-Forwarded- fields of function URLs' requests: there is a reverse proxy in front"),
        Row(name: "EVENT_LOOPS", fallback: "one a processor, 4 at most", meaning: "threads, each with a listener, a broker connection and a reply queue"),
        Row(name: "MAX_CONNECTIONS", fallback: "10000", meaning: "HTTP connections open at a time, for each event loop"),
        Row(name: "MAX_BODY_MEMORY", fallback: "268435456", meaning: "bytes of request bodies that are on their way in at a time, for each event loop; over it: 503"),
        Row(name: "METRICS_HOST", fallback: "0.0.0.0", meaning: "the address that metrics are served on"),
        Row(name: "METRICS_PORT", fallback: "none: no metrics", meaning: "the port of /metrics, for Prometheus"),
        Row(name: "CLIENT_TIMEOUT", fallback: "30", meaning: "seconds that a client may send or take next to nothing in the middle of a request or an answer"),
        Row(name: "AWS_REGION", fallback: "us-east-1", meaning: "the region in the ARNs of error messages, and where it is set the one that signatures must be for; AWS_DEFAULT_REGION does as well"),
        Row(name: "USE_STRUCTURED_LOGGING", fallback: "false", meaning: "print the log as JSON"),
        Row(name: "LOG_LEVEL", fallback: "info", meaning: "trace, debug, info, warn, error"),
    ]

    static var text: String { SettingRow.text(self.rows) }
}
