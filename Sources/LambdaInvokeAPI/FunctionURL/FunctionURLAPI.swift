package import LambdaHTTP
package import LambdaProtocol
import NIOCore
import NIOHTTP1

/// Functions over plain HTTP, as function URLs and REST APIs have them (contract 12): a request becomes an event, what
/// the function answers becomes the response.
// @unchecked: every member is used on the invoker's event loop only (asserted).
package final class FunctionURLAPI: @unchecked Sendable {
    private let invoker: any FunctionInvoker
    private let configuration: FunctionURLConfiguration
    private let authorizer: (any RequestAuthorizer)?

    /// - Parameters:
    ///   - invoker: What runs the functions. Requests are handled on its event loop.
    ///   - configuration: Which requests lead where.
    ///   - authorizer: Finds out who makes a request to a URL of `AWS_IAM`; without one, nobody may make any.
    package init(
        invoker: any FunctionInvoker, configuration: FunctionURLConfiguration,
        authorizer: (any RequestAuthorizer)? = nil
    ) {
        self.invoker = invoker
        self.configuration = configuration
        self.authorizer = authorizer
    }

    /// Answers a request to a domain of a function's own.
    ///
    /// - Returns: `false` for any other request, which is left alone.
    package func serveDomain(_ exchange: HTTPExchange) -> Bool {
        self.serve(
            exchange,
            self.configuration.table.match(host: exchange.head.headers.first(name: "host"), path: exchange.path))
    }

    /// Answers a request to a path of a function's own, whatever the domain.
    ///
    /// - Returns: `false` for any other request, which is left alone.
    package func servePath(_ exchange: HTTPExchange) -> Bool {
        self.serve(exchange, self.configuration.table.match(path: exchange.path))
    }

    /// Answers a request to nothing as AWS answers one to an id that it does not know.
    package func refuse(_ exchange: HTTPExchange) {
        self.makeExchange(exchange, FunctionURL()).refuse(.unknown)
    }

    private func serve(_ exchange: HTTPExchange, _ match: FunctionURLTable.Match?) -> Bool {
        self.invoker.eventLoop.assertInEventLoop()
        guard let match else { return false }
        var answer = self.makeExchange(exchange, match.url)
        switch match.url.cors?.decide(exchange.asked) {
        case .preflight(let fields):
            answer.respond(FunctionURLResponse(status: 200, fields: fields, body: ByteBuffer()))
            return true
        case .invoke(let fields): answer.cors = fields
        case nil: break
        }
        let function = match.function.flatMap { try? self.invoker.resolve($0).get() }
        switch match.url.authType {
        case .none:
            if let function { self.collect(answer, match, function) } else { answer.refuse(.unknown) }
        case .iam: self.examine(answer, match, function)
        }
        return true
    }

    /// Asks who it is. That there is no such function is told only to those who have proved it.
    private func examine(
        _ answer: FunctionURLExchange, _ match: FunctionURLTable.Match, _ function: ResolvedFunction?
    ) {
        switch self.authorizer?.examine(answer.exchange.head, arrival: EpochClock.now()) {
        case nil: answer.refuse(.forbidden)
        case .failure(let error): answer.refuse(FunctionURLError(signature: error))
        case .success(let claim): self.collect(answer, match, function, claim)
        }
    }

    private func makeExchange(_ exchange: HTTPExchange, _ url: FunctionURL) -> FunctionURLExchange {
        let headers = InvokeHeaders(exchange.head.headers)
        return FunctionURLExchange(
            exchange: exchange, url: url, requestID: RequestID.make(),
            traceID: TraceHeader.complete(headers.traceID, context: headers.traceContext, now: EpochClock.now()),
            traceContext: headers.traceContext)
    }

    // MARK: From request to event

    private func collect(
        _ answer: FunctionURLExchange, _ match: FunctionURLTable.Match, _ function: ResolvedFunction?,
        _ claim: (any RequestClaim)? = nil
    ) {
        answer.exchange.collectBody(upTo: self.configuration.limits.requestByteCount) { result in
            switch result {
            case .success(let body): self.invoke(answer, match, function, claim, body.bytes)
            case .failure(.tooLarge): answer.refuse(.tooLarge)
            case .failure(.noRoom): answer.refuse(FunctionURLError(InvokeError(.noRoom)))
            case .failure: answer.refuse(.incomplete)
            }
        }
    }

    private func invoke(
        _ answer: FunctionURLExchange, _ match: FunctionURLTable.Match, _ function: ResolvedFunction?,
        _ claim: (any RequestClaim)?, _ body: ByteBuffer
    ) {
        var caller: RequestCaller?
        switch claim?.verify(body) {
        case nil: break
        case .failure(let error): return answer.refuse(FunctionURLError(signature: error))
        case .success(let proved): caller = proved
        }
        guard let function else { return answer.refuse(.unknown) }
        if let caller, caller.refusal(of: function) != nil { return answer.refuse(.forbidden) }
        self.invoke(answer, match, function, caller, body)
    }

    private func invoke(
        _ answer: FunctionURLExchange, _ match: FunctionURLTable.Match, _ function: ResolvedFunction,
        _ caller: RequestCaller?, _ body: ByteBuffer
    ) {
        let event = self.event(answer, match, function, caller, body)
        // Base64 and JSON make more of it than was sent.
        guard event.readableBytes <= self.configuration.limits.requestByteCount else {
            return answer.refuse(.tooLarge)
        }
        let request = InvocationRequest(
            requestID: answer.requestID, event: event, invokedFunctionARN: function.invokedFunctionARN,
            traceID: answer.traceID, traceContext: answer.traceContext)
        switch match.url.invokeMode {
        case .buffered:
            self.invoker.invoke(request, of: function) { self.answer($0, answer) }
        case .streaming:
            let stream = FunctionURLStream(answer)
            self.invoker.invoke(request, of: function, into: stream) { stream.finish($0) }
        }
    }

    private func event(
        _ answer: FunctionURLExchange, _ match: FunctionURLTable.Match, _ function: ResolvedFunction,
        _ caller: RequestCaller?, _ body: ByteBuffer
    ) -> ByteBuffer {
        let exchange = answer.exchange
        let fields = exchange.head.headers.map { HTTPField($0.name, $0.value) }
        let host = exchange.head.headers.first(name: "host") ?? ""
        let forwarding = Forwarding(
            fields, .init(peer: exchange.remoteAddress?.ipAddress ?? "", isTLS: exchange.isSecure, host: host),
            trustsProxy: self.configuration.trustsProxy)
        let request = FunctionURLRequest(
            method: exchange.head.method.rawValue, path: String(match.path), fullPath: String(exchange.path),
            query: exchange.query.map { String($0) } ?? "",
            fields: EndToEndFields.of(
                fields, forwarding, traceID: answer.traceID, bodyByteCount: body.readableBytes,
                isSigned: caller != nil),
            host: host, sourceIP: forwarding.sourceIP, requestID: answer.requestID, time: EpochClock.now(),
            functionName: function.name, accountID: function.accountID, caller: caller, body: body)
        switch match.url.payloadFormat {
        case .v2: return PayloadV2Event.make(request)
        case .v1: return PayloadV1Event.make(request)
        }
    }

    // MARK: From outcome to response

    private func answer(_ outcome: InvocationOutcome, _ answer: FunctionURLExchange) {
        switch outcome {
        case .result(let reply):
            guard let response = ResponseReader.read(reply, answer.url) else { return answer.refuse(.badGateway) }
            answer.respond(response)
        case .functionError: answer.refuse(.badGateway)
        case .refused(let error): answer.refuse(FunctionURLError(error))
        }
    }
}

extension HTTPExchange {
    /// What matters to CORS.
    fileprivate var asked: CORSPolicy.Asked {
        CORSPolicy.Asked(
            method: self.head.method.rawValue, origin: self.head.headers.first(name: "origin"),
            requestMethod: self.head.headers.first(name: "access-control-request-method"),
            requestHeaders: self.head.headers.first(name: "access-control-request-headers"))
    }
}

extension ResolvedFunction {
    /// The account in its ARN.
    fileprivate var accountID: String {
        let parts = self.invokedFunctionARN.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count > 4 ? String(parts[4]) : "anonymous"
    }
}
