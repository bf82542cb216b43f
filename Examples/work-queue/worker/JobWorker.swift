import AMQP
import Foundation
import Logging
import NIOCore
import ServiceLifecycle

/// Makes pictures smaller, a job each, from a queue that any number of these share. usage: job-worker
@main
struct JobWorker: Service {
    private static let queue = "pictures"
    /// Where jobs go that failed: an exchange and a queue.
    private static let failed = "pictures.failed"

    private struct NotAPicture: Error, CustomStringConvertible {
        let description: String
    }

    let channel: AMQPChannel
    let logger: Logger

    static func main() async throws {
        let uri = ProcessInfo.processInfo.environment["AMQP_URI"] ?? "amqp://localhost"
        let logger = Logger(label: "job-worker")
        let connection = try await AMQPConnection.connect(AMQPConfiguration(uri: uri), logger: logger)
        let channel = try await connection.openChannel()
        try await Self.declareQueues(channel)
        // On a signal it takes no further job, and ends when those that it has begun are done.
        let group = ServiceGroup(
            services: [JobWorker(channel: channel, logger: logger)], gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger)
        try await group.run()
        await connection.close()
        logger.info("ended")
    }

    /// Both queues survive a restart of the broker; what is refused in the first comes into the second.
    private static func declareQueues(_ channel: AMQPChannel) async throws {
        try await channel.declareExchange(AMQPExchangeDeclaration(name: Self.failed, type: "fanout"))
        try await channel.declareQueue(AMQPQueueDeclaration(name: Self.failed))
        try await channel.bind(AMQPQueueBinding(queue: Self.failed, exchange: Self.failed))
        try await channel.declareQueue(
            AMQPQueueDeclaration(name: Self.queue, arguments: ["x-dead-letter-exchange": .string(Self.failed)]))
    }

    func run() async throws {
        // The broker sends no third job before one of two is acknowledged: so there are never more than two at a time here,
        // and the others are for other workers.
        let jobs = try await self.channel.consume(AMQPConsumption(queue: Self.queue, prefetch: 2))
        self.logger.info("waiting for jobs")
        try await withThrowingDiscardingTaskGroup { group in
            for try await job in jobs.cancelOnGracefulShutdown() {
                group.addTask { try await self.handle(job) }
            }
        }
        // What was delivered and not begun goes back to the queue.
        try await self.channel.close()
    }

    /// Acknowledges a job when it is done, and not before: the job of a worker that dies is another's.
    private func handle(_ job: AMQPDelivery) async throws {
        let name = String(buffer: job.body)
        do {
            try await self.makeSmaller(name)
        } catch {
            self.logger.warning("failed", metadata: ["job": "\(name)", "error": "\(error)"])
            // Back in its queue it would fail again, and for ever.
            try await self.channel.reject(job, requeue: false)
            return
        }
        self.logger.info("done", metadata: ["job": "\(name)"])
        if try await !self.channel.ack(job) {
            self.logger.warning("done, and comes again: the connection was lost meanwhile", metadata: ["job": "\(name)"])
        }
    }

    private func makeSmaller(_ name: String) async throws {
        try await Task.sleep(for: .milliseconds(300))
        guard name.hasSuffix(".jpg") else { throw NotAPicture(description: "\(name) is no picture") }
    }
}
