import AMQP
import LambdaMessages
import LambdaProtocol
import Logging
import NIOCore

/// The streams that a function's callers are being sent, and the queue that their credit comes to.
// @unchecked: every member is used on the connection's loop only (asserted by the link).
final class StreamedReplies: @unchecked Sendable {
    private let creditQueue: CreditQueue
    /// By correlation id, which callers may happen to share.
    private var replies: [AMQPShortString: [StreamedReply]] = [:]
    /// Those whose invocations had to wait, by their requests' delivery tags.
    private var waiting: [UInt64: StreamedReply] = [:]
    /// The deliveries of their requests.
    private var tags: [ObjectIdentifier: UInt64] = [:]

    init(logger: Logger) {
        self.creditQueue = CreditQueue(logger: logger)
        self.creditQueue.onCredit = { [weak self] in self?.credited($0) }
    }

    /// The queue's name, once it is there: declared with the first stream of each connection.
    func creditQueueName(on link: AMQPLink) -> EventLoopFuture<AMQPShortString> {
        self.creditQueue.name(on: link)
    }

    var deliveryTags: [UInt64] { Array(self.tags.values) }

    func insert(_ reply: StreamedReply, deliveryTag: UInt64) {
        self.tags[ObjectIdentifier(reply)] = deliveryTag
        self.replies[reply.address.correlationID ?? .empty, default: []].append(reply)
    }

    /// Its invocation waits, and may be taken back.
    func waits(_ reply: StreamedReply, deliveryTag: UInt64) {
        self.waiting[deliveryTag] = reply
    }

    /// These requests will not be run here; those of no stream are ignored.
    func forget(_ deliveryTags: [UInt64]) {
        guard !self.waiting.isEmpty else { return }
        for deliveryTag in deliveryTags {
            if let reply = self.waiting[deliveryTag] { self.remove(reply) }
        }
    }

    func remove(_ reply: StreamedReply) {
        self.tags[ObjectIdentifier(reply)] = nil
        if !self.waiting.isEmpty, let deliveryTag = self.waiting.first(where: { $0.value === reply })?.key {
            self.waiting[deliveryTag] = nil
        }
        let key = reply.address.correlationID ?? .empty
        self.replies[key]?.removeAll { $0 === reply }
        if self.replies[key]?.isEmpty == true { self.replies[key] = nil }
    }

    /// The connection takes more.
    func becameWritable() {
        guard !self.replies.isEmpty else { return }
        for reply in self.all { reply.becameWritable() }
    }

    /// The channel that the streams leave by is gone.
    func connectionLost() {
        for reply in self.all { reply.connectionLost() }
    }

    private var all: [StreamedReply] { self.replies.values.flatMap { $0 } }

    private func credited(_ message: StreamCreditMessage) {
        for reply in self.replies[message.correlationID ?? .empty] ?? [] {
            // A caller that does not name itself means whoever has the id.
            guard message.replyTo == nil || message.replyTo == reply.address.replyTo else { continue }
            reply.credited(message.byteCount)
        }
    }
}
