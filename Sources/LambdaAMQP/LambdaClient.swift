public import AMQP
import AMQPRPC
public import Logging
import NIOConcurrencyHelpers
public import NIOCore
public import NIOPosix
public import ServiceLifecycle

/// Invokes Lambda functions through RabbitMQ.
///
/// Safe to use from any task; calls run at the same time over one connection, which comes back by itself when it is
/// lost. There are three ways to have one:
///
/// - as a service: ``init(_:configuration:eventLoop:logger:)`` in a `ServiceGroup`, which runs it;
/// - for a while: ``withLambdaClient(_:configuration:logger:isolation:_:)``;
/// - on a connection that serves others, too: ``init(connection:configuration:logger:)``.
public final class LambdaClient: Service {
    package typealias Lifecycle = ClientLifecycle<ClientSession, EventLoopPromise<ClientSession>>

    /// How it works; its options are a place to begin from with those of one call.
    public let configuration: LambdaClientConfiguration
    let logger: Logger
    let instruments: CallInstruments?
    let eventLoop: any EventLoop
    /// For tasks that do little but call: they run on the connection's event loop then, and their calls need no switch
    /// between threads.
    public let taskExecutor: EventLoopTaskExecutor
    /// Where to connect to; nil on a connection of somebody else's, which is left open.
    let broker: AMQPConfiguration?
    // NIO's lock, not Synchronization's: Thread Sanitizer sees what it orders.
    let lifecycle: NIOLockedValueBox<Lifecycle>
    let observedStates = ClientStates()

    /// A client that connects when it is run; calls that are made before wait for that.
    ///
    /// - Parameters:
    ///   - broker: Where to connect to and how.
    ///   - configuration: Default options, reply queue, limits, JSON, metrics and traces. The defaults unless given.
    ///   - eventLoop: The loop to run on; one of NIO's shared loops unless given.
    ///   - logger: Where connects, losses, recoveries and retries are logged. Nowhere unless given.
    public init(
        _ broker: AMQPConfiguration, configuration: LambdaClientConfiguration = LambdaClientConfiguration(),
        eventLoop: any EventLoop = MultiThreadedEventLoopGroup.singleton.any(),
        logger: Logger = Logger(label: "lambda-client", factory: { _ in SwiftLogNoOpLogHandler() })
    ) {
        self.broker = broker
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.taskExecutor = EventLoopTaskExecutor(eventLoop)
        self.logger = logger
        self.instruments = CallInstruments(configuration.observability, .lambdaClient)
        self.lifecycle = NIOLockedValueBox(Lifecycle())
    }

    /// A client on a connection that is open; it has a reply queue of its own there.
    ///
    /// It can be called at once. Running it only has it end gracefully.
    ///
    /// - Parameters:
    ///   - connection: The connection, which may serve others too. Closing the client leaves it open.
    ///   - configuration: Default options, reply queue, limits, JSON, metrics and traces. The defaults unless given.
    ///   - logger: Where retries are logged, nowhere unless given; what becomes of the connection and of the reply queue is
    ///     logged where the connection does.
    /// - Throws: ``LambdaError`` when there can be no reply queue: `accessRefused` where the user may not have one,
    ///   `invalidConfiguration` where the broker refuses it as it is, else `unavailable`.
    public init(
        connection: AMQPConnection, configuration: LambdaClientConfiguration = LambdaClientConfiguration(),
        logger: Logger = Logger(label: "lambda-client", factory: { _ in SwiftLogNoOpLogHandler() })
    ) async throws(LambdaError) {
        self.broker = nil
        self.configuration = configuration
        self.eventLoop = connection.eventLoop
        self.taskExecutor = connection.taskExecutor
        self.logger = logger
        self.instruments = CallInstruments(configuration.observability, .lambdaClient)
        self.lifecycle = NIOLockedValueBox(Lifecycle(session: try await ClientSession.start(on: connection, configuration)))
        // Nobody but the client closes a connection of its own; of this one it is told.
        self.observedStates.follow(connection) { [lifecycle] error in
            lifecycle.withLockedValue { $0.connectionClosed(LambdaError(closedBefore: error)) }
        }
    }

    /// Ends the client: calls that are under way fail, its reply queue goes, and so does a connection of its own.
    public func close() async {
        await self.close(LambdaError(.closed, "the client was closed"))
    }
}
