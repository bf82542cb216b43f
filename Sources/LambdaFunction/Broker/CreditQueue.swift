import AMQP
import LambdaMessages
import Logging
import NIOCore

/// The queue of this daemon's own that callers send further credit for their streams to.
///
/// It belongs to the connection and has a channel of its own there, so that nothing that goes wrong with it disturbs
/// the invocations. It is declared when the first stream needs it, and again on each later connection.
// @unchecked: every member is used on the connection's loop only (asserted by the link).
final class CreditQueue: @unchecked Sendable {
    var onCredit: ((StreamCreditMessage) -> Void)?

    private struct Declaration {
        let link: AMQPLink
        let name: EventLoopFuture<AMQPShortString>
    }

    private let logger: Logger
    private var declaration: Declaration?

    init(logger: Logger) {
        self.logger = logger
    }

    /// The queue's name on this link; fails when the broker allows no such queue.
    func name(on link: AMQPLink) -> EventLoopFuture<AMQPShortString> {
        if let declaration = self.declaration, declaration.link === link { return declaration.name }
        let name = self.open(on: link)
        self.declaration = Declaration(link: link, name: name)
        name.assumeIsolated().whenFailure { error in
            self.logger.warning("The queue for streams' credit cannot be made", metadata: ["error": "\(error)"])
            self.forget(link)
        }
        return name
    }

    private func open(on link: AMQPLink) -> EventLoopFuture<AMQPShortString> {
        link.openChannel().flatMap { channel in
            channel.onClosed = { _ in self.forget(link) }
            let declare = ClientMethod.queueDeclare(.serverNamedExclusive, passive: false)
            return channel.request(declare, expecting: .queueDeclareOK).flatMap { reply in
                guard case .method(.queueDeclareOK(let queue)) = reply else {
                    return link.eventLoop.makeFailedFuture(
                        AMQPError(.protocolViolation, "the broker named no credit queue"))
                }
                return self.consume(queue.queue, on: channel)
            }
        }
    }

    private func consume(_ queue: AMQPShortString, on channel: AMQPLinkChannel) -> EventLoopFuture<AMQPShortString> {
        channel.consume(
            AMQPConsumption(queue: queue.string, noAck: true, isExclusive: true),
            deliver: { self.received($0) },
            cancelled: {
                self.forget(channel.link)
                channel.close().whenComplete { _ in }
            }
        ).map { _ in queue }
    }

    private func received(_ delivery: AMQPDelivery) {
        if let credit = StreamCreditMessage(delivery.properties) { self.onCredit?(credit) }
    }

    private func forget(_ link: AMQPLink) {
        if self.declaration?.link === link { self.declaration = nil }
    }
}
