package import LambdaHTTP
package import LambdaProtocol
package import NIOCore
internal import NIOHTTP1

/// What the Runtime API tells the environment that it belongs to.
package protocol RuntimeAPIDelegate: AnyObject {
    /// The runtime waits for an event: init is done, or the previous invocation.
    func runtimeBecameReady()
    /// The head of an answer was accepted; the body follows.
    func runtimePostStarted()
    /// The answer to the invocation of this id is complete. It stands, whatever happens to the runtime from here on.
    func runtimePosted(_ post: RuntimePost, id: Substring)
    /// The runtime says why it cannot start; the document is its own, the type is one that may be told of.
    func runtimePostedInitError(_ document: FunctionReply, errorType: String)
}

/// The Runtime API of one environment: routes to the state machine, its decisions to responses (contract 4).
// @unchecked: every member is used on the event loop of its exchanges only.
package final class RuntimeAPI: @unchecked Sendable {
    private weak var delegate: (any RuntimeAPIDelegate)?
    private let executedVersion: String
    private let limits: LambdaLimits
    private let maxInvocations: Int
    private var machine: RuntimeMachine<HTTPExchange>
    /// The events that the runtime has or is to get; one, unless it takes several at a time.
    private var deliveries: [Delivery] = []
    /// Counts processes: a body that is still being received from an earlier one is nobody's answer.
    private var generation = 0
    /// The responses that callers take as they come.
    private var streams: [RuntimeResponseStream] = []
    /// What the process that runs has said that it is; `nil` until its first `next`.
    package private(set) var release: String?

    private struct Delivery {
        let invocation: Invocation
        let deadlineInMilliseconds: Int64
    }

    /// - Parameters:
    ///   - delegate: Kept weakly.
    ///   - executedVersion: The function's version, for the answers.
    ///   - limits: How large a response may be.
    ///   - maxInvocations: How many invocations the runtime may have at a time.
    package init(
        delegate: any RuntimeAPIDelegate, executedVersion: String, limits: LambdaLimits = LambdaLimits(),
        maxInvocations: Int = 1
    ) {
        self.delegate = delegate
        self.executedVersion = executedVersion
        self.limits = limits
        self.maxInvocations = maxInvocations
        self.machine = RuntimeMachine(maxInvocations: maxInvocations)
        self.machine.exited().forEach(Self.dismiss)
    }

    /// A new process has started.
    package func processStarted() {
        self.forgetInvocations()
        self.machine = RuntimeMachine(maxInvocations: self.maxInvocations)
        self.release = nil
    }

    /// The process is gone or being killed.
    ///
    /// Whoever still asks is refused.
    package func processEnded() {
        self.forgetInvocations()
        self.machine.exited().forEach(Self.dismiss)
    }

    private func forgetInvocations() {
        self.generation += 1
        self.deliveries.removeAll(keepingCapacity: true)
        for stream in self.streams { stream.cancel() }
    }

    /// The caller of an invocation has been told that it took too long, while the runtime works on others.
    ///
    /// - Returns: Whether all that the runtime could have at a time has come to this.
    package func expire(id: String) -> Bool {
        self.deliveries.removeAll { $0.invocation.request.requestID == id }
        return self.machine.expire(id: id)
    }

    private static func dismiss(_ exchange: HTTPExchange) {
        exchange.onAbort = nil
        exchange.reject(.transition(from: .exited, to: .ready))
    }

    /// Gives the runtime an event.
    ///
    /// It must be ready.
    ///
    /// - Parameters:
    ///   - invocation: The invocation.
    ///   - remaining: What is left of its time-out.
    package func deliver(_ invocation: Invocation, remaining: TimeAmount) {
        let delivery = Delivery(
            invocation: invocation,
            deadlineInMilliseconds: EpochClock.now().millisecondsSinceEpoch + remaining.nanoseconds / 1_000_000)
        switch self.machine.invoke(id: invocation.request.requestID) {
        case .deliver(let exchange):
            self.keep(delivery)
            exchange.onAbort = nil
            exchange.respond(with: delivery.invocation.request, deadline: delivery.deadlineInMilliseconds)
        case .deliverToNextRequest:
            self.keep(delivery)
        case .refuse:
            break
        }
    }

    private func keep(_ delivery: Delivery) {
        if !self.machine.isConcurrent { self.deliveries.removeAll(keepingCapacity: true) }
        self.deliveries.append(delivery)
    }

    /// Answers a request, now or later.
    ///
    /// - Returns: `false` for a path that is none of the Runtime API's; the request is not answered then.
    package func handle(_ exchange: HTTPExchange) -> Bool {
        switch RuntimeAPIRoute(method: exchange.head.method, path: exchange.path) {
        case .next: self.next(exchange)
        case .response(let id): self.response(exchange, id: id)
        case .error(let id): self.error(exchange, id: id)
        case .initError: self.initError(exchange)
        case .ping: exchange.respond(status: .ok, headers: [], body: ByteBuffer(string: "pong"))
        case .unknownPath: return false
        case .wrongMethod: exchange.reject(.methodNotAllowed)
        }
        return true
    }

    private func next(_ exchange: HTTPExchange) {
        switch self.machine.nextRequested(by: exchange) {
        case .becameReady:
            self.forgetOnAbort(exchange)
            if self.release == nil { self.release = Self.release(exchange) }
            self.delegate?.runtimeBecameReady()
        case .wait:
            self.forgetOnAbort(exchange)
        case .deliver(let id):
            guard let delivery = id.map({ self.delivery($0[...]) }) ?? self.deliveries.first else {
                return exchange.reject(.internalError)
            }
            exchange.respond(with: delivery.invocation.request, deadline: delivery.deadlineInMilliseconds)
        case .reject(let rejection):
            exchange.reject(rejection)
        }
    }

    private static func release(_ exchange: HTTPExchange) -> String {
        let fields = exchange.head.headers
        return RuntimeRelease.text(
            userAgent: fields.first(name: "user-agent"), features: fields.first(name: "lambda-runtime-features")) ?? ""
    }

    /// The id has been checked: where there is one invocation, it is that one's.
    private func delivery(_ id: Substring) -> Delivery? {
        guard self.machine.isConcurrent else { return self.deliveries.first }
        return self.deliveries.first { $0.invocation.request.requestID == id }
    }

    private func forgetOnAbort(_ exchange: HTTPExchange) {
        exchange.onAbort = { [weak self, unowned exchange] in
            self?.machine.waiterGone { $0 === exchange }
        }
    }

    private func response(_ exchange: HTTPExchange, id: Substring) {
        if case .reject(let rejection) = self.machine.responseStarted(id: id) { return exchange.reject(rejection) }
        let mode = exchange.head.headers.first(name: "lambda-runtime-function-response-mode")
        guard mode == nil || mode?.lowercased() == "streaming" else {
            exchange.reject(.invalidResponseMode)
            return self.finishPost(
                self.platformError("Runtime.InvalidResponseModeHeader", "Invalid function response mode", id: id), id: id)
        }
        if let sink = self.delivery(id)?.invocation.sink, mode != nil || exchange.isChunked {
            return self.stream(exchange, id: id, into: sink)
        }
        self.collect(exchange, id: id) { body in
            let reply = FunctionReply(
                body: body.bytes, contentType: exchange.head.headers.first(name: "content-type"),
                executedVersion: self.executedVersion)
            return self.post(reply, trailers: body.trailers)
        }
    }

    private func post(_ reply: FunctionReply, trailers: HTTPHeaders?) -> RuntimePost {
        guard let error = trailers.flatMap(TrailerError.init) else { return RuntimePost(outcome: .result(reply)) }
        return self.functionError(error.document, PostedErrorType.told(error.type))
    }

    /// Go streams without a response mode (contract 6.1): whatever is chunked goes on as it comes.
    private func stream(_ exchange: HTTPExchange, id: Substring, into sink: any ResponseSink) {
        self.delegate?.runtimePostStarted()
        let contentType = exchange.head.headers.first(name: "content-type")
        let limit = self.limits.streamedResponseByteCount
        let stream = RuntimeResponseStream(exchange, into: sink, limit: limit) { stream, ending in
            self.streams.removeAll { $0 === stream }
            switch ending {
            case .complete(let trailers):
                exchange.accept()
                let reply = FunctionReply(
                    body: ByteBuffer(), contentType: contentType, executedVersion: self.executedVersion)
                self.finishPost(self.post(reply, trailers: trailers), id: id)
            case .tooLarge:
                exchange.reject(.tooLarge(limitByteCount: limit))
                self.finishPost(self.tooLarge(limit: limit), id: id)
            case .truncated:
                exchange.reject(.truncatedRequest)
                self.finishPost(self.truncated(id: id), id: id)
            case .cancelled:
                exchange.reject(.invalidRequestID)
            }
        }
        self.streams.append(stream)
        stream.start(ResponseHead(contentType: contentType, executedVersion: self.executedVersion))
    }

    private func error(_ exchange: HTTPExchange, id: Substring) {
        if case .reject(let rejection) = self.machine.errorStarted(id: id) { return exchange.reject(rejection) }
        self.collect(exchange, id: id) { body in
            let reply = FunctionReply(
                body: body.bytes, contentType: exchange.head.headers.first(name: "content-type"),
                executedVersion: self.executedVersion)
            return RuntimePost(outcome: .functionError(reply), errorType: Self.errorType(exchange))
        }
    }

    private func collect(
        _ exchange: HTTPExchange, id: Substring, _ post: @escaping (HTTPBody) -> RuntimePost
    ) {
        self.delegate?.runtimePostStarted()
        let generation = self.generation
        exchange.collectBody(upTo: self.limits.responseByteCount) { result in
            guard generation == self.generation else { return exchange.reject(.invalidRequestID) }
            switch result {
            case .success(let body):
                exchange.accept()
                self.finishPost(post(body), id: id)
            case .failure(.tooLarge):
                exchange.reject(.tooLarge(limitByteCount: self.limits.responseByteCount))
                self.finishPost(self.tooLarge(limit: self.limits.responseByteCount), id: id)
            case .failure:
                exchange.reject(.truncatedRequest)
                self.finishPost(self.truncated(id: id), id: id)
            }
        }
    }

    private func finishPost(_ post: RuntimePost, id: Substring) {
        self.machine.postFinished(id: id)
        if self.machine.isConcurrent { self.deliveries.removeAll { $0.invocation.request.requestID == id } }
        self.delegate?.runtimePosted(post, id: id)
    }

    private func initError(_ exchange: HTTPExchange) {
        if case .reject(let rejection) = self.machine.initErrorStarted() { return exchange.reject(rejection) }
        self.delegate?.runtimePostStarted()
        let generation = self.generation
        exchange.collectBody(upTo: self.limits.responseByteCount) { result in
            guard generation == self.generation else {
                return exchange.reject(.transition(from: .exited, to: .initError))
            }
            switch result {
            case .success(let body):
                exchange.accept()
                self.delegate?.runtimePostedInitError(self.reply(body.bytes), errorType: Self.errorType(exchange))
            case .failure(let error):
                exchange.reject(
                    error.isTooLarge
                        ? .tooLarge(limitByteCount: self.limits.responseByteCount) : .truncatedRequest)
                self.delegate?.runtimePostedInitError(
                    self.reply(ErrorDocument.platform(type: "Runtime.Unknown", requestID: nil, reason: "init error")),
                    errorType: Self.errorType(exchange))
            }
        }
    }

    private func reply(_ document: ByteBuffer) -> FunctionReply {
        FunctionReply(body: document, contentType: "application/json", executedVersion: self.executedVersion)
    }
}

// MARK: - Errors

extension RuntimeAPI {
    /// The type that a post to `error` or `init/error` names.
    private static func errorType(_ exchange: HTTPExchange) -> String {
        PostedErrorType.told(exchange.head.headers.first(name: "lambda-runtime-function-error-type"))
    }

    private func functionError(_ document: ByteBuffer, _ type: String) -> RuntimePost {
        RuntimePost(outcome: .functionError(self.reply(document)), errorType: type)
    }

    private func tooLarge(limit: Int) -> RuntimePost {
        self.functionError(ErrorDocument.responseTooLarge(limit: limit), "Function.ResponseSizeTooLarge")
    }

    private func truncated(id: Substring) -> RuntimePost {
        var post = self.platformError("Runtime.TruncatedResponse", "HTTP request detected as truncated", id: id)
        post.isTruncated = true
        return post
    }

    private func platformError(_ type: String, _ reason: String, id: Substring) -> RuntimePost {
        self.functionError(ErrorDocument.platform(type: type, requestID: String(id), reason: reason), type)
    }
}

extension HTTPBodyError {
    fileprivate var isTooLarge: Bool {
        if case .tooLarge = self { true } else { false }
    }
}
