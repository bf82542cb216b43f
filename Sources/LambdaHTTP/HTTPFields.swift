internal import NIOCore

/// The fields of a request's head, as they were read: a field becomes text only when somebody asks for it.
package struct HTTPFields: Sendable {
    /// Where a field's name and value stand in the head.
    struct Place {
        let name: Range<Int>
        let value: Range<Int>
    }

    private let head: ByteBuffer
    private let places: [Place]

    /// - Parameters:
    ///   - head: The bytes that the places count in.
    ///   - places: In the order in which they came.
    init(head: ByteBuffer, places: [Place]) {
        self.head = head
        self.places = places
    }

    /// The value of the first field of a name, whatever the case of either. Bytes that are not UTF-8 are replaced.
    package func first(name: String) -> String? {
        var name = name
        let place = name.withUTF8 { name in
            self.head.withUnsafeReadableBytes { bytes in
                self.places.first { bytes.part($0.name).isCaseInsensitivelyEqual(to: UnsafeRawBufferPointer(name)) }
            }
        }
        return place.map { self.text($0.value) }
    }

    private func text(_ range: Range<Int>) -> String {
        self.head.getString(at: self.head.readerIndex + range.lowerBound, length: range.count) ?? ""
    }
}

extension HTTPFields: Sequence {
    /// Name and value of each field, in order.
    package func makeIterator() -> some IteratorProtocol<(name: String, value: String)> {
        self.places.lazy.map { (name: self.text($0.name), value: self.text($0.value)) }.makeIterator()
    }
}
