/// A function as a request names it: a name, `name:qualifier`, a partial or a full ARN (contract 1.3).
package struct FunctionName: Sendable, Hashable {
    /// The bare name, at most 64 characters for a function that exists.
    package var name: String
    /// The qualifier from the name or from the `Qualifier` parameter: a version number, an alias or `$LATEST`.
    package var qualifier: String?
    /// The account in an ARN, where there was one.
    package var accountID: String?
    /// The region in a full ARN, where there was one.
    package var region: String?

    package init(name: String, qualifier: String? = nil, accountID: String? = nil, region: String? = nil) {
        self.name = name
        self.qualifier = qualifier
        self.accountID = accountID
        self.region = region
    }
}
