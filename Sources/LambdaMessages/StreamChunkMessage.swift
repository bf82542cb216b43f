package import AMQP
package import LambdaProtocol
package import NIOCore

/// A chunk of a streamed answer as an AMQP message (design 4).
package struct StreamChunkMessage: Sendable {
    package var properties: AMQPProperties
    package var body: ByteBuffer

    /// - Parameters:
    ///   - bytes: The chunk.
    ///   - sequence: Its number, from 0.
    ///   - head: Of the answer.
    ///   - attempt: Attempts at the invocation that were made before.
    ///   - correlationID: The caller's own id.
    ///   - creditQueue: Where the caller sends further credit.
    package init(
        _ bytes: ByteBuffer, sequence: Int, head: ResponseHead?, attempt: Int, correlationID: AMQPShortString?,
        creditQueue: AMQPShortString
    ) {
        self.body = bytes
        self.properties = AMQPProperties(
            contentType: head?.contentType.flatMap { ReplyMessage.contentType($0) },
            headers: AMQPTable(entries: Self.numbers(sequence, attempt: attempt)))
        // Whoever relays the stream has to name the version before its end.
        if sequence == 0, let version = head?.executedVersion, version != "$LATEST" {
            self.properties.headers?[LambdaHeader.executedVersion] = .string(version)
        }
        self.properties.correlationID = correlationID
        self.properties.replyTo = creditQueue
    }

    static func numbers(_ sequence: Int, attempt: Int) -> [AMQPTable.Entry] {
        [
            .init(key: LambdaHeader.streamSequence, value: .int64(Int64(sequence))),
            .init(key: LambdaHeader.attempt, value: .int64(Int64(attempt))),
        ]
    }
}
