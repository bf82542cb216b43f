import AMQP
import LambdaMessages
import LambdaMetrics
import LambdaProtocol
import Logging
import NIOCore

/// What the gateway says of itself at `/metrics`: every loop is asked for its own part, so that none of them shares a
/// counter with another.
// @unchecked: every member is used on `eventLoop` only (asserted by the server).
final class GatewayMetrics: @unchecked Sendable {
    /// Functions that are shown; beyond it only lists have them.
    private static let maxFunctions = 200
    /// Functions whose queues are looked at, three each.
    private static let maxInspectedFunctions = 50
    /// For how long the broker is not asked again.
    private static let queueAge: TimeAmount = .seconds(5)

    private let eventLoop: any EventLoop
    private let workers: [GatewayWorker]
    private let watcher: FunctionWatcher
    private let inspector: QueueInspector
    private var queues: (depths: [QueueDepth], at: NIODeadline)?
    private var server: MetricsServer?

    /// - Parameters:
    ///   - connection: What queues are looked at on; its loop is that of the server.
    ///   - workers: All loops.
    ///   - watcher: Who knows the functions.
    init(connection: AMQPConnection, workers: [GatewayWorker], watcher: FunctionWatcher) {
        self.eventLoop = connection.eventLoop
        self.workers = workers
        self.watcher = watcher
        self.inspector = QueueInspector(connection: connection)
    }

    /// Opens the port; fails when it is taken.
    func serve(at address: MetricsServer.Address, logger: Logger) -> EventLoopFuture<Void> {
        MetricsServer.bind(address, eventLoop: self.eventLoop, logger: logger) { self.collect() }
            .map { self.server = $0 }
    }

    /// Closes the port.
    func close() -> EventLoopFuture<Void> {
        self.server?.close() ?? self.eventLoop.makeSucceededVoidFuture()
    }

    private func collect() -> EventLoopFuture<ByteBuffer> {
        let loops = EventLoopFuture.whenAllSucceed(
            self.workers.map { worker in worker.eventLoop.submit { worker.status } }, on: self.eventLoop)
        return self.watcher.functions().flatMap { functions in
            self.depths(of: functions).and(loops).map { depths, loops in
                var text = PrometheusText()
                text.write(loops, Array(functions.prefix(Self.maxFunctions)), depths)
                return text.bytes
            }
        }
    }

    private func depths(of functions: [FunctionSummary]) -> EventLoopFuture<[QueueDepth]> {
        let now = NIODeadline.now()
        if let queues = self.queues, now < queues.at + Self.queueAge {
            return self.eventLoop.makeSucceededFuture(queues.depths)
        }
        let names = functions.prefix(Self.maxInspectedFunctions).flatMap { function in
            let name = function.queueName
            return [name, EventQueueName.async(of: name), EventQueueName.deadLetter(of: name)]
        }
        return self.inspector.depths(of: names).map { depths in
            self.queues = (depths, now)
            return depths
        }
    }
}
