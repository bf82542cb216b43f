import LambdaProtocol

/// Which queue takes the invocations of a function.
///
/// An HTTP client names the function, and so the queue: nothing but the names that functions may have leads to one, or
/// every queue of the broker could be written to from outside (design 7). No name of the broker's own, of an event queue
/// or of a reply queue is without a dot.
enum FunctionQueueName {
    static let maxNameByteCount = 64
    static let maxQualifierByteCount = 128

    /// The queue of a function.
    ///
    /// - Returns: `nil` for a name or a qualifier that no function has.
    static func of(_ name: String, qualifier: String?) -> String? {
        guard self.isName(name, upTo: self.maxNameByteCount) else { return nil }
        guard let qualifier, qualifier != "$LATEST" else { return name }
        return self.isName(qualifier, upTo: self.maxQualifierByteCount) ? "\(name):\(qualifier)" : nil
    }

    private static func isName(_ text: String, upTo limit: Int) -> Bool {
        (1...limit).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
            }
    }
}
