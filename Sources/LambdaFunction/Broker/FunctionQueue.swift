import AMQP
import Logging
import NIOCore

/// Finds or makes a function's queue (design 5).
///
/// A queue that exists is used as it is, whoever declared it and however; only where there is none it is declared:
/// durable, not auto-delete, classic, so that it outlives the last container and an autoscaler can start from zero.
struct FunctionQueue {
    let name: String
    let logger: Logger

    private static let maxDifferences = 16

    var declaration: AMQPQueueDeclaration { AMQPQueueDeclaration(name: self.name) }

    /// Completes when the queue is there, with what is known of it; fails when the broker refuses it (no permission).
    func ensure(on link: AMQPLink) -> EventLoopFuture<FunctionQueueTraits> {
        self.declare(self.declaration, on: link, passive: true).flatMapError { error in
            guard (error as? AMQPError)?.replyCode == .notFound else {
                return link.eventLoop.makeFailedFuture(error)
            }
            return self.create(on: link)
        }.flatMap {
            // A virtual host may have another type by default: only who says "classic" is told.
            var declaration = self.declaration
            declaration.arguments["x-queue-type"] = "classic"
            return self.learn(declaration, on: link, differences: [])
        }
    }

    private func create(on link: AMQPLink) -> EventLoopFuture<Void> {
        self.declare(self.declaration, on: link, passive: false).flatMapErrorThrowing { error in
            // Another daemon was faster, and declared it otherwise: then it is there, and used as it is.
            guard (error as? AMQPError)?.replyCode == .preconditionFailed else { throw error }
        }
    }

    /// Declares the queue again and again, each time with what the broker has said is different.
    private func learn(
        _ declaration: AMQPQueueDeclaration, on link: AMQPLink, differences: [String]
    ) -> EventLoopFuture<FunctionQueueTraits> {
        self.declare(declaration, on: link, passive: false).map {
            self.tell(differences)
            return FunctionQueueTraits(declaration)
        }.flatMapError { error in
            var declaration = declaration
            if let difference = QueueDifference(refusal: (error as? AMQPError)?.message ?? ""),
                differences.count < Self.maxDifferences, difference.apply(to: &declaration)
            {
                return self.learn(declaration, on: link, differences: differences + [difference.name])
            }
            guard link.isOpen else { return link.eventLoop.makeFailedFuture(error) }
            self.tell(differences + ["\(error)"])
            return link.eventLoop.makeSucceededFuture(FunctionQueueTraits())
        }
    }

    private func tell(_ differences: [String]) {
        guard !differences.isEmpty else { return }
        self.logger.info(
            "The queue was declared otherwise by somebody else; it is used as it is",
            metadata: ["queue": "\(self.name)", "difference": "\(differences.joined(separator: ", "))"])
    }

    /// One declare on a channel of its own, since a refusal closes the channel.
    private func declare(
        _ declaration: AMQPQueueDeclaration, on link: AMQPLink, passive: Bool
    ) -> EventLoopFuture<Void> {
        link.openChannel().flatMap { channel in
            channel.request(.queueDeclare(declaration, passive: passive), expecting: .queueDeclareOK)
                .flatMap { _ in channel.close() }
        }
    }
}
