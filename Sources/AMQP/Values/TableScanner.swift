/// Checks an encoded table before librabbitmq decodes it.
///
/// `amqp_decode_table` calls itself for each table or array in a table and trusts the depth: 25 000 levels, which brokers
/// forward, overflow the stack (design 3). This walks the same bytes with a list of open ends instead of recursion, so
/// it costs the same whatever they say. Pure.
package struct TableScanner {
    /// Why a table is refused.
    package enum Violation: Error, Equatable {
        /// A value or a key ends behind its table, its array or the bytes there are.
        case overrun
        /// Tables or arrays in each other, deeper than ``TableScanner/maximumDepth``.
        case tooDeep
        /// More than ``TableScanner/maximumEntryCount`` values altogether.
        case tooManyEntries
        /// A letter that names no field type.
        case unknownType(UInt8)
    }

    /// How deep tables and arrays may nest, the outermost table being 1.
    package static let maximumDepth = 32
    /// How many values there may be altogether.
    ///
    /// The smallest takes two bytes here and forty once decoded.
    package static let maximumEntryCount = 100_000

    private let bytes: UnsafeRawBufferPointer
    private var offset: Int
    /// The innermost table or array that is open.
    private var current: Level
    /// Those around it, outermost first.
    ///
    /// Empty for a flat table, which so allocates nothing.
    private var outer: [Level] = []
    private var entryCount = 0

    private struct Level {
        var end: Int
        var isTable: Bool
    }

    /// Checks the table that starts at `offset` with its UInt32 length; more bytes may follow it.
    ///
    /// - Returns: How many bytes the table takes, its length field included.
    package static func scan(
        _ bytes: UnsafeRawBufferPointer, at offset: Int = 0
    ) throws(Violation) -> Int {
        guard offset >= 0, bytes.count - offset >= 4 else { throw .overrun }
        let byteCount = Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
        guard byteCount <= bytes.count - offset - 4 else { throw .overrun }
        guard byteCount > 0 else { return 4 }
        var scanner = TableScanner(bytes: bytes, start: offset + 4, end: offset + 4 + byteCount)
        try scanner.run()
        return 4 + byteCount
    }

    private init(bytes: UnsafeRawBufferPointer, start: Int, end: Int) {
        self.bytes = bytes
        self.offset = start
        self.current = Level(end: end, isTable: true)
    }

    private mutating func run() throws(Violation) {
        while true {
            while self.offset == self.current.end {
                guard let parent = self.outer.popLast() else { return }
                self.current = parent
            }
            self.entryCount += 1
            guard self.entryCount <= Self.maximumEntryCount else { throw .tooManyEntries }
            if self.current.isTable {
                try self.skip(Int(try self.takeByte()))
            }
            try self.skipValue(ofType: try self.takeByte())
        }
    }

    private mutating func skipValue(ofType letter: UInt8) throws(Violation) {
        switch letter {
        case UInt8(ascii: "V"): break
        case UInt8(ascii: "t"), UInt8(ascii: "b"), UInt8(ascii: "B"): try self.skip(1)
        case UInt8(ascii: "s"), UInt8(ascii: "u"): try self.skip(2)
        case UInt8(ascii: "I"), UInt8(ascii: "i"), UInt8(ascii: "f"): try self.skip(4)
        case UInt8(ascii: "D"): try self.skip(5)
        case UInt8(ascii: "l"), UInt8(ascii: "L"), UInt8(ascii: "d"), UInt8(ascii: "T"): try self.skip(8)
        case UInt8(ascii: "S"), UInt8(ascii: "x"): try self.skip(try self.takeLength())
        case UInt8(ascii: "F"): try self.enter(isTable: true)
        case UInt8(ascii: "A"): try self.enter(isTable: false)
        default: throw .unknownType(letter)
        }
    }

    private mutating func enter(isTable: Bool) throws(Violation) {
        let byteCount = try self.takeLength()
        guard byteCount <= self.current.end - self.offset else { throw .overrun }
        guard self.outer.count + 2 <= Self.maximumDepth else { throw .tooDeep }
        self.outer.append(self.current)
        self.current = Level(end: self.offset + byteCount, isTable: isTable)
    }

    private mutating func skip(_ byteCount: Int) throws(Violation) {
        guard byteCount <= self.current.end - self.offset else { throw .overrun }
        self.offset += byteCount
    }

    private mutating func takeByte() throws(Violation) -> UInt8 {
        guard self.offset < self.current.end else { throw .overrun }
        defer { self.offset += 1 }
        return self.bytes[self.offset]
    }

    private mutating func takeLength() throws(Violation) -> Int {
        let start = self.offset
        try self.skip(4)
        return Int(UInt32(bigEndian: self.bytes.loadUnaligned(fromByteOffset: start, as: UInt32.self)))
    }
}
