package import LambdaHTTP
package import LambdaProtocol
import NIOCore
import NIOHTTP1

/// The part of Lambda's API that reads functions: ListFunctions, GetFunction, GetFunctionConfiguration.
///
/// It lists what has announced itself. That is no condition for a function to be invoked. Where requests have to be
/// signed, a caller is shown the functions that it may invoke.
package final class FunctionsAPI: Sendable {
    /// These requests have no body; one that is sent all the same may be signed, too.
    private static let maxBodyByteCount = 64 * 1024

    private let catalog: any FunctionCatalog
    private let limits: LambdaLimits
    private let authorizer: (any RequestAuthorizer)?
    private let arn: @Sendable (String) -> FunctionARN

    /// Makes an API.
    ///
    /// - Parameters:
    ///   - catalog: Who knows the functions.
    ///   - limits: The lengths of names.
    ///   - authorizer: Finds out who makes a request; `nil`: anybody may read everything.
    ///   - arn: The ARN of a name that nobody serves, for error texts.
    package init(
        catalog: any FunctionCatalog, limits: LambdaLimits = LambdaLimits(), authorizer: (any RequestAuthorizer)? = nil,
        arn: @escaping @Sendable (String) -> FunctionARN
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
        self.identify(exchange, requestID) { caller in
            switch route {
            case .list: self.list(exchange, requestID, caller)
            case .function(let segment):
                self.find(segment, exchange, requestID, caller) { FunctionDocuments.function($0) }
            case .configuration(let segment):
                self.find(segment, exchange, requestID, caller) { ByteBuffer(string: FunctionDocuments.configuration($0)) }
            }
        }
        return true
    }

    /// Finds out who asks, where that matters, or answers why nobody knows.
    private func identify(
        _ exchange: HTTPExchange, _ requestID: String, _ body: @escaping (RequestCaller?) -> Void
    ) {
        guard let authorizer = self.authorizer else { return body(nil) }
        switch authorizer.examine(exchange.head, arrival: EpochClock.now()) {
        case .failure(let error): exchange.answer(error, requestID: requestID)
        case .success(let claim):
            exchange.collectBody(upTo: Self.maxBodyByteCount) { result in
                switch result.mapError({ _ in InvokeError.incompleteBody }).flatMap({ claim.verify($0.bytes) }) {
                case .failure(let error): exchange.answer(error, requestID: requestID)
                case .success(let caller): body(caller)
                }
            }
        }
    }

    private func list(_ exchange: HTTPExchange, _ requestID: String, _ caller: RequestCaller?) {
        switch FunctionListPage.read(exchange.query) {
        case .failure(let error): exchange.answer(error, requestID: requestID)
        case .success(let page):
            self.functions(for: exchange) { functions in
                let readable = functions.filter { caller?.mayInvoke($0.name, qualifier: $0.qualifier) ?? true }
                let (functions, nextMarker) = page.of(readable)
                self.answer(exchange, FunctionDocuments.list(functions, nextMarker: nextMarker), requestID)
            }
        }
    }

    private func find(
        _ segment: Substring, _ exchange: HTTPExchange, _ requestID: String, _ caller: RequestCaller?,
        _ document: @escaping (FunctionSummary) -> ByteBuffer
    ) {
        let qualifier = exchange.query.flatMap { PercentEncoding.queryParameter(LambdaHeader.qualifier, in: $0) }
        switch FunctionName.parse(segment: segment, qualifier: qualifier, limits: self.limits) {
        case .failure(let error): exchange.answer(error, requestID: requestID)
        case .success(let name):
            let wanted = name.qualifier == "$LATEST" ? nil : name.qualifier
            if let caller, !caller.mayInvoke(name.name, qualifier: wanted) {
                let resource = self.arn(name.name).text(qualifier: wanted)
                return exchange.answer(caller.refusal(of: resource, action: "GetFunction"), requestID: requestID)
            }
            self.functions(for: exchange) { functions in
                guard let function = functions.first(where: { $0.name == name.name && $0.qualifier == wanted }) else {
                    let error = InvokeError.functionNotFound(self.arn(name.name), qualifier: name.qualifier)
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
