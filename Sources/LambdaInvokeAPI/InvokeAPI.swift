package import LambdaHTTP
package import LambdaProtocol
package import Logging
import NIOCore
import NIOHTTP1

/// Settings of the Invoke API.
package struct InvokeAPIConfiguration: Sendable {
    /// The sizes that are allowed.
    package var limits = LambdaLimits()
    /// Whether an event has to be JSON, as on AWS. Otherwise any bytes are handed to the function.
    package var requiresJSON = true

    package init() {}
}

/// The Invoke API over HTTP, for whatever can run functions: Invoke and the deprecated InvokeAsync (contract 1, 3).
///
/// A client that hangs up does not end its invocation, as on AWS.
package final class InvokeAPI: @unchecked Sendable {
    // @unchecked: only constants, and used on the invoker's loop.
    private let invoker: any FunctionInvoker
    private let configuration: InvokeAPIConfiguration
    private let logger: Logger

    package init(invoker: any FunctionInvoker, configuration: InvokeAPIConfiguration, logger: Logger) {
        self.invoker = invoker
        self.configuration = configuration
        self.logger = logger
    }

    /// Answers one request.
    package func handle(_ exchange: HTTPExchange) {
        guard let route = InvokeRoute(path: exchange.path) else {
            return self.answer(exchange, .unknownPath(exchange.path))
        }
        guard exchange.head.method == .POST else {
            return self.answer(exchange, .methodNotAllowed(exchange.head.method.rawValue))
        }
        switch route {
        case .invoke(let segment): self.invoke(exchange, segment)
        case .invokeAsync(let segment): self.invokeAsync(exchange, segment)
        }
    }
}

// MARK: - Invoke

extension InvokeAPI {
    private func invoke(_ exchange: HTTPExchange, _ segment: Substring) {
        let requestID = RequestID.make()
        switch self.invocation(exchange, segment, requestID: requestID) {
        case .failure(let error): self.answer(exchange, error, requestID: requestID)
        case .success(let invocation):
            let limits = self.configuration.limits
            let limit = invocation.type == .event ? limits.eventByteCount : limits.requestByteCount
            self.collectEvent(exchange, limit: limit, type: invocation.type) { event in
                switch event {
                case .failure(let error): self.answer(exchange, error, requestID: requestID)
                case .success(let event): self.run(invocation, event: event, requestID: requestID, exchange)
                }
            }
        }
    }

    /// What the head of a request says.
    private struct Invocation {
        var function: ResolvedFunction
        var type: InvocationType
        var wantsLogTail: Bool
        var clientContext: String?
        var tenantID: String?
        var traceID: String
    }

    private func invocation(
        _ exchange: HTTPExchange, _ segment: Substring, requestID: String
    ) -> Result<Invocation, InvokeError> {
        let headers = exchange.head.headers
        let qualifier = exchange.query.flatMap {
            PercentEncoding.queryParameter(LambdaHeader.qualifier, in: $0)
        }
        return FunctionName.parse(segment: segment, qualifier: qualifier)
            .flatMap { self.invoker.resolve($0) }
            .flatMap { function in
                InvocationType.parse(headers.first(name: LambdaHeader.invocationType)).flatMap { type in
                    self.clientContext(headers).map { context in
                        Invocation(
                            function: function, type: type,
                            wantsLogTail: headers.first(name: LambdaHeader.logType) == "Tail",
                            clientContext: context, tenantID: headers.first(name: LambdaHeader.tenantID),
                            traceID: TraceHeader.complete(
                                headers.first(name: LambdaHeader.traceID), now: EpochClock.now()))
                    }
                }
            }
    }

    private func clientContext(_ headers: HTTPHeaders) -> Result<String?, InvokeError> {
        guard let encoded = headers.first(name: LambdaHeader.clientContext), !encoded.isEmpty else {
            return .success(nil)
        }
        return ClientContext.decode(encoded, limits: self.configuration.limits).map { $0 }
    }

    private func run(_ invocation: Invocation, event: ByteBuffer, requestID: String, _ exchange: HTTPExchange) {
        let request = InvocationRequest(
            requestID: requestID, event: event, invokedFunctionARN: invocation.function.invokedFunctionARN,
            clientContext: invocation.type == .event ? nil : invocation.clientContext, traceID: invocation.traceID,
            tenantID: invocation.tenantID,
            wantsLogTail: invocation.wantsLogTail && invocation.type == .requestResponse)
        switch invocation.type {
        case .dryRun:
            exchange.respond(status: .noContent, headers: [(LambdaHeader.requestID, requestID)], body: nil)
        case .event:
            exchange.respond(status: .accepted, headers: [(LambdaHeader.requestID, requestID)], body: nil)
            self.runInBackground(request, invocation.function)
        case .requestResponse:
            self.invoker.invoke(request, of: invocation.function) { outcome in
                self.answer(exchange, outcome, requestID: requestID, traceID: invocation.traceID)
            }
        }
    }

