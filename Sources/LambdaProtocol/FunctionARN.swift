/// The ARN of a function (contract 1.3).
package struct FunctionARN: Sendable, Hashable {
    package var region: String
    package var accountID: String
    package var name: String

    package init(region: String, accountID: String, name: String) {
        self.region = region
        self.accountID = accountID
        self.name = name
    }

    /// The unqualified ARN, or the one that ends in `qualifier`.
    package func text(qualifier: String? = nil) -> String {
        let unqualified = "arn:aws:lambda:\(self.region):\(self.accountID):function:\(self.name)"
        return qualifier.map { "\(unqualified):\($0)" } ?? unqualified
    }
}
