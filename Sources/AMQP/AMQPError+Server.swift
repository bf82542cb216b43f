extension AMQPError {
    /// The broker closed the connection (AMQP 0-9-1, 1.4.2.9).
    ///
    /// - Parameters:
    ///   - replyCode: The broker's code; 403 is a refused login, 530 a vhost that is unknown or not the user's.
    ///   - text: The broker's own words.
    ///   - doing: What was under way, such as "the connection to broker:5672".
    /// - Returns: The error to end the connection's users with.
    package static func connectionClosedByServer(
        _ replyCode: AMQPReplyCode, text: String, doing: String
    ) -> AMQPError {
        let code: Code =
            switch replyCode {
            case .accessRefused: .accessRefused
            case .notAllowed: .vhostNotFound
            default: .connectionClosed
            }
        return AMQPError(
            code, "\(doing): closed by the broker: \(text)", replyCode: replyCode, isServerInitiated: true,
            isTransient: replyCode.isTransient)
    }

    /// The broker did not take a message (`basic.nack`).
    ///
    /// - Parameters:
    ///   - exchange: Where it was published. One with several queues may have it in those that are not full.
    ///   - routingKey: Its routing key.
    /// - Returns: The error of its publisher.
    package static func nacked(exchange: AMQPShortString, _ routingKey: AMQPShortString) -> AMQPError {
        AMQPError(
            .nacked, "the broker did not take a message for \(routingKey)", isServerInitiated: true,
            mayHaveExecuted: exchange.byteCount > 0)
    }

    /// The broker closed a channel (AMQP 0-9-1, 1.5.2.5).
    ///
    /// - Parameters:
    ///   - replyCode: The broker's code: 403, 404, 405, 406 or 311 as a rule.
    ///   - text: The broker's own words.
    ///   - doing: What was under way, such as "declaring queue 'echo'".
    /// - Returns: The error to end the channel's users with.
    package static func channelClosedByServer(
        _ replyCode: AMQPReplyCode, text: String, doing: String
    ) -> AMQPError {
        AMQPError(
            replyCode == .accessRefused ? .accessRefused : .channelClosed,
            "\(doing): channel closed by the broker: \(text)", replyCode: replyCode, isServerInitiated: true,
            isTransient: replyCode.isTransient)
    }
}
