package import LambdaHTTP
package import LambdaProtocol
package import Logging
import NIOCore
import NIOHTTP1

/// The Invoke API over HTTP, for whatever can run functions: Invoke, InvokeWithResponseStream and the deprecated
/// InvokeAsync (contract 1 to 3).
///
/// A client that hangs up does not end its invocation, as on AWS.
// @unchecked: every member is used on the invoker's event loop only (asserted).
package final class InvokeAPI: @unchecked Sendable {
    private let invoker: any FunctionInvoker
    private let events: (any EventAcceptor)?
    let configuration: InvokeAPIConfiguration
    private let authorizer: (any RequestAuthorizer)?
    private let logger: Logger
    private let watchdogReadiness: (() -> Bool)?

    /// Makes an API.
    ///
    /// - Parameters:
    ///   - invoker: What runs the functions. Requests are handled on its event loop.
    ///   - events: What takes over events that nobody waits for; `nil`: they are run at once, and once only.
    ///   - configuration: Limits and rules.
    ///   - authorizer: Finds out who makes a request; `nil`: anybody may invoke everything.
    ///   - logger: For what became of events that were run at once.
    ///   - watchdogReadiness: Whether an invocation could run now; where it is given, OpenFaaS's watchdog is emulated,
    ///     too: `/`, `/_/health` and `/_/ready`.
    package init(
        invoker: any FunctionInvoker, events: (any EventAcceptor)? = nil, configuration: InvokeAPIConfiguration,
        authorizer: (any RequestAuthorizer)? = nil, logger: Logger, watchdogReadiness: (() -> Bool)? = nil
    ) {
        self.invoker = invoker
        self.events = events
        self.configuration = configuration
        self.authorizer = authorizer
        self.logger = logger
        self.watchdogReadiness = watchdogReadiness
    }

    /// Whether a path is of the Lambda API, whose paths begin with the date of a version of it.
    package static func owns(path: Substring) -> Bool {
        let date = path.utf8.dropFirst().prefix { $0 != UInt8(ascii: "/") }
        return date.count == 10 && date.enumerated().allSatisfy { index, byte in
            index == 4 || index == 7 ? byte == UInt8(ascii: "-") : (0x30...0x39).contains(byte)
        }
    }

    /// Answers one request.
    package func handle(_ exchange: HTTPExchange) {
        self.invoker.eventLoop.assertInEventLoop()
        let requestID = RequestID.make()
        guard let route = InvokeRoute(path: exchange.path) else {
            if let readiness = self.watchdogReadiness, let route = WatchdogRoute(path: exchange.path) {
                return self.handle(exchange, route, requestID, isReady: readiness)
            }
            return exchange.answer(.unknownPath, requestID: requestID)
        }
        guard exchange.head.method == .POST else {
            return exchange.answer(.methodNotAllowed, requestID: requestID)
        }
        guard let authorizer = self.authorizer else { return self.run(route, exchange, requestID, claim: nil) }
        switch authorizer.examine(exchange.head, arrival: EpochClock.now()) {
        case .failure(let error): exchange.answer(error, requestID: requestID)
        case .success(let claim): self.run(route, exchange, requestID, claim: claim)
        }
    }

    private func run(
        _ route: InvokeRoute, _ exchange: HTTPExchange, _ requestID: String, claim: (any RequestClaim)?
    ) {
        switch route {
        case .invoke(let segment): self.invoke(exchange, segment, requestID, isStreaming: false, claim: claim)
        case .invokeStreaming(let segment): self.invoke(exchange, segment, requestID, isStreaming: true, claim: claim)
        case .invokeAsync(let segment): self.invokeAsync(exchange, segment, requestID, claim)
        }
    }

    // MARK: Operations

    func invoke(
        _ exchange: HTTPExchange, _ segment: Substring, _ requestID: String, isStreaming: Bool,
        claim: (any RequestClaim)?
    ) {
        let limits = self.configuration.limits
        let headers = InvokeHeaders(exchange.head.headers)
        let head = InvokeHead.read(
            segment: segment, query: exchange.query, headers: headers, invoker: self.invoker, limits: limits,
            types: isStreaming ? InvocationType.streaming : InvocationType.all)
        switch head {
        case .failure(let error): self.refuse(exchange, error, requestID, claim)
        case .success(let head):
            let limit = head.type == .event ? limits.eventByteCount : limits.requestByteCount
            let proof = claim.map { RequestProof(claim: $0, function: head.function) }
            self.collectEvent(exchange, limit, head.type, requestID, proof) { event in
                let trace = TraceHeader.complete(
                    headers.traceID, context: headers.traceContext, now: EpochClock.now())
                let request = InvocationRequest(
                    requestID: requestID, event: event, invokedFunctionARN: head.function.invokedFunctionARN,
                    clientContext: head.clientContext, traceID: trace, traceContext: headers.traceContext,
                    tenantID: head.tenantID, wantsLogTail: head.wantsLogTail, idempotencyKey: head.idempotencyKey)
                self.run(request, head, exchange, isStreaming: isStreaming)
            }
        }
    }

    private func run(
        _ request: InvocationRequest, _ head: InvokeHead, _ exchange: HTTPExchange, isStreaming: Bool
    ) {
        switch head.type {
        case .dryRun:
            let requestID = request.requestID
            self.invoker.check(head.function) { exchange.acknowledge(.noContent, unless: $0, requestID: requestID) }
        case .event: self.accept(request, of: head.function, exchange)
        case .requestResponse where isStreaming:
            let response = EventStreamResponse(exchange, to: request)
            self.invoker.invoke(request, of: head.function, into: response) { response.finish($0) }
        case .requestResponse:
            // Not the event: it may be large, and is not needed for the answer.
            let (requestID, traceID) = (request.requestID, request.traceID)
            self.invoker.invoke(request, of: head.function) {
                exchange.answer($0, requestID: requestID, traceID: traceID)
            }
        }
    }

    /// Without X-Ray (contract 3).
    private func invokeAsync(
        _ exchange: HTTPExchange, _ segment: Substring, _ requestID: String, _ claim: (any RequestClaim)?
    ) {
        let limits = self.configuration.limits
        switch FunctionName.parse(segment: segment, limits: limits).flatMap({ self.invoker.resolve($0) }) {
        case .failure(let error): self.refuse(exchange, error, requestID, claim)
        case .success(let function):
            let proof = claim.map { RequestProof(claim: $0, function: function) }
            self.collectEvent(exchange, limits.invokeAsyncByteCount, .event, requestID, proof) { event in
                let request = InvocationRequest(
                    requestID: requestID, event: event, invokedFunctionARN: function.invokedFunctionARN)
                self.accept(request, of: function, exchange)
            }
        }
    }

    /// Answers 202 once an event that nobody waits for is kept safely.
    private func accept(_ request: InvocationRequest, of function: ResolvedFunction, _ exchange: HTTPExchange) {
        guard let events = self.events else { return self.runEvent(request, of: function, exchange) }
        events.accept(request, of: function) { error in
            if let error {
                exchange.answer(error, requestID: request.requestID)
            } else {
                exchange.acknowledge(.accepted, requestID: request.requestID)
            }
        }
    }

    /// Answers 202, and runs an event that nobody waits for; what became of it goes to the log.
    private func runEvent(_ request: InvocationRequest, of function: ResolvedFunction, _ exchange: HTTPExchange) {
        exchange.acknowledge(.accepted, requestID: request.requestID)
        self.invoker.invoke(request, of: function) { outcome in
            switch outcome {
            case .result(let reply):
                self.logger.info(
                    "An event has been processed",
                    metadata: ["requestId": "\(request.requestID)", "result": "\(reply.shownBody)"])
            case .functionError(let reply):
                self.logger.warning(
                    "An event ended in a function error",
                    metadata: ["requestId": "\(request.requestID)", "error": "\(reply.shownBody)"])
            case .refused(let error):
                self.logger.warning(
                    "An event was not run",
                    metadata: ["requestId": "\(request.requestID)", "error": "\(error.message)"])
            }
        }
    }

    // MARK: The payload

    /// Gives the event of a request to `body`, or answers why there is none (contract 1.5).
    private func collectEvent(
        _ exchange: HTTPExchange, _ limit: Int, _ type: InvocationType, _ requestID: String,
        _ proof: RequestProof?, _ body: @escaping (ByteBuffer) -> Void
    ) {
        exchange.collectBody(upTo: limit) { result in
            switch self.event(result, limit, type, proof) {
            case .success(let event): body(event)
            case .failure(let error): exchange.answer(error, requestID: requestID)
            }
        }
    }

    private func event(
        _ result: Result<HTTPBody, HTTPBodyError>, _ limit: Int, _ type: InvocationType, _ proof: RequestProof?
    ) -> Result<ByteBuffer, InvokeError> {
        switch result {
        case .success(let body):
            if let error = proof?.refusal(body.bytes) { return .failure(error) }
            return EventPayload.check(body.bytes, requiresJSON: self.configuration.requiresJSON)
        case .failure(.tooLarge(let declared)):
            return .failure(.payloadTooLarge(byteCount: declared ?? limit + 1, type: type, limit: limit))
        case .failure(let error):
            return .failure(InvokeError(error))
        }
    }
}

extension FunctionReply {
    /// Enough of the error document for a log line.
    fileprivate var shownBody: String {
        String(decoding: self.body.readableBytesView.prefix(4096), as: Unicode.UTF8.self)
    }
}
