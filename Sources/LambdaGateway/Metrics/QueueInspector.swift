import AMQP
import NIOCore

/// Looks at queues, one after the other, for as long as it may take.
///
/// Passive declares are all that a user needs who may not use the management plugin; they tell what is ready, and not
/// what is delivered and unacknowledged.
// @unchecked: every member is used on the connection's loop only (asserted by the channels).
final class QueueInspector: @unchecked Sendable {
    private let connection: AMQPConnection
    private let limit: TimeAmount
    private var channel: AMQPLinkChannel?

    /// - Parameters:
    ///   - connection: What is asked on.
    ///   - limit: How long all questions together may take; what is not answered by then is left out.
    init(connection: AMQPConnection, limit: TimeAmount = .milliseconds(500)) {
        self.connection = connection
        self.limit = limit
    }

    /// Looks at queues; those that are not there are left out.
    func depths(of queues: [String]) -> EventLoopFuture<[QueueDepth]> {
        let eventLoop = self.connection.eventLoop
        eventLoop.assertInEventLoop()
        guard let link = self.connection.link, link.takesPublishes, !queues.isEmpty else {
            return eventLoop.makeSucceededFuture([])
        }
        let survey = Survey(queues: queues, deadline: .now() + self.limit, promise: eventLoop.makePromise())
        // A broker that has vanished answers nothing at all.
        let timer = eventLoop.assumeIsolated().scheduleTask(in: self.limit) { survey.end() }
        survey.promise.futureResult.assumeIsolated().whenComplete { _ in timer.cancel() }
        self.next(survey, on: link)
        return survey.promise.futureResult
    }

    private func next(_ survey: Survey, on link: AMQPLink) {
        guard let queue = survey.next() else { return survey.end() }
        self.openChannel(on: link).flatMap { channel in
            channel.request(.queueDeclare(AMQPQueueDeclaration(name: queue), passive: true), expecting: .queueDeclareOK)
        }.assumeIsolated().whenComplete { result in
            if case .success(.method(.queueDeclareOK(let found))) = result {
                survey.depths.append(
                    QueueDepth(
                        queue: queue, readyCount: Int(found.messageCount), consumerCount: Int(found.consumerCount)))
            }
            self.next(survey, on: link)
        }
    }

    /// The channel that stands; a queue that is not there closes it.
    private func openChannel(on link: AMQPLink) -> EventLoopFuture<AMQPLinkChannel> {
        if let channel = self.channel, channel.isOpen, channel.link === link {
            return link.eventLoop.makeSucceededFuture(channel)
        }
        return link.openChannel().map { channel in
            self.channel = channel
            return channel
        }
    }

    /// One look at all queues.
    private final class Survey {
        private var queues: ArraySlice<String>
        private let deadline: NIODeadline
        private var isOver = false
        let promise: EventLoopPromise<[QueueDepth]>
        var depths: [QueueDepth] = []

        init(queues: [String], deadline: NIODeadline, promise: EventLoopPromise<[QueueDepth]>) {
            self.queues = queues[...]
            self.deadline = deadline
            self.promise = promise
        }

        func next() -> String? {
            self.isOver || NIODeadline.now() > self.deadline ? nil : self.queues.popFirst()
        }

        func end() {
            guard !self.isOver else { return }
            self.isOver = true
            self.promise.succeed(self.depths)
        }
    }
}
