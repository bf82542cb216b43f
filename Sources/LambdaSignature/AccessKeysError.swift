/// What is wrong with a key file, and where. Never with a secret in it.
package struct AccessKeysError: Error, Equatable, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }

    /// - Parameter number: Of the key in its list, from 1.
    init(key number: Int, _ problem: String) {
        self.description = "key \(number): \(problem)"
    }
}
