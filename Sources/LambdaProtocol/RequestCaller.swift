/// Who has made a request, as its signature proves.
package struct RequestCaller: Sendable, Hashable {
    /// The id of the key that the request is signed with.
    package let accessKeyID: String
    /// The account that the key belongs to, of twelve digits.
    package let accountID: String
    /// The ARN of the user or role that the key belongs to.
    package let userARN: String
    /// What the caller may invoke.
    package let functions: [FunctionPattern]

    package init(accessKeyID: String, accountID: String, userARN: String, functions: [FunctionPattern]) {
        self.accessKeyID = accessKeyID
        self.accountID = accountID
        self.userARN = userARN
        self.functions = functions
    }

    /// Whether the caller may invoke a function under that qualifier.
    package func mayInvoke(_ name: String, qualifier: String?) -> Bool {
        self.functions.contains { $0.matches(name, qualifier: qualifier) }
    }

    /// Why the caller may not invoke a function; `nil` where it may (contract 13.4).
    ///
    /// - Parameters:
    ///   - function: What the invoker knows of the function.
    ///   - action: What the caller wants to do with it.
    package func refusal(of function: ResolvedFunction, action: String = "lambda:InvokeFunction") -> InvokeError? {
        if self.mayInvoke(function.name, qualifier: function.qualifier) { return nil }
        return InvokeError(
            .accessDenied,
            "User: \(self.userARN) is not authorized to perform: \(action) on resource: "
                + "\(function.invokedFunctionARN) because no identity-based policy allows the "
                + "\(action) action")
    }
}

extension InvokeError.Kind {
    /// The caller is known, and may not do this (contract 1.6 has its member's name).
    package static let accessDenied = Self(
        errorType: "AccessDeniedException", status: 403, messageMember: "Message", faultType: nil)
}
