package import AMQP
import LambdaProtocol

/// What a message says that came for a caller who asked for a stream.
package enum StreamedMessage: Sendable, Equatable {
    /// Bytes of the answer.
    case chunk(sequence: Int, attempt: Int)
    /// The outcome. A body is an error's document.
    case end(sequence: Int, attempt: Int)
    /// A whole answer: an error found before the function ran, or a daemon that does not stream.
    case whole

    package init(_ properties: AMQPProperties) {
        let headers = properties.headers
        guard let sequence = headers?[LambdaHeader.streamSequence]?.integerValue else {
            self = .whole
            return
        }
        let attempt = headers?[LambdaHeader.attempt]?.integerValue ?? 0
        let isEnd = headers?[LambdaHeader.streamEnd] != nil
        self = isEnd ? .end(sequence: sequence, attempt: attempt) : .chunk(sequence: sequence, attempt: attempt)
    }
}
