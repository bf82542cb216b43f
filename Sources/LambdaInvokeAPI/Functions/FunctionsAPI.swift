package import LambdaHTTP
package import LambdaProtocol
import NIOCore
import NIOHTTP1

/// The part of Lambda's API that reads functions: ListFunctions, GetFunction, GetFunctionConfiguration.
///
/// It lists what has announced itself. That is no condition for a function to be invoked.
package final class FunctionsAPI: Sendable {
    private let catalog: any FunctionCatalog
    private let limits: LambdaLimits
    private let authorizer: (any RequestAuthorizer)?
    private let arn: @Sendable (String) -> FunctionARN

    /// Makes an API.
    ///
    /// - Parameters:
    ///   - catalog: Who knows the functions.
    ///   - limits: The lengths of names.
    ///   - authorizer: Finds out who makes a request, who then sees what he may invoke; `nil`: everybody sees everything.
    ///   - arn: The ARN of a name that nobody serves, for error texts.
    package init(
        catalog: any FunctionCatalog, limits: LambdaLimits = LambdaLimits(),
        authorizer: (any RequestAuthorizer)? = nil, arn: @escaping @Sendable (String) -> FunctionARN
    ) {
        self.catalog = catalog
        self.limits = limits
        self.authorizer = authorizer
        self.arn = arn
    }

    /// Answers a request that is for this API.
    ///
    /// - Returns: Whether it was.
    package func handle(_ exchange: HTTPExchange) -> Bool {
        guard case .GET = exchange.head.method, let route = FunctionsRoute(path: exchange.path) else { return false }
        let requestID = RequestID.make()
        guard let authorizer = self.authorizer else {
            self.run(route, exchange, requestID, caller: nil)
            return true
        }
        switch authorizer.examine(exchange.head, arrival: EpochClock.now()) {
        case .failure(let error): exchange.answer(error, requestID: requestID)
        case .success(let claim): self.prove(claim, route, exchange, requestID)
        }
        return true
    }

    private func prove(
        _ claim: any RequestClaim, _ route: FunctionsRoute, _ exchange: HTTPExchange, _ requestID: String
    ) {
        // These requests have no body; whoever sends one has it signed, too.
        exchange.collectBody(upTo: 8192) { result in
            switch result.mapError(InvokeError.init).flatMap({ claim.verify($0.bytes) }) {
            case .failure(let error): exchange.answer(error, requestID: requestID)
            case .success(let caller): self.run(route, exchange, requestID, caller: caller)
            }
        }
    }

    private func run(
        _ route: FunctionsRoute, _ exchange: HTTPExchange, _ requestID: String, caller: RequestCaller?
    ) {
        switch route {
        case .list: self.list(exchange, requestID, caller)
        case .function(let segment):
            self.find(segment, exchange, requestID, caller, "lambda:GetFunction") { FunctionDocuments.function($0) }
        case .configuration(let segment):
            self.find(segment, exchange, requestID, caller, "lambda:GetFunctionConfiguration") {
                ByteBuffer(string: FunctionDocuments.configuration($0))
            }
        }
    }

    private func list(_ exchange: HTTPExchange, _ requestID: String, _ caller: RequestCaller?) {
        switch FunctionListPage.read(exchange.query) {
        case .failure(let error): exchange.answer(error, requestID: requestID)
        case .success(let page):
            self.functions(for: exchange) { functions in
                let visible = functions.filter { function in
                    caller.map { $0.mayInvoke(function.name, qualifier: function.qualifier) } ?? true
                }
                let (functions, nextMarker) = page.of(visible)
                self.answer(exchange, FunctionDocuments.list(functions, nextMarker: nextMarker), requestID)
            }
        }
    }

    private func find(
        _ segment: Substring, _ exchange: HTTPExchange, _ requestID: String, _ caller: RequestCaller?,
        _ action: String, _ document: @escaping (FunctionSummary) -> ByteBuffer
    ) {
        let qualifier = exchange.query.flatMap { PercentEncoding.queryParameter(LambdaHeader.qualifier, in: $0) }
        switch FunctionName.parse(segment: segment, qualifier: qualifier, limits: self.limits) {
        case .failure(let error): exchange.answer(error, requestID: requestID)
        case .success(let name):
            let arn = self.arn(name.name)
            let resolved = ResolvedFunction(
                name: name.name, qualifier: name.qualifier, invokedFunctionARN: arn.text(qualifier: name.qualifier))
            if let refusal = caller?.refusal(of: resolved, action: action) {
                return exchange.answer(refusal, requestID: requestID)
            }
            let wanted = name.qualifier == "$LATEST" ? nil : name.qualifier
            self.functions(for: exchange) { functions in
                guard let function = functions.first(where: { $0.name == name.name && $0.qualifier == wanted }) else {
                    let error = InvokeError.functionNotFound(arn, qualifier: name.qualifier)
                    return exchange.answer(error, requestID: requestID)
                }
                self.answer(exchange, document(function), requestID)
            }
        }
    }

    private func functions(for exchange: HTTPExchange, _ body: @escaping ([FunctionSummary]) -> Void) {
        self.catalog.functions().hop(to: exchange.eventLoop).assumeIsolated().whenComplete { result in
            body((try? result.get()) ?? [])
        }
    }

    private func answer(_ exchange: HTTPExchange, _ document: ByteBuffer, _ requestID: String) {
        exchange.respond(
            status: .ok, headers: [("Content-Type", "application/json"), (LambdaHeader.requestID, requestID)],
            body: document)
    }
}
