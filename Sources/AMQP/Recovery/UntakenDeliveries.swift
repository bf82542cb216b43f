import DequeModule
import NIOConcurrencyHelpers

/// What a consumer has been delivered and its reader has not taken yet, oldest first: the reader's leaving gives it back.
///
/// Safe to use from any thread; deliveries come on the channel's loop, and the reader takes them in the same order.
final class UntakenDeliveries: Sendable {
    struct Delivery: Sendable, Equatable {
        var epoch: ChannelEpoch
        var deliveryTag: UInt64
    }

    private let isNeeded: Bool
    private let deliveries = NIOLockedValueBox(Deque<Delivery>())

    /// - Parameter isNeeded: Whether anything can be given back: not where the broker takes all for acknowledged.
    init(isNeeded: Bool) {
        self.isNeeded = isNeeded
    }

    /// To be called before the reader may take it.
    func delivered(_ delivery: AMQPDelivery) {
        guard self.isNeeded else { return }
        self.deliveries.withLockedValue {
            $0.append(Delivery(epoch: delivery.epoch, deliveryTag: delivery.deliveryTag))
        }
    }

    /// The reader has taken one.
    func taken() {
        guard self.isNeeded else { return }
        self.deliveries.withLockedValue { _ = $0.popFirst() }
    }

    /// The latest, which no reader can take.
    func takeLast() -> [Delivery] {
        self.deliveries.withLockedValue { $0.popLast().map { [$0] } ?? [] }
    }

    /// All of them, once no reader can take any.
    func takeAll() -> Deque<Delivery> {
        self.deliveries.withLockedValue { deliveries in
            defer { deliveries = [] }
            return deliveries
        }
    }
}
