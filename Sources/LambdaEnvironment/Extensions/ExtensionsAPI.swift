package import LambdaHTTP
internal import LambdaProtocol
internal import NIOCore
internal import NIOHTTP1

/// What the Extensions API tells the environment that it belongs to.
package protocol ExtensionsAPIDelegate: AnyObject {
    /// An extension has registered and is awaited from now on.
    func extensionRegistered(_ name: String, presence: ExtensionPresence)
    /// Every external extension has registered: the runtime may be started.
    func externalExtensionsRegistered()
    /// The last extension that was awaited has asked for its next event.
    func extensionsBecameReady()
    /// An extension says why it cannot go on.
    func extensionReportedError(_ failure: ExtensionFailure)
}

/// The Extensions API of one environment: routes to the registry, its decisions to responses (contract 7).
// @unchecked: every member is used on the loop of its environment and exchanges only; both assert it at their entries.
package final class ExtensionsAPI: ExtensionIdentifying, @unchecked Sendable {
    private static let maxRegistrationByteCount = 64 * 1024

    private weak var delegate: (any ExtensionsAPIDelegate)?
    private let function: FunctionDescription
    private let accountID: String
    private let isEnabled: Bool
    private var registry = ExtensionRegistry<HTTPExchange>()

    /// - Parameters:
    ///   - delegate: Kept weakly.
    ///   - function: What extensions are told of the function.
    ///   - accountID: Told to those that ask for it.
    ///   - isEnabled: Whether there are extensions at all; if not, every route is a 404.
    package init(
        delegate: any ExtensionsAPIDelegate, function: FunctionDescription, accountID: String, isEnabled: Bool
    ) {
        self.delegate = delegate
        self.function = function
        self.accountID = accountID
        self.isEnabled = isEnabled
    }

    /// Whether invocations are to be told with ``invoke(_:)``.
    package var hasInvokeSubscribers: Bool { self.registry.hasInvokeSubscribers }

    /// What has become of the extensions.
    package var summaries: [ExtensionRegistry<HTTPExchange>.Summary] { self.registry.summaries }

    /// The name of the extension that an identifier was given to; `nil` for one that was never given out, or before the
    /// environment was started again.
    package func extensionName(forIdentifier identifier: String) -> String? {
        self.registry.name(forIdentifier: identifier)
    }

    // MARK: The environment's life

    /// The environment starts, with these external extensions.
    package func environmentStarted(externalNames: [String]) {
        self.environmentEnded()
        self.registry = ExtensionRegistry(externalNames: externalNames)
    }

    /// The runtime has asked for its first event: nobody else may register.
    package func closeRegistration() {
        self.registry.close()
    }

    /// Tells those who want to know of an invocation.
    package func invoke(_ event: ExtensionEvent) {
        for exchange in self.registry.invoke(event) { exchange.respond(with: event) }
    }

    /// Tells those who want to know that the environment is shut down.
    ///
    /// - Returns: The external extensions that do not want to, and are to be killed.
    package func shutDown(_ event: ExtensionEvent) -> [String] {
        let (deliver, kill) = self.registry.shutDown(event)
        for exchange in deliver { exchange.respond(with: event) }
        return kill
    }

    /// The time to shut down is over.
    ///
    /// - Returns: The names of those that were told of it and are still there.
    package func shutdownOverran() -> [String] {
        self.registry.shutdownOverran()
    }

    /// The processes are gone or being killed.
    ///
    /// Whoever still asks is refused.
    package func environmentEnded() {
        for exchange in self.registry.dismiss() {
            exchange.onAbort = nil
            exchange.reject(.extensionTransition(from: .exited, to: .ready, of: "that was shut down"))
        }
    }

    /// The program of an external extension could not be started.
    package func launchFailed(name: String) {
        self.registry.launchFailed(name: name)
    }

    /// The process of an external extension has ended.
    package func processEnded(name: String) {
        self.registry.processEnded(name: name)
    }

    // MARK: Requests

    /// Answers a request, now or later.
    ///
    /// - Returns: `false` for a path that is none of the Extensions API's; the request is not answered then.
    package func handle(_ exchange: HTTPExchange) -> Bool {
        exchange.eventLoop.assertInEventLoop()
        guard let route = ExtensionsAPIRoute(method: exchange.head.method, path: exchange.path), self.isEnabled else {
            return false
        }
        switch route {
        case .register: self.register(exchange)
        case .next: self.next(exchange)
        case .initError: self.report(.initError, exchange)
        case .exitError: self.report(.exitError, exchange)
        case .wrongMethod: exchange.reject(.methodNotAllowed)
        }
        return true
    }

    private func register(_ exchange: HTTPExchange) {
        guard let name = exchange.head.headers.first(name: "lambda-extension-name"), !name.isEmpty else {
            return exchange.reject(.emptyExtensionName)
        }
        exchange.collectBody(upTo: Self.maxRegistrationByteCount) { result in
            switch result {
            case .success(let body): self.register(exchange, name: name, body: body.bytes)
            case .failure(.tooLarge):
                exchange.reject(.tooLarge(limitByteCount: Self.maxRegistrationByteCount))
            case .failure: exchange.reject(.truncatedRequest)
            }
        }
    }

    private func register(_ exchange: HTTPExchange, name: String, body: ByteBuffer) {
        do {
            let registration = try ExtensionRegistration(body)
            switch self.registry.register(name: name, events: registration.events, identifier: RequestID.make()) {
            case .accept(let identifier, let externalsAreComplete):
                self.confirm(exchange, identifier: identifier)
                self.delegate?.extensionRegistered(name, presence: self.registry.presence)
                if externalsAreComplete { self.delegate?.externalExtensionsRegistered() }
            case .reject(let rejection):
                exchange.reject(rejection)
            }
        } catch {
            exchange.reject(error)
        }
    }

    private func confirm(_ exchange: HTTPExchange, identifier: String) {
        var members = [
            ("functionName", JSONText.string(self.function.name)),
            ("functionVersion", JSONText.string(self.function.version)),
            ("handler", JSONText.string(self.function.handler)),
        ]
        // A list; features that are not known are ignored.
        let features = exchange.head.headers.first(name: "lambda-extension-accept-feature") ?? ""
        if features.split(whereSeparator: { $0 == "," || $0 == " " }).contains("accountId"), !self.accountID.isEmpty {
            members.append(("accountId", JSONText.string(self.accountID)))
        }
        exchange.respond(
            status: .ok,
            headers: [("content-type", "application/json"), ("Lambda-Extension-Identifier", identifier)],
            body: ByteBuffer(string: JSONText.object(members)))
    }

    private func next(_ exchange: HTTPExchange) {
        let identifier = exchange.head.headers.first(name: "lambda-extension-identifier")
        switch self.registry.nextRequested(identifier: identifier, by: exchange) {
        case .wait(let completesBarrier):
            exchange.onAbort = { [weak self, unowned exchange] in
                self?.registry.waiterGone { $0 === exchange }
            }
            if completesBarrier { self.delegate?.extensionsBecameReady() }
        case .deliver(let event):
            exchange.respond(with: event)
        case .reject(let rejection):
            exchange.reject(rejection)
        }
    }

    /// The body is not looked at: AWS passes nothing of it on either.
    private func report(_ kind: ExtensionFailure.Kind, _ exchange: HTTPExchange) {
        let headers = exchange.head.headers
        let action = self.registry.errorReported(
            kind, identifier: headers.first(name: "lambda-extension-identifier"),
            errorType: headers.first(name: "lambda-extension-function-error-type"))
        switch action {
        case .accept(let failure):
            exchange.accept()
            self.delegate?.extensionReportedError(failure)
        case .reject(let rejection):
            exchange.reject(rejection)
        }
    }
}

extension HTTPExchange {
    /// An event for an extension, with the headers of contract 7.4.
    fileprivate func respond(with event: ExtensionEvent) {
        self.onAbort = nil
        self.respond(
            status: .ok,
            headers: [
                ("content-type", "application/json"), ("Lambda-Extension-Event-Identifier", RequestID.make()),
            ],
            body: event.document)
    }
}
