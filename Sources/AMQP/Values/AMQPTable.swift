/// An AMQP table: keys of at most 255 bytes with their values, in the order in which they stand on the wire.
///
/// Two tables are equal when they hold the same entries in the same order. A key may occur twice, since senders are free
/// to do so; ``subscript(_:)`` then finds the first.
public struct AMQPTable: Sendable, Hashable {
    /// A key and its value.
    public struct Entry: Sendable, Hashable {
        /// The key; one over 255 bytes is refused when it is sent.
        public var key: String
        /// The value.
        public var value: AMQPValue

        /// A key and its value.
        ///
        /// - Parameters:
        ///   - key: The key; one over 255 bytes is refused when it is sent (`invalidArgument`).
        ///   - value: The value.
        public init(key: String, value: AMQPValue) {
            self.key = key
            self.value = value
        }
    }

    /// The entries, in order.
    public var entries: [Entry]

    /// A table without entries.
    public init() {
        self.entries = []
    }

    /// A table of entries as they stand.
    ///
    /// - Parameter entries: The entries, in order; a key may occur twice.
    public init(entries: [Entry]) {
        self.entries = entries
    }

    /// A table of keys and values as they stand.
    ///
    /// - Parameter pairs: Keys, of at most 255 bytes, and values, in order; a key may occur twice.
    public init(_ pairs: some Sequence<(String, AMQPValue)>) {
        self.entries = pairs.map { Entry(key: $0.0, value: $0.1) }
    }

    /// Whether there are no entries.
    public var isEmpty: Bool { self.entries.isEmpty }

    /// How many entries there are.
    public var count: Int { self.entries.count }

    /// The first value of a key.
    ///
    /// Setting replaces it, or appends the key; setting nil removes every entry of the key.
    ///
    /// - Parameter key: The key; one over 255 bytes is refused when it is sent (`invalidArgument`).
    public subscript(key: String) -> AMQPValue? {
        get { self.entries.first { $0.key == key }?.value }
        set {
            guard let newValue else { return self.entries.removeAll { $0.key == key } }
            if let index = self.entries.firstIndex(where: { $0.key == key }) {
                self.entries[index].value = newValue
            } else {
                self.entries.append(Entry(key: key, value: newValue))
            }
        }
    }
}

extension AMQPTable: ExpressibleByDictionaryLiteral {
    /// A table of keys and values as they stand.
    ///
    /// - Parameter pairs: Keys, of at most 255 bytes, and values, in order; a key may occur twice.
    public init(dictionaryLiteral pairs: (String, AMQPValue)...) {
        self.init(pairs)
    }
}

extension AMQPTable: Sequence {
    /// Iterates over the entries in order.
    public func makeIterator() -> IndexingIterator<[Entry]> {
        self.entries.makeIterator()
    }
}
