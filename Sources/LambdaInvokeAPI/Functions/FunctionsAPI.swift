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
    private let arn: @Sendable (String) -> FunctionARN

    /// Makes an API.
    ///
    /// - Parameters:
    ///   - catalog: Who knows the functions.
    ///   - limits: The lengths of names.
    ///   - arn: The ARN of a name that nobody serves, for error texts.
    package init(
        catalog: any FunctionCatalog, limits: LambdaLimits = LambdaLimits(),
        arn: @escaping @Sendable (String) -> FunctionARN
    ) {
        self.catalog = catalog
        self.limits = limits
        self.arn = arn
    }

    /// Answers a request that is for this API.
    ///
    /// - Returns: Whether it was.
    package func handle(_ exchange: HTTPExchange) -> Bool {
        guard case .GET = exchange.head.method, let route = FunctionsRoute(path: exchange.path) else { return false }
        let requestID = RequestID.make()
        switch route {
        case .list: self.list(exchange, requestID)
        case .function(let segment):
            self.find(segment, exchange, requestID) { FunctionDocuments.function($0) }
        case .configuration(let segment):
            self.find(segment, exchange, requestID) { ByteBuffer(string: FunctionDocuments.configuration($0)) }
        }
        return true
    }

    private func list(_ exchange: HTTPExchange, _ requestID: String) {
        switch FunctionListPage.read(exchange.query) {
        case .failure(let error): exchange.answer(error, requestID: requestID)
        case .success(let page):
            self.functions(for: exchange) { functions in
                let (functions, nextMarker) = page.of(functions)
                self.answer(exchange, FunctionDocuments.list(functions, nextMarker: nextMarker), requestID)
            }
        }
    }

    private func find(
        _ segment: Substring, _ exchange: HTTPExchange, _ requestID: String,
        _ document: @escaping (FunctionSummary) -> ByteBuffer
    ) {
        let qualifier = exchange.query.flatMap { PercentEncoding.queryParameter(LambdaHeader.qualifier, in: $0) }
        switch FunctionName.parse(segment: segment, qualifier: qualifier, limits: self.limits) {
        case .failure(let error): exchange.answer(error, requestID: requestID)
        case .success(let name):
            let wanted = name.qualifier == "$LATEST" ? nil : name.qualifier
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
