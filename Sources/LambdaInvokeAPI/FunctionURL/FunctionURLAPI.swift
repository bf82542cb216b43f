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

    /// - Parameters:
    ///   - invoker: What runs the functions. Requests are handled on its event loop.
    ///   - configuration: Which requests lead where.
    package init(invoker: any FunctionInvoker, configuration: FunctionURLConfiguration) {
        self.invoker = invoker
        self.configuration = configuration
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
        guard let name = match.function, case .success(let function) = self.invoker.resolve(name) else {
            answer.refuse(.unknown)
            return true
        }
        self.collect(answer, match, function)
        return true
    }

    private func makeExchange(_ exchange: HTTPExchange, _ url: FunctionURL) -> FunctionURLExchange {
        FunctionURLExchange(
            exchange: exchange, url: url, requestID: RequestID.make(),
            traceID: TraceHeader.complete(
                exchange.head.headers.first(name: LambdaHeader.traceID), now: EpochClock.now()))
    }

    // MARK: From request to event

    private func collect(
        _ answer: FunctionURLExchange, _ match: FunctionURLTable.Match, _ function: ResolvedFunction
    ) {
        answer.exchange.collectBody(upTo: self.configuration.limits.requestByteCount) { result in
            switch result {
            case .success(let body): self.invoke(answer, match, function, body.bytes)
            case .failure(.tooLarge): answer.refuse(.tooLarge)
            case .failure: answer.refuse(.incomplete)
            }
        }
    }

    private func invoke(
        _ answer: FunctionURLExchange, _ match: FunctionURLTable.Match, _ function: ResolvedFunction,
        _ body: ByteBuffer
    ) {
        let event = self.event(answer, match, function, body)
        // Base64 and JSON make more of it than was sent.
        guard event.readableBytes <= self.configuration.limits.requestByteCount else {
            return answer.refuse(.tooLarge)
        }
        let request = InvocationRequest(
            requestID: answer.requestID, event: event, invokedFunctionARN: function.invokedFunctionARN,
            traceID: answer.traceID)
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
        _ body: ByteBuffer
    ) -> ByteBuffer {
        let exchange = answer.exchange
        let fields = exchange.head.headers.map { HTTPField($0.name, $0.value) }
        let host = exchange.head.headers.first(name: "host") ?? ""
        let forwarding = Forwarding(
            fields, .init(peer: exchange.remoteAddress?.ipAddress ?? "", isTLS: false, host: host),
            trustsProxy: self.configuration.trustsProxy)
        let request = FunctionURLRequest(
            method: exchange.head.method.rawValue, path: String(match.path), fullPath: String(exchange.path),
            query: exchange.query.map { String($0) } ?? "",
            fields: EndToEndFields.of(
                fields, forwarding, traceID: answer.traceID, bodyByteCount: body.readableBytes),
            host: host, sourceIP: forwarding.sourceIP, requestID: answer.requestID, time: EpochClock.now(),
            functionName: function.name, accountID: function.accountID, body: body)
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
