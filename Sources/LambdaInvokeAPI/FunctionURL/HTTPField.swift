import LambdaHTTP

/// A header field.
struct HTTPField: Equatable, Sendable {
    var name: String
    var value: String

    init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// Whether it may be sent as it is. What a function names and says is not trusted: a line break would begin another
    /// field, or another response.
    var isValid: Bool {
        HTTPFieldSyntax.isName(self.name) && HTTPFieldSyntax.isValue(self.value)
    }
}
