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

    private var declaration: AMQPQueueDeclaration { AMQPQueueDeclaration(name: self.name) }

    /// Completes when the queue is there; fails when the broker refuses it (no permission).
    func ensure(on link: AMQPLink) -> EventLoopFuture<Void> {
        self.declare(on: link, passive: true).flatMap {
            // The broker says in the text of its refusal in what an existing queue differs from ours.
            self.declare(on: link, passive: false).flatMapErrorThrowing { error in
                self.logger.info(
                    "The queue was declared otherwise by somebody else; it is used as it is",
                    metadata: ["queue": "\(self.name)", "difference": "\(error)"])
            }
        }.flatMapError { error in
            guard (error as? AMQPError)?.replyCode == .notFound else {
                return link.eventLoop.makeFailedFuture(error)
            }
            return self.create(on: link)
        }
    }

    private func create(on link: AMQPLink) -> EventLoopFuture<Void> {
        self.declare(on: link, passive: false).flatMapErrorThrowing { error in
            // Another daemon was faster, and declared it otherwise: then it is there, and used as it is.
            guard (error as? AMQPError)?.replyCode == .preconditionFailed else { throw error }
        }
    }

    /// One declare on a channel of its own, since a refusal closes the channel.
    private func declare(on link: AMQPLink, passive: Bool) -> EventLoopFuture<Void> {
        link.openChannel().flatMap { channel in
            channel.request(.queueDeclare(self.declaration, passive: passive), expecting: .queueDeclareOK)
                .flatMap { _ in channel.close() }
        }
    }
}
