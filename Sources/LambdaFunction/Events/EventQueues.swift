import AMQP
import Logging
import NIOCore

/// Finds or makes a function's queues for events.
///
/// What exists is used as it is. Where the broker refuses a quorum queue (not allowed, not known, or no permission), a
/// classic one does.
// @unchecked: every member is used on one event loop only (asserted by the link).
final class EventQueues: @unchecked Sendable {
    private struct Known {
        let link: AMQPLink
        let done: EventLoopFuture<Void>
    }

    private let queueName: String
    private let type: EventConfiguration.QueueType
    private let logger: Logger
    /// What was found or made already, for whoever publishes there again and again.
    private var known: [EventQueue: Known] = [:]
    /// A queue was made, here: there was none.
    var onMade: ((EventQueue) -> Void)?

    init(queueName: String, type: EventConfiguration.QueueType, logger: Logger) {
        self.queueName = queueName
        self.type = type
        self.logger = logger
    }

    func name(of queue: EventQueue) -> AMQPShortString {
        AMQPShortString(queue.name(of: self.queueName))
    }

    /// Completes when the queue is there; asks the broker once for each link.
    func ensure(_ queue: EventQueue, on link: AMQPLink) -> EventLoopFuture<Void> {
        if let known = self.known[queue], known.link === link { return known.done }
        let done = self.find(queue, on: link)
        self.known[queue] = Known(link: link, done: done)
        done.assumeIsolated().whenFailure { _ in self.forget(queue) }
        return done
    }

    /// The broker has returned a message for it.
    func forget(_ queue: EventQueue) {
        self.known[queue] = nil
    }

    /// Looks for the queue, and makes it where there is none.
    func find(_ queue: EventQueue, on link: AMQPLink) -> EventLoopFuture<Void> {
        let declarations = queue.declarations(of: self.queueName, type: self.type)
        return self.find(declarations[...], on: link).assumeIsolated().map { isMade in
            if isMade { self.onMade?(queue) }
        }.nonisolated()
    }

    /// - Returns: Whether it had to be made.
    private func find(_ declarations: ArraySlice<AMQPQueueDeclaration>, on link: AMQPLink) -> EventLoopFuture<Bool> {
        guard let declaration = declarations.first else { return link.eventLoop.makeSucceededFuture(false) }
        return link.declare(declaration, passive: true).map { false }.flatMapError { error in
            guard error.replyCode == .notFound else { return link.eventLoop.makeFailedFuture(error) }
            return self.make(declarations, on: link)
        }
    }

    private func make(_ declarations: ArraySlice<AMQPQueueDeclaration>, on link: AMQPLink) -> EventLoopFuture<Bool> {
        guard let declaration = declarations.first else { return link.eventLoop.makeSucceededFuture(false) }
        return link.declare(declaration, passive: false).map { true }.flatMapError { error in
            let others = declarations.dropFirst()
            guard Self.isRefusal(error), !others.isEmpty else { return link.eventLoop.makeFailedFuture(error) }
            self.logger.notice(
                "The broker refuses a quorum queue for events; a classic one has to do",
                metadata: ["queue": "\(declaration.name)", "error": "\(error)"])
            // Or another daemon was faster: so look first.
            return self.find(others, on: link)
        }
    }

    private static func isRefusal(_ error: any Error) -> Bool {
        switch error.replyCode {
        case .accessRefused?, .preconditionFailed?, .notImplemented?, .notAllowed?: true
        default: false
        }
    }
}

extension AMQPLink {
    /// One declare on a channel of its own, since a refusal closes the channel.
    func declare(_ queue: AMQPQueueDeclaration, passive: Bool) -> EventLoopFuture<Void> {
        self.openChannel().flatMap { channel in
            channel.request(.queueDeclare(queue, passive: passive), expecting: .queueDeclareOK)
                .flatMap { _ in channel.close() }
        }
    }
}

extension Error {
    /// The broker's reply code, where the broker gave one.
    var replyCode: AMQPReplyCode? { (self as? AMQPError)?.replyCode }
}
