/// Numbers for names that come from outside, so that there are never more than so many of them.
///
/// Pure. Whoever makes up names must not fill a program's memory, or that of whoever collects its metrics: what is over
/// the limit, and what is not known, shares the number 0, which is called `other`.
package struct LabelRegister: Sendable {
    /// What number 0 is called.
    package static let other = "other"

    /// The names by their numbers.
    package private(set) var names = [Self.other]
    private var numbers: [String: Int] = [:]
    private let limit: Int

    /// - Parameter limit: How many names get a number of their own.
    package init(limit: Int) {
        self.limit = limit
    }

    /// The number of a name.
    ///
    /// - Parameters:
    ///   - name: The name.
    ///   - mayEnter: Whether it gets a number where it has none.
    package mutating func number(of name: String, mayEnter: Bool) -> Int {
        if let number = self.numbers[name] { return number }
        // `other` itself is nobody's own name, or two samples would have the same labels.
        guard mayEnter, self.numbers.count < self.limit, name != Self.other else { return 0 }
        self.names.append(name)
        self.numbers[name] = self.names.count - 1
        return self.names.count - 1
    }
}
