package import NIOCore
import NIOPosix
import NIOConcurrencyHelpers

/// A server on 127.0.0.1 that plays a script: for what no real broker does when it is asked to.
///
/// The first connection plays the first script, the second the second; the last script is played by all that follow.
package final class FakeBroker: Sendable {
    private struct Record {
        var scripts: [[FakeBrokerStep]]
        var connectionCount = 0
        var frames: [FakeFrame] = []
        var failures: [String] = []
    }

    private let server: any Channel
    private let loop: any EventLoop
    private let record: NIOLockedValueBox<Record>
    private let finished: EventLoopPromise<Void>

    /// Starts a broker.
    ///
    /// - Parameters:
    ///   - scripts: What it does on each connection.
    ///   - loop: The loop that everything runs on; one of NIO's own unless given.
    /// - Returns: The broker, listening.
    /// - Throws: What the system says when it cannot listen.
    package static func start(
        _ scripts: [FakeBrokerStep]..., on loop: (any EventLoop)? = nil
    ) async throws -> FakeBroker {
        let loop = loop ?? MultiThreadedEventLoopGroup.singleton.next()
        let handlers = HandlerSource()
        let server = try await ServerBootstrap(group: loop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: false)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try handlers.add(to: channel) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let broker = FakeBroker(server: server, loop: loop, scripts: scripts)
        handlers.set(broker)
        return broker
    }

    private init(server: any Channel, loop: any EventLoop, scripts: [[FakeBrokerStep]]) {
        self.server = server
        self.loop = loop
        self.record = NIOLockedValueBox(Record(scripts: scripts))
        self.finished = loop.makePromise()
    }

    deinit {
        self.server.close(promise: nil)
        self.finished.succeed()
    }

    /// The port that it listens on.
    package var port: Int { self.server.localAddress?.port ?? 0 }

    /// The whole frames that came, on all connections.
    package var frames: [FakeFrame] { self.record.withLockedValue { $0.frames } }

    /// How many connections came.
    package var connectionCount: Int { self.record.withLockedValue { $0.connectionCount } }

    /// What came otherwise than a script expected.
    package var failures: [String] { self.record.withLockedValue { $0.failures } }

    /// Waits until a script has come to its end, or could not go on.
    ///
    /// - Returns: What came otherwise than expected; empty when all is well.
    package func scriptEnded() async -> [String] {
        try? await self.finished.futureResult.get()
        return self.failures
    }

    /// Stops listening.
    ///
    /// Connections go on.
    package func stop() async {
        try? await self.server.close()
    }

    fileprivate func nextScript() -> [FakeBrokerStep] {
        self.record.withLockedValue { record in
            record.connectionCount += 1
            return record.scripts[min(record.connectionCount, record.scripts.count) - 1]
        }
    }

    func frameReceived(_ frame: FakeFrame) {
        self.record.withLockedValue { $0.frames.append(frame) }
    }

    func ended(failure: String?) {
        if let failure { self.record.withLockedValue { $0.failures.append(failure) } }
        self.finished.succeed()
    }
}

/// Gives accepted connections their broker, which exists only once the socket does.
private final class HandlerSource: Sendable {
    // Weak, since the server's socket holds this and the broker holds the socket.
    private struct Reference {
        weak var broker: FakeBroker?
    }

    private let reference = NIOLockedValueBox(Reference())

    func set(_ broker: FakeBroker) {
        self.reference.withLockedValue { $0.broker = broker }
    }

    func add(to channel: any Channel) throws {
        guard let broker = self.reference.withLockedValue({ $0.broker }) else { throw ChannelError.alreadyClosed }
        try channel.pipeline.syncOperations.addHandler(FakeBrokerHandler(broker: broker, script: broker.nextScript()))
    }
}
