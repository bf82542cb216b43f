import AMQP
import TestSupport
import Testing

@Suite struct TableScannerTests {
    private func scan(_ bytes: [UInt8]) -> Result<Int, TableScanner.Violation> {
        bytes.withUnsafeBytes { raw in
            Result { () throws(TableScanner.Violation) in try TableScanner.scan(raw) }
        }
    }

    private func length(_ count: Int) -> [UInt8] {
        withUnsafeBytes(of: UInt32(count).bigEndian) { Array($0) }
    }

    private func table(_ entries: [UInt8]) -> [UInt8] {
        self.length(entries.count) + entries
    }

    private func entry(_ key: String, _ letter: Character, _ value: [UInt8]) -> [UInt8] {
        [UInt8(key.utf8.count)] + Array(key.utf8) + Array(String(letter).utf8) + value
    }

    /// One value of every type, with a table in an array in a table.
    private var everything: [UInt8] {
        let widths: [(Character, Int)] = [
            ("V", 0), ("t", 1), ("b", 1), ("B", 1), ("s", 2), ("u", 2), ("I", 4), ("i", 4), ("f", 4), ("D", 5),
            ("l", 8),
            ("L", 8), ("d", 8), ("T", 8),
        ]
        var entries = widths.flatMap { self.entry("k", $0.0, Array(repeating: 1, count: $0.1)) }
        entries += self.entry("", "S", self.length(3) + [1, 2, 3])
        entries += self.entry("x", "x", self.length(0))
        let inner = self.table(self.entry("in", "t", [1]))
        entries += self.entry("a", "A", self.table([UInt8(ascii: "F")] + inner + [UInt8(ascii: "V")]))
        entries += self.entry("f", "F", self.table([]))
        return self.table(entries)
    }

    @Test func emptyTableTakesItsLengthField() {
        #expect(self.scan([0, 0, 0, 0]) == .success(4))
    }

    @Test func everyTypeIsKnown() {
        #expect(self.scan(self.everything) == .success(self.everything.count))
    }

    @Test func bytesBehindTheTableAreLeftAlone() {
        #expect(self.scan(self.everything + [0xFF, 0xFF]) == .success(self.everything.count))
    }

    @Test func tableMayStartAnywhere() throws {
        let bytes = [9, 9, 9] + self.everything
        let byteCount = try bytes.withUnsafeBytes { try TableScanner.scan($0, at: 3) }
        #expect(byteCount == self.everything.count)
        #expect(throws: TableScanner.Violation.overrun) {
            try bytes.withUnsafeBytes { try TableScanner.scan($0, at: bytes.count - 3) }
        }
    }

    @Test func everyPrefixIsRefused() {
        let whole = self.everything
        for count in 0..<whole.count {
            #expect(self.scan(Array(whole.prefix(count))) == .failure(.overrun))
        }
    }

    @Test func everyPrefixWithItsLengthMadeToFitIsNotRead() {
        let entries = Array(self.everything.dropFirst(4))
        var accepted = 0
        for count in 0..<entries.count where self.scan(self.table(Array(entries.prefix(count)))) == .success(count + 4)
        {
            accepted += 1
        }
        // Only cuts between two of the 18 entries leave a table.
        #expect(accepted == 18)
    }

    @Test func valueMayNotReachOutOfItsTable() {
        let inner = self.length(5) + self.entry("k", "S", self.length(1)).prefix(5)
        let bytes = self.table(self.entry("t", "F", inner) + self.entry("k", "t", [1]))
        #expect(self.scan(bytes) == .failure(.overrun))
        #expect(self.scan(self.table(self.entry("t", "F", [0xFF, 0xFF, 0xFF, 0xFF]))) == .failure(.overrun))
        #expect(self.scan([0xFF, 0xFF, 0xFF, 0xFF]) == .failure(.overrun))
    }

    @Test func unknownLetterIsNamed() {
        #expect(self.scan(self.table(self.entry("k", "Z", []))) == .failure(.unknownType(UInt8(ascii: "Z"))))
    }

    private func nested(_ depth: Int, inArrays: Bool) -> [UInt8] {
        var bytes: [UInt8] = self.length(0)
        // Built from the inside; every level's head stands before it, so collect the heads and turn them round.
        var heads: [[UInt8]] = []
        var innerCount = 4
        for level in 1..<depth {
            let isOutermost = level == depth - 1
            let head: [UInt8] =
                inArrays && !isOutermost ? [UInt8(ascii: "A")] : [0, UInt8(ascii: inArrays ? "A" : "F")]
            heads.append(self.length(innerCount + head.count) + head)
            innerCount += heads[heads.count - 1].count
        }
        bytes = heads.reversed().flatMap { $0 } + bytes
        return bytes
    }

    @Test(arguments: [false, true]) func depthEndsAtItsLimit(inArrays: Bool) {
        let deepest = self.nested(32, inArrays: inArrays)
        #expect(self.scan(deepest) == .success(deepest.count))
        #expect(self.scan(self.nested(33, inArrays: inArrays)) == .failure(.tooDeep))
        #expect(self.scan(self.nested(25_000, inArrays: inArrays)) == .failure(.tooDeep))
    }

    @Test func depthIsCountedAgainAfterALevelEnds() {
        let inner = self.entry("d", "F", self.nested(31, inArrays: false))
        let bytes = self.table(inner + inner + inner)
        #expect(self.scan(bytes) == .success(bytes.count))
    }

    @Test func entriesAreCountedOverAllLevels() {
        let nulls = Array(repeating: UInt8(ascii: "V"), count: 49_999)
        let half = self.entry("a", "A", self.table(nulls))
        let most = self.table(half + half)
        #expect(self.scan(most) == .success(most.count))
        #expect(self.scan(self.table(half + half + self.entry("k", "V", []))) == .failure(.tooManyEntries))
    }

    @Test func randomBytesAreReadOrRefusedButNeverTrap() {
        var random = FixedRandom(seed: 2026)
        let letters = Array("tbBsuIilLfdDSxAFTVZ".utf8)
        var accepted = 0
        for _ in 0..<100_000 {
            // Mostly small bytes and letters, so that many inputs get past their first entry.
            var body: [UInt8] = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                switch Int.random(in: 0..<8, using: &random) {
                case 0: UInt8.random(in: 0...255, using: &random)
                case 1...3: UInt8.random(in: 0...3, using: &random)
                default: letters.randomElement(using: &random) ?? 0
                }
            }
            if Bool.random(using: &random) { body = self.table(body) }
            if case .success(let byteCount) = self.scan(body) {
                accepted += 1
                #expect(byteCount <= body.count)
            }
        }
        #expect(accepted > 1_000)
    }

    @Test func changedBytesOfAValidTableNeverTrap() {
        var random = FixedRandom(seed: 7)
        let whole = self.everything
        for _ in 0..<50_000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if case .success(let byteCount) = self.scan(bytes) { #expect(byteCount <= bytes.count) }
        }
    }
}
