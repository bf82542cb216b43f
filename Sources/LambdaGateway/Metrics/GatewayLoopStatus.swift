import LambdaHTTP
import LambdaMetrics

/// What one loop of a gateway has to say at a moment; handed to the loop that serves the metrics.
struct GatewayLoopStatus: Sendable {
    var counts: GatewayCounts
    /// Callers that wait for an answer.
    var waitingCount: Int
    /// Replies that nobody waited for any more.
    var droppedReplyCount: Int
    var broker: BrokerStatus
    var http: HTTPServerStatistics
}
