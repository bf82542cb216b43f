import AMQP
import Glibc
import LambdaMessages
import LambdaEnvironment
import LambdaFunction
import LambdaHTTP
import LambdaInvokeAPI
import LambdaMetrics
import LambdaProgram
import LambdaProtocol
import Logging
import NIOCore

/// The parts of the daemon on one event loop: the function, the Invoke API, the consumer of the function's queue.
final class Daemon: @unchecked Sendable {
    // @unchecked: every member is used on `eventLoop` only.
    private let configuration: DaemonConfiguration
    private let eventLoop: any EventLoop
    private let logger: Logger
    private let function: LocalFunction
    private var server: HTTPServer?
    /// Serves the function as a web site.
    private var urlServer: HTTPServer?
    private var connection: AMQPConnection?
    private var consumer: FunctionConsumer?
    private var announcer: FunctionAnnouncer?
    private var events: FunctionEvents?
    /// What events are consumed on.
    private var eventConnection: AMQPConnection?
    /// `nil` where nobody asks for them.
    private let metrics: DaemonMetrics?

    init(_ configuration: DaemonConfiguration, eventLoop: any EventLoop, logger: Logger) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.logger = logger
        self.metrics = configuration.metrics.map { DaemonMetrics($0, of: configuration.function) }
        self.function = LocalFunction(
            configuration: configuration.function, eventLoop: eventLoop, logger: logger, meter: self.metrics?.meter)
    }

    /// Listens, then connects. Fails when a port is taken, or the broker cannot be reached in the attempts allowed.
    func start() -> EventLoopFuture<Void> {
        self.eventLoop.flatSubmit {
            do {
                try self.prepareConnections()
            } catch {
                return self.eventLoop.makeFailedFuture(error)
            }
            return self.function.start()
                .flatMapErrorThrowing { error in
                    let environment = self.configuration.function.environment
                    throw ListenError(
                        setting: "RUNTIME_API_PORT", host: environment.runtimeAPIHost,
                        port: environment.runtimeAPIPort, error)
                }
                .map { self.function.startEarly() }
                .flatMap { self.listen() }
                .flatMap { self.serveMetrics() }
                .flatMap { self.listenForURL() }
                .flatMap { self.consume() }
        }
    }

    private func listen() -> EventLoopFuture<Void> {
        let function = self.function
        let api = InvokeAPI(
            invoker: function, events: self.events?.acceptance, configuration: self.invokeAPIConfiguration,
            logger: self.logger,
            watchdogReadiness: self.configuration.emulatesWatchdog ? { function.freeSlots > 0 } : nil)
        return HTTPServer.bind(
            host: self.configuration.invokeAPIHost, port: self.configuration.invokeAPIPort,
            configuration: self.httpConfiguration, eventLoop: self.eventLoop, logger: self.logger,
            handler: { api.handle($0) }
        ).flatMapErrorThrowing { error in
            throw ListenError(
                setting: "PORT or INVOKE_API_PORT", host: self.configuration.invokeAPIHost,
                port: self.configuration.invokeAPIPort, error)
        }.map { server in
            self.server = server
            self.metrics?.listeners.append(server)
            self.logger.info("The Invoke API is ready", metadata: ["address": "\(server.localAddress.map { "\($0)" } ?? "-")"])
        }
    }

    private func serveMetrics() -> EventLoopFuture<Void> {
        guard let metrics = self.metrics, let address = self.configuration.metrics else {
            return self.eventLoop.makeSucceededVoidFuture()
        }
        return metrics.serve(self.function, logger: self.logger).flatMapErrorThrowing { error in
            throw ListenError(setting: "METRICS_PORT", host: address.host, port: address.port, error)
        }
    }

    private func listenForURL() -> EventLoopFuture<Void> {
        guard let settings = self.configuration.functionURL else { return self.eventLoop.makeSucceededVoidFuture() }
        let api = FunctionURLAPI(invoker: self.function, configuration: settings.configuration)
        let host = self.configuration.invokeAPIHost
        return HTTPServer.bind(
            host: host, port: settings.port, configuration: self.httpConfiguration, eventLoop: self.eventLoop,
            logger: self.logger, handler: { if !api.servePath($0) { api.refuse($0) } }
        ).flatMapErrorThrowing { error in
            throw ListenError(setting: "FUNCTION_URL_PORT", host: host, port: settings.port, error)
        }.map { server in
            self.urlServer = server
            self.metrics?.listeners.append(server)
            self.logger.info(
                "The function URL is ready", metadata: ["address": "\(server.localAddress.map { "\($0)" } ?? "-")"])
        }
    }

    private var invokeAPIConfiguration: InvokeAPIConfiguration {
        var configuration = InvokeAPIConfiguration()
        configuration.limits = self.configuration.function.environment.limits
        configuration.requiresJSON = self.configuration.requiresJSON
        return configuration
    }

    private var httpConfiguration: HTTPServerConfiguration {
        var configuration = HTTPServerConfiguration.invokeAPI
        configuration.countsResponses = self.metrics != nil
        return configuration
    }

    /// Nothing is sent yet.
    private func prepareConnections() throws {
        guard let amqp = self.configuration.amqp else { return }
        let connection = try AMQPConnection(configuration: amqp, eventLoop: self.eventLoop, logger: self.logger)
        self.connection = connection
        self.metrics?.connections.append(("calls", connection))
        if let events = self.eventConfiguration {
            var amqp = amqp
            amqp.connectionName = amqp.connectionName.map { "\($0) (events)" }
            // It starts once the other one stands, so that a wrong password is known by then.
            amqp.connectionAttempts = .max
            var logger = self.logger
            logger[metadataKey: "connection"] = "events"
            let consuming = try AMQPConnection(configuration: amqp, eventLoop: self.eventLoop, logger: logger)
            self.eventConnection = consuming
            self.metrics?.connections.append(("events", consuming))
            self.events = FunctionEvents(
                configuration: events, publishing: connection, consuming: consuming, invoker: self.function,
                logger: self.logger, meter: self.metrics?.meter)
        }
        let presence = DaemonPresence(self.configuration.function)
        let function = self.function
        self.announcer = FunctionAnnouncer(connection: connection, logger: self.logger) {
            presence.announcement(function.status)
        }
        self.consumer = FunctionConsumer(
            configuration: self.consumerConfiguration, connection: connection, invoker: self.function,
            events: self.events?.acceptance, logger: self.logger, meter: self.metrics?.meter)
    }

    private func consume() -> EventLoopFuture<Void> {
        guard let connection = self.connection, let consumer = self.consumer else {
            return self.eventLoop.makeSucceededVoidFuture()
        }
        let events = self.events?.start() ?? self.eventLoop.makeSucceededVoidFuture()
        let announcer = self.announcer?.start() ?? self.eventLoop.makeSucceededVoidFuture()
        return events.and(announcer).flatMap { _ in consumer.start() }.flatMap { connection.start() }.map {
            // Nobody waits for events: the daemon is ready without them.
            _ = self.eventConnection?.start()
        }
    }

    private var eventConfiguration: EventConfiguration? {
        guard let settings = self.configuration.events else { return nil }
        let messages = self.messageConfiguration
        return EventConfiguration(
            functionName: messages.arn.name, queueName: self.configuration.queueName, arn: messages.arn,
            qualifier: self.configuration.function.qualifier ?? "$LATEST", messages: messages,
            policy: settings.policy, queueType: settings.queueType, onSuccess: settings.onSuccess,
            onFailure: settings.onFailure)
    }

    private var messageConfiguration: InvocationMessageConfiguration {
        let function = self.configuration.function
        let description = function.environment.function
        return InvocationMessageConfiguration(
            arn: FunctionARN(region: description.region, accountID: function.accountID, name: description.name),
            limits: function.environment.limits, requiresJSON: self.configuration.requiresJSON,
            clockSkewMilliseconds: self.configuration.clockSkewMilliseconds)
    }

    private var consumerConfiguration: FunctionConsumerConfiguration {
        let function = self.configuration.function
        let slots = function.maxEnvironments * function.environment.maxInvocations
        // Four for each slot, but six at least, hide the way to the broker and back, while replies wait for each other, too.
        let credit = self.configuration.lookAhead == nil
            ? CreditPolicy.Limits(slots: slots, lookAhead: max(6, 4 * slots)) : nil
        return FunctionConsumerConfiguration(
            functionName: function.environment.function.name, queueName: self.configuration.queueName,
            prefetch: slots * (1 + (self.configuration.lookAhead ?? 0)), credit: credit,
            priority: Int32(clamping: self.configuration.consumerPriority),
            prefersWarm: self.configuration.prefersWarm, messages: self.messageConfiguration,
            streamPatience: function.environment.invocationTimeout)
    }

    /// Takes nothing new, finishes what runs, answers it, and closes everything.
    func drain() -> EventLoopFuture<Void> {
        self.eventLoop.flatSubmit {
            self.announcer?.leave()
            let consumer = self.consumer?.drain() ?? self.eventLoop.makeSucceededVoidFuture()
            let events = self.events?.drain() ?? self.eventLoop.makeSucceededVoidFuture()
            let server = self.server?.shutdown(grace: .hours(24)) ?? self.eventLoop.makeSucceededVoidFuture()
            let urlServer = self.urlServer?.shutdown(grace: .hours(24)) ?? self.eventLoop.makeSucceededVoidFuture()
            return consumer.and(server).and(events).and(urlServer)
                .flatMap { _ in self.function.drain() }
                .flatMap { self.eventConnection?.shutdown() ?? self.eventLoop.makeSucceededVoidFuture() }
                .flatMap { self.connection?.shutdown() ?? self.eventLoop.makeSucceededVoidFuture() }
                // To the end it can be seen what is still going on.
                .flatMap { self.metrics?.close() ?? self.eventLoop.makeSucceededVoidFuture() }
        }
    }
}
