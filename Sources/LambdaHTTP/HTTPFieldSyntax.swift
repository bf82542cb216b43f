/// What the name and the value of a header field may be (RFC 9110, section 5): for fields that come from a function.
package enum HTTPFieldSyntax {
    /// Whether it is a token.
    package static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy(ASCII.isToken)
    }

    /// Whether there is no control in it but the tab: neither CR nor LF nor NUL, which would begin another field.
    package static func isValue(_ text: String) -> Bool {
        text.utf8.allSatisfy(ASCII.isFieldValue)
    }
}
