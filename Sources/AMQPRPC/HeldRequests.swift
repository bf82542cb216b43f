import AMQP
import DequeModule
import NIOCore

/// Requests that were delivered and wait until fewer are being handled, oldest first.
///
/// After a lost connection handlers may still be at work, while the broker delivers as many requests again as may be handled at
/// once: no more than that are ever here. Pure.
struct HeldRequests {
    struct Request {
        var delivery: AMQPDelivery
        var channel: AMQPLinkChannel
        var arrival: NIODeadline
    }

    private var requests: Deque<Request> = []

    mutating func append(_ delivery: AMQPDelivery, on channel: AMQPLinkChannel, now: NIODeadline) {
        self.requests.append(Request(delivery: delivery, channel: channel, arrival: now))
    }

    /// The next whose channel stands: what came by another one the broker gives to somebody anyway.
    mutating func popFirst() -> Request? {
        while let request = self.requests.popFirst() {
            if request.channel.isOpen { return request }
        }
        return nil
    }

    /// What came by a channel will not be handled here.
    mutating func remove(of channel: AMQPLinkChannel) {
        self.requests.removeAll { $0.channel === channel }
    }
}
