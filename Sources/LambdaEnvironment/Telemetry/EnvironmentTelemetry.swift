internal import LambdaHTTP
internal import LambdaProtocol
internal import NIOCore
internal import NIOHTTP1

/// The Telemetry API and the Logs API of one environment: its subscribers, and what they are told.
// @unchecked: every member is used on `eventLoop` only (asserted).
package final class EnvironmentTelemetry: @unchecked Sendable {
    /// How long a subscriber may still take for the last events when its environment ends.
    static let closingTime = TimeAmount.seconds(2)
    private static let maxRequestByteCount = 64 * 1024

    /// Who knows the extensions; without it nobody can subscribe.
    package weak var extensions: (any ExtensionIdentifying)?

    private let eventLoop: any EventLoop
    private let format: TelemetryEventFormat
    private var subscriptions = TelemetrySubscriptions()
    private var history = TelemetryHistory()
    private var senders: [String: TelemetrySender] = [:]

    init(format: TelemetryEventFormat, eventLoop: any EventLoop) {
        self.format = format
        self.eventLoop = eventLoop
    }

    /// Whether anybody is told of events, or may still ask to be.
    var isActive: Bool { !self.senders.isEmpty || self.subscriptions.isOpen }

    /// Init begins, in new processes.
    func initStarted() {
        self.retireSenders()
        self.subscriptions.initStarted()
        self.history = TelemetryHistory()
    }

    /// Init is over: nobody can subscribe any more.
    func initEnded() {
        self.subscriptions.initEnded()
        self.history = TelemetryHistory()
    }

    /// The processes are gone, and the subscribers with them.
    func processesEnded() {
        self.subscriptions.processesEnded()
        self.history = TelemetryHistory()
        self.retireSenders()
    }

    /// Delivers what there is, without waiting for batches to fill: to be called before extensions are told to end.
    ///
    /// - Returns: Succeeds when everything has arrived, or the subscribers are gone.
    func flush() -> EventLoopFuture<Void> {
        EventLoopFuture.andAllComplete(self.senders.values.map { $0.flush() }, on: self.eventLoop)
    }

    /// Tells of something that has just happened.
    func emit(_ content: TelemetryEvent.Content) {
        self.emit(TelemetryEvent(time: EpochClock.now(), content: content))
    }

    /// Tells of something.
    func emit(_ event: TelemetryEvent) {
        self.eventLoop.assertInEventLoop()
        if self.subscriptions.isOpen { self.history.append(event) }
        for sender in self.senders.values { sender.send(event) }
    }

    private func retireSenders() {
        for sender in self.senders.values {
            let timer = self.eventLoop.assumeIsolated().scheduleTask(in: Self.closingTime) { sender.close() }
            sender.flush().whenComplete { _ in
                timer.cancel()
                sender.close()
            }
        }
        self.senders.removeAll()
    }
}

// MARK: - Requests

extension EnvironmentTelemetry {
    /// Answers a request, if it is one of these APIs'.
    ///
    /// - Returns: Whether it was.
    func handle(_ exchange: HTTPExchange) -> Bool {
        switch TelemetryRoute(method: exchange.head.method, path: exchange.path) {
        case nil: return false
        case .wrongMethod: exchange.reject(.methodNotAllowed)
        case .subscribe(let api): self.subscribe(exchange, api)
        }
        return true
    }

    private func subscribe(_ exchange: HTTPExchange, _ api: TelemetryAPIVersion.API) {
        switch self.extensionName(exchange) {
        case .failure(let rejection):
            exchange.reject(rejection)
        case .success(let name):
            guard self.subscriptions.isOpen else { return exchange.reject(api.closed) }
            exchange.collectBody(upTo: Self.maxRequestByteCount) { result in
                switch result {
                case .success(let body): self.subscribe(exchange, api, name: name, body: body.bytes)
                case .failure(.tooLarge): exchange.reject(.tooLarge(limitByteCount: Self.maxRequestByteCount))
                case .failure: exchange.reject(.truncatedRequest)
                }
            }
        }
    }

    private func extensionName(_ exchange: HTTPExchange) -> Result<String, RuntimeAPIRejection> {
        guard let identifier = exchange.head.headers.first(name: "lambda-extension-identifier"), !identifier.isEmpty
        else { return .failure(.missingIdentifier) }
        guard RequestID.isValid(identifier.lowercased()) else { return .failure(.invalidIdentifier) }
        guard let name = self.extensions?.extensionName(forIdentifier: identifier) else {
            return .failure(.unknownExtension(identifier))
        }
        return .success(name)
    }

    private func subscribe(
        _ exchange: HTTPExchange, _ api: TelemetryAPIVersion.API, name: String, body: ByteBuffer
    ) {
        do throws(TelemetryRequestFailure) {
            let subscription = try TelemetrySubscription.parse(body, for: api)
            // Init may have ended while the body came: the machine looks again.
            if case .reject(let rejection) = self.subscriptions.subscribe(subscription, by: name) {
                return exchange.reject(rejection)
            }
            self.add(subscription, name: name)
            exchange.respond(
                status: .ok, headers: [("content-type", "application/json")], body: ByteBuffer(string: "\"OK\""))
        } catch {
            exchange.reject(
                .init(status: 400, errorType: api.validationErrorType, message: error.reason))
        }
    }

    private func add(_ subscription: TelemetrySubscription, name: String) {
        self.senders[name]?.close()
        let sender = TelemetrySender(subscription: subscription, format: self.format, eventLoop: self.eventLoop)
        self.senders[name] = sender
        for event in self.history.all(at: EpochClock.now()) { sender.send(event) }
        self.emit(.platform(.subscription(subscription.version.api, name: name, types: subscription.types)))
    }
}
