import LambdaProtocol

/// Which part of the list of functions a request asks for (ListFunctions).
///
/// Pure. A marker is the name of the last function of the page before: it stays right when functions come and go.
struct FunctionListPage: Equatable {
    /// AWS returns no more at once, whatever is asked for.
    static let maxCount = 50

    private var after: String?
    private var count: Int
    private var includesQualifiers: Bool
    /// Only what Lambda@Edge has copied from another region: there is nothing of the kind.
    private var isForCopies: Bool

    /// Reads a query, without its `?`.
    static func read(_ query: Substring?) -> Result<FunctionListPage, InvokeError> {
        func parameter(_ name: String) -> String? {
            query.flatMap { PercentEncoding.queryParameter(name, in: $0) }.flatMap { $0.isEmpty ? nil : $0 }
        }
        var page = FunctionListPage(
            after: nil, count: Self.maxCount, includesQualifiers: false,
            isForCopies: parameter("MasterRegion").map { $0 != "ALL" } ?? false)
        if let text = parameter("MaxItems") {
            guard let count = Int(text), (1...10_000).contains(count) else {
                return .failure(ValidationViolation.error([.outOfRange(text, member: "maxItems", 1...10_000)]))
            }
            page.count = min(count, Self.maxCount)
        }
        if let version = parameter("FunctionVersion") {
            guard version == "ALL" else {
                return .failure(
                    ValidationViolation.error([.enumeration(version, member: "functionVersion", allowed: ["ALL"])]))
            }
            page.includesQualifiers = true
        }
        if let marker = parameter("Marker") {
            guard let bytes = Base64.decode(marker), let name = String(validating: bytes, as: UTF8.self) else {
                return .failure(InvokeError(.invalidParameterValue, "The marker is not one of this service's."))
            }
            page.after = name
        }
        return .success(page)
    }

    /// The part of the whole list, and the marker of the next one; `nil` where this is the last.
    func of(_ functions: [FunctionSummary]) -> (functions: [FunctionSummary], nextMarker: String?) {
        guard !self.isForCopies else { return ([], nil) }
        let all = functions.filter { self.includesQualifiers || $0.qualifier == nil }
        let rest = all.drop { function in self.after.map { function.queueName <= $0 } ?? false }
        let page = Array(rest.prefix(self.count))
        let marker = rest.count > page.count ? page.last.map { Base64.encode($0.queueName.utf8) } : nil
        return (page, marker)
    }
}
