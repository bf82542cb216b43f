import DequeModule
package import NIOCore

/// What became of a publish that asked for a confirm.
package enum PublishOutcome: Sendable, Equatable {
    /// The broker has taken the message over.
    case confirmed
    /// The broker did not take the message (`basic.nack`), as a full queue with `reject-publish` does.
    case nacked
    /// No queue took the message, which was mandatory (`basic.return`).
    case returned(replyCode: UInt16, replyText: String)
}

/// The publishes of one channel that wait for their confirm.
///
/// Pure: no I/O. Confirms carry the sequence number of the publish on its channel, and `multiple` settles all up to it.
/// `basic.return` carries no number; it is matched with the oldest unsettled publish of the same exchange, routing key,
/// identifiers and body. Two publishes that agree in all of these are the same message to everybody but the publisher,
/// so that it makes no difference which of the two is told.
package struct PublisherConfirms<Waiter> {
    /// What a return is recognised by. Bodies are held without a copy.
    package struct Fingerprint: Equatable {
        package var exchange: AMQPShortString
        package var routingKey: AMQPShortString
        package var messageID: AMQPShortString?
        package var correlationID: AMQPShortString?
        package var replyTo: AMQPShortString?
        package var body: ByteBuffer

        package init(
            exchange: AMQPShortString, routingKey: AMQPShortString, properties: AMQPProperties, body: ByteBuffer
        ) {
            self.exchange = exchange
            self.routingKey = routingKey
            self.messageID = properties.messageID
            self.correlationID = properties.correlationID
            self.replyTo = properties.replyTo
            self.body = body
        }
    }

    private struct Unsettled {
        /// `nil` once nobody waits any more.
        var waiter: Waiter?
        /// `nil` for a publish that is not mandatory and so cannot come back.
        var fingerprint: Fingerprint?
        var returned: PublishOutcome?
        var isSettled = false
    }

    /// Unsettled publishes, oldest first; `firstTag` is the number of the first.
    private var unsettled: Deque<Unsettled> = []
    private var firstTag: UInt64 = 1

    package init() {}

    /// How many publishes wait.
    package var count: Int { self.unsettled.count }

    /// The number that the next publish will have.
    package var nextTag: UInt64 { self.firstTag + UInt64(self.unsettled.count) }

    /// A message is being published. Returns its number.
    @discardableResult
    package mutating func published(_ waiter: Waiter?, fingerprint: Fingerprint?) -> UInt64 {
        let tag = self.nextTag
        self.unsettled.append(Unsettled(waiter: waiter, fingerprint: fingerprint))
        return tag
    }

    /// `basic.return` came.
    package mutating func returned(_ method: ServerMethod.Return, fingerprint: Fingerprint) -> Bool {
        let index = self.unsettled.firstIndex {
            !$0.isSettled && $0.returned == nil && $0.fingerprint == fingerprint
        }
        guard let index else { return false }
        self.unsettled[index].returned = .returned(replyCode: method.replyCode, replyText: method.replyText)
        return true
    }

    /// `basic.ack` came: who to resume, with what. `nil` for a number that was never published.
    package mutating func acked(deliveryTag: UInt64, multiple: Bool) -> [(Waiter, PublishOutcome)]? {
        self.settle(deliveryTag, multiple, .confirmed)
    }

    /// `basic.nack` came: who to resume, with what. `nil` for a number that was never published.
    package mutating func nacked(deliveryTag: UInt64, multiple: Bool) -> [(Waiter, PublishOutcome)]? {
        self.settle(deliveryTag, multiple, .nacked)
    }

    /// The channel is gone: everybody who waits for an outcome that will not come, the oldest first.
    ///
    /// - Returns: `last` is who waits for the last publish of all, and not among the others.
    package mutating func channelClosed() -> (waiters: [Waiter], last: Waiter?) {
        defer { self.unsettled.removeAll() }
        self.firstTag = self.nextTag
        let last = self.unsettled.popLast()
        return (self.unsettled.compactMap(\.waiter), last?.waiter)
    }

    private mutating func settle(
        _ deliveryTag: UInt64, _ multiple: Bool, _ outcome: PublishOutcome
    ) -> [(Waiter, PublishOutcome)]? {
        // Zero with `multiple` means all (AMQP 0-9-1, 1.8.3.13).
        let last = deliveryTag == 0 && multiple ? self.nextTag - 1 : deliveryTag
        guard last < self.nextTag else { return nil }
        // What is below the first number was settled before; a broker may confirm it again in a `multiple`.
        guard last >= self.firstTag else { return [] }
        let lastIndex = Int(last - self.firstTag)
        var settled: [(Waiter, PublishOutcome)] = []
        for index in (multiple ? 0 : lastIndex)...lastIndex where !self.unsettled[index].isSettled {
            let publish = self.unsettled[index]
            if let waiter = publish.waiter { settled.append((waiter, publish.returned ?? outcome)) }
            self.unsettled[index] = Unsettled(waiter: nil, fingerprint: nil, isSettled: true)
        }
        while let first = self.unsettled.first, first.isSettled {
            self.unsettled.removeFirst()
            self.firstTag += 1
        }
        return settled
    }
}
