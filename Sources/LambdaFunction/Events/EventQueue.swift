import AMQP
import LambdaMessages

/// One of a function's queues for events (design 5).
enum EventQueue: Hashable {
    /// Where events wait to be run.
    case async
    /// Where they wait for a retry: after that time they are dead-lettered back to ``async``.
    case retry(afterMilliseconds: Int64)
    /// Where they end that have failed for good.
    case deadLetter

    /// Its name, for the function whose calls come through `queue`.
    func name(of queue: String) -> String {
        switch self {
        case .async: EventQueueName.async(of: queue)
        case .retry(let milliseconds): EventQueueName.retry(of: queue, afterMilliseconds: milliseconds)
        case .deadLetter: EventQueueName.deadLetter(of: queue)
        }
    }

    /// How to declare it, the preferred way first.
    func declarations(of queue: String, type: EventConfiguration.QueueType) -> [AMQPQueueDeclaration] {
        let types: [EventConfiguration.QueueType] = type == .quorum ? [.quorum, .classic] : [.classic]
        return types.map { AMQPQueueDeclaration(name: self.name(of: queue), arguments: self.arguments(of: queue, $0)) }
    }

    private func arguments(of queue: String, _ type: EventConfiguration.QueueType) -> AMQPTable {
        var arguments: AMQPTable = [
            "x-queue-type": .string(type.rawValue), "x-overflow": "reject-publish",
        ]
        switch self {
        case .async where type == .quorum:
            // An event that daemons die of before they can count it. Classic queues do not count.
            arguments["x-delivery-limit"] = 20
            self.deadLetter(to: .deadLetter, of: queue, type, &arguments)
        case .async: break
        case .retry(let milliseconds):
            arguments["x-message-ttl"] = .int64(milliseconds)
            self.deadLetter(to: .async, of: queue, type, &arguments)
        // Looking at dead letters gives them back unread, and RabbitMQ 4 drops what came back twenty times.
        case .deadLetter where type == .quorum: arguments["x-delivery-limit"] = 1_000_000_000
        case .deadLetter: break
        }
        return arguments
    }

    private func deadLetter(
        to other: EventQueue, of queue: String, _ type: EventConfiguration.QueueType, _ arguments: inout AMQPTable
    ) {
        arguments["x-dead-letter-exchange"] = ""
        arguments["x-dead-letter-routing-key"] = .string(other.name(of: queue))
        if type == .quorum { arguments["x-dead-letter-strategy"] = "at-least-once" }
    }
}
