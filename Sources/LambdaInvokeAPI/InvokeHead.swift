import LambdaProtocol

/// What the head of an Invoke request asks for, checked.
struct InvokeHead {
    var function: ResolvedFunction
    var type: InvocationType
    var wantsLogTail: Bool
    /// Only for callers that wait.
    var clientContext: String?
    var tenantID: String?
    var idempotencyKey: String?

    /// Checks a head: the function first, as AWS does.
    ///
    /// - Parameters:
    ///   - segment: The path's segment that names the function.
    ///   - query: The raw query.
    ///   - types: The invocation types that the operation knows.
    static func read(
        segment: Substring, query: Substring?, headers: InvokeHeaders, invoker: any FunctionInvoker,
        limits: LambdaLimits, types: [InvocationType]
    ) -> Result<InvokeHead, InvokeError> {
        let qualifier = query.flatMap { PercentEncoding.queryParameter(LambdaHeader.qualifier, in: $0) }
        switch FunctionName.parse(segment: segment, qualifier: qualifier, limits: limits) {
        case .failure(let error): return .failure(error)
        case .success(let name):
            switch invoker.resolve(name) {
            case .failure(let error): return .failure(error)
            case .success(let function): return self.read(headers, function, limits, types)
            }
        }
    }

    private static func read(
        _ headers: InvokeHeaders, _ function: ResolvedFunction, _ limits: LambdaLimits, _ types: [InvocationType]
    ) -> Result<InvokeHead, InvokeError> {
        InvocationType.parse(headers.invocationType, allowed: types).flatMap { type in
            LogType.wantsTail(headers.logType).flatMap { wantsLogTail in
                TenantID.check(headers.tenantID).flatMap { tenantID in
                    IdempotencyKey.check(headers.idempotencyKey).flatMap { key in
                        self.clientContext(headers.clientContext, limits).map { context in
                            let isAwaited = type == .requestResponse
                            return InvokeHead(
                                function: function, type: type, wantsLogTail: isAwaited && wantsLogTail,
                                clientContext: isAwaited ? context : nil, tenantID: tenantID, idempotencyKey: key)
                        }
                    }
                }
            }
        }
    }

    private static func clientContext(_ encoded: String?, _ limits: LambdaLimits) -> Result<String?, InvokeError> {
        guard let encoded, !encoded.isEmpty else { return .success(nil) }
        return ClientContext.decode(encoded, limits: limits).map { $0 }
    }
}
