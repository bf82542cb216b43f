package import AMQP
import LambdaProtocol

extension AMQPProperties {
    /// Headers that a broker would act upon (`CC`, `BCC`), or has added for its own use.
    private static let brokersHeaders: Set<String> = [
        "cc", "bcc", "x-death", "x-first-death-exchange", "x-first-death-queue", "x-first-death-reason",
        "x-last-death-exchange", "x-last-death-queue", "x-last-death-reason", "x-delivery-count", "x-acquired-count",
    ]

    /// Without what belongs to one passage through the broker only.
    var forAnotherPassage: AMQPProperties {
        var properties = self
        // The broker checks that it is the publisher's own, and we are another one.
        properties.userID = nil
        properties.headers?.entries.removeAll { Self.brokersHeaders.contains($0.key.lowercased()) }
        return properties
    }

    /// A call's, for publishing it again: to its caller it stays the same.
    ///
    /// - Parameter attempt: Attempts that were lost by then.
    package func republished(attempt: Int) -> AMQPProperties {
        var properties = self.forAnotherPassage
        var headers = properties.headers ?? AMQPTable()
        headers.entries.removeAll { $0.key.lowercased() == "x-lambda-attempt" }
        headers[LambdaHeader.attempt] = .int64(Int64(attempt))
        properties.headers = headers
        return properties
    }

    /// Attempts that were lost, as the message says: 0 to 1 000 000.
    package var attempt: Int {
        InvocationHeaders(self.headers).attemptCount
    }
}