    /// Runs an event that nobody waits for; what became of it goes to the log.
    private func runInBackground(_ request: InvocationRequest, _ function: ResolvedFunction) {
        self.invoker.invoke(request, of: function) { outcome in
            switch outcome {
            case .result: break
            case .functionError(let reply):
                self.logger.warning(
                    "An event ended in a function error",
                    metadata: ["requestId": "\(request.requestID)", "error": "\(String(buffer: reply.body))"])
            case .refused(let error):
                self.logger.warning(
                    "An event was not run",
                    metadata: ["requestId": "\(request.requestID)", "error": "\(error.message)"])
            }
        }
    }
}

// MARK: - InvokeAsync

extension InvokeAPI {
    private func invokeAsync(_ exchange: HTTPExchange, _ segment: Substring) {
        let requestID = RequestID.make()
        switch FunctionName.parse(segment: segment).flatMap({ self.invoker.resolve($0) }) {
        case .failure(let error): self.answer(exchange, error, requestID: requestID)
        case .success(let function):
            let limit = self.configuration.limits.invokeAsyncByteCount
            self.collectEvent(exchange, limit: limit, type: .event) { event in
                switch event {
                case .failure(let error): self.answer(exchange, error, requestID: requestID)
                case .success(let event):
                    exchange.respond(status: .accepted, headers: [(LambdaHeader.requestID, requestID)], body: nil)
                    let request = InvocationRequest(
                        requestID: requestID, event: event, invokedFunctionARN: function.invokedFunctionARN)
                    self.runInBackground(request, function)
                }
            }
        }
    }
}

// MARK: - The payload

extension InvokeAPI {
    /// The event of a request: at most `limit` bytes, JSON, and `{}` for an empty body (contract 1.5).
    private func collectEvent(
        _ exchange: HTTPExchange, limit: Int, type: InvocationType,
        _ completion: @escaping (Result<ByteBuffer, InvokeError>) -> Void
    ) {
        exchange.collectBody(upTo: limit) { result in
            switch result {
            case .success(let body): completion(EventPayload.check(body.bytes, requiresJSON: self.configuration.requiresJSON))
            case .failure(.tooLarge(let declared)):
                completion(.failure(.payloadTooLarge(byteCount: declared ?? limit + 1, type: type, limit: limit)))
            case .failure(let error):
                completion(.failure(InvokeError(.invalidRequestContent, "The request body is incomplete: \(error)")))
            }
        }
    }
}

// MARK: - Answers

extension InvokeAPI {
    private func answer(
        _ exchange: HTTPExchange, _ outcome: InvocationOutcome, requestID: String, traceID: String
    ) {
        switch outcome {
        case .refused(let error): self.answer(exchange, error, requestID: requestID)
        case .result(let reply): self.answer(exchange, reply, isError: false, requestID, traceID)
        case .functionError(let reply): self.answer(exchange, reply, isError: true, requestID, traceID)
        }
    }

    private func answer(
        _ exchange: HTTPExchange, _ reply: FunctionReply, isError: Bool, _ requestID: String, _ traceID: String
    ) {
        var headers = [
            ("Content-Type", "application/json"), (LambdaHeader.requestID, requestID),
            (LambdaHeader.executedVersion, reply.executedVersion ?? "$LATEST"), (LambdaHeader.traceID, traceID),
        ]
        if isError { headers.append((LambdaHeader.functionError, LambdaHeader.unhandled)) }
        if let tail = reply.logTail {
            headers.append((LambdaHeader.logResult, Base64.encode(tail.readableBytesView)))
        }
        exchange.respond(status: .ok, headers: headers, body: reply.body)
    }

    private func answer(_ exchange: HTTPExchange, _ error: InvokeError, requestID: String = RequestID.make()) {
        var headers = [
            ("Content-Type", "application/json"), (LambdaHeader.requestID, requestID),
            (LambdaHeader.errorType, error.kind.errorType),
        ]
        if let seconds = error.retryAfterSeconds { headers.append((LambdaHeader.retryAfter, "\(seconds)")) }
        exchange.respond(
            status: HTTPResponseStatus(statusCode: error.kind.status), headers: headers, body: error.body)
    }
}

extension InvokeError {
    static func unknownPath(_ path: Substring) -> InvokeError {
        InvokeError(.resourceNotFound, "Unknown path: \(path)")
    }

    static func methodNotAllowed(_ method: String) -> InvokeError {
        InvokeError(
            Kind(errorType: "MethodNotAllowedException", status: 405), "The method \(method) is not allowed here; use POST")
    }
}
