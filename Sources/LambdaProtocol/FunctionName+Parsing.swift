extension FunctionName {
    /// Reads a function name as the Invoke API's path carries it (contract 1.3).
    ///
    /// A name that is too long to exist is no error here: AWS answers it with 404, as any name that it does not know.
    ///
    /// - Parameters:
    ///   - segment: The path's segment, percent-encoded at most once.
    ///   - qualifier: The `Qualifier` parameter, already decoded. Empty counts as absent.
    ///   - limits: Where the lengths come from.
    /// - Returns: The name with its qualifier, or AWS's `ValidationException`, or its
    ///   `InvalidParameterValueException` for two qualifiers that differ.
    package static func parse(
        segment: some StringProtocol, qualifier: String? = nil, limits: LambdaLimits = LambdaLimits()
    ) -> Result<FunctionName, InvokeError> {
        // What cannot be decoded keeps its percent sign, which no name may have.
        let text = PercentEncoding.decode(segment) ?? String(segment)
        let qualifier = qualifier.flatMap { $0.isEmpty ? nil : $0 }
        let matched = FunctionNameGrammar.match(text)
        let isTooLong = text.utf8.count > limits.functionNameByteCount
        var violations = qualifier.map { self.violations(ofQualifier: $0, limits) } ?? []
        if isTooLong {
            violations.append(.tooLong(text, member: "functionName", limit: limits.functionNameByteCount))
        }
        if matched == nil {
            violations.append(.pattern(text, member: "functionName", FunctionNameGrammar.pattern))
        }
        guard violations.isEmpty, var name = matched else { return .failure(ValidationViolation.error(violations)) }
        guard let qualifier else { return .success(name) }
        if let derived = name.qualifier, derived != qualifier { return .failure(self.qualifierMismatch) }
        name.qualifier = qualifier
        return .success(name)
    }

    private static var qualifierMismatch: InvokeError {
        InvokeError(
            .invalidParameterValue,
            "The derived qualifier from the function name does not match the specified qualifier.")
    }

    private static func violations(ofQualifier qualifier: String, _ limits: LambdaLimits) -> [ValidationViolation] {
        var violations: [ValidationViolation] = []
        if qualifier.utf8.count > limits.qualifierByteCount {
            violations.append(.tooLong(qualifier, member: "qualifier", limit: limits.qualifierByteCount))
        }
        if !FunctionNameGrammar.isQualifier(qualifier) {
            violations.append(.pattern(qualifier, member: "qualifier", FunctionNameGrammar.qualifierPattern))
        }
        return violations
    }
}
