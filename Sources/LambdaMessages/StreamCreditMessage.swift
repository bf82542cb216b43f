package import AMQP
import LambdaProtocol

/// Further credit for a stream, sent to the daemon's credit queue (design 4).
package struct StreamCreditMessage: Sendable, Equatable {
    /// Bytes that the caller takes beyond those it has allowed before.
    package var byteCount: Int
    /// The request's, which names the stream.
    package var correlationID: AMQPShortString?
    /// The request's; tells callers apart who happen to use one correlation id.
    ///
    /// May be absent.
    package var replyTo: AMQPShortString?

    /// Reads a message.
    ///
    /// - Returns: `nil` for what is no credit.
    package init?(_ properties: AMQPProperties) {
        guard let credit = InvocationHeaders(properties.headers).streamCredit, credit > 0 else { return nil }
        self.byteCount = credit
        self.correlationID = properties.correlationID
        self.replyTo = properties.replyTo
    }

    /// The headers of a message that gives so much credit.
    package static func headers(byteCount: Int) -> AMQPTable {
        [LambdaHeader.streamCredit: .int64(Int64(byteCount))]
    }
}
