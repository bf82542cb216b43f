package import AMQP
package import LambdaInvokeAPI
package import LambdaMetrics
package import LambdaSignature
package import NIOCore
package import NIOSSL

/// What a gateway is told.
package struct GatewayConfiguration: Sendable {
    /// The address that the Invoke API listens on.
    package var host = "0.0.0.0"
    /// Its port; 0 for any.
    package var port = 8080
    /// Open HTTP connections for each event loop.
    package var maxConnections = 10_000
    /// Bytes of request bodies that all connections of an event loop together may be putting together.
    package var maxBodyMemory = 256 * 1024 * 1024
    /// Where metrics are served; `nil`: nothing is counted.
    package var metrics: MetricsServer.Address?
    /// How long a client may send or take next to nothing in the middle of a request or an answer.
    package var clientTimeout: TimeAmount = .seconds(30)
    /// The broker.
    package var broker = AMQPConfiguration()
    /// The region in the ARNs of error texts.
    package var region = "us-east-1"
    /// The account in the ARNs of error texts.
    package var accountID = "012345678912"
    /// How long a caller waits for an answer, or for the beginning of a streamed one. The request expires in its queue
    /// after the same time.
    package var invocationTimeout: TimeAmount = .seconds(58)
    /// How long a streamed answer may take from its request to its end.
    package var streamTimeout: TimeAmount = .seconds(900)
    /// Bytes of a stream that may be on their way, or wait for the client.
    package var streamWindow = 1024 * 1024
    /// How long the broker may take to confirm an event.
    package var confirmTimeout: TimeAmount = .seconds(10)
    /// How much longer a caller who got no answer may wait to be told that nobody serves the function.
    package var explanationTimeout: TimeAmount = .milliseconds(100)
    /// Events that wait for their confirm on one loop; one more is refused.
    package var maxUnconfirmedEvents = 10_000
    /// Whether the broker confirms requests, so that a full queue is a 429 at once and not a time-out.
    package var confirmsRequests = true
    /// The keys that requests have to be signed with; `nil`: anybody may invoke every function.
    package var accessKeys: AccessKeys?
    /// The region that signatures have to be for; `nil`: any.
    package var signatureRegion: String?
    /// Certificate and key of the listener; `nil`: plain HTTP.
    package var tlsContext: NIOSSLContext?
    /// The rules of the Invoke API.
    package var api = InvokeAPIConfiguration()
    /// Functions as web sites; `nil`: none.
    package var urls: FunctionURLConfiguration?

    /// The defaults.
    package init() {}
}
