/// The open objects and arrays: a bit for each, the innermost 64 in one word.
struct JSONNesting {
    private(set) var depth = 0
    private var word: UInt64 = 0
    private var outer: [UInt64] = []

    var isInObject: Bool { self.word & 1 == 1 }

    mutating func push(isObject: Bool) {
        if self.depth > 0, self.depth.isMultiple(of: 64) { self.outer.append(self.word) }
        self.word = self.word << 1 | (isObject ? 1 : 0)
        self.depth += 1
    }

    mutating func pop() {
        self.depth -= 1
        self.word >>= 1
        if self.depth > 0, self.depth.isMultiple(of: 64), let word = self.outer.popLast() { self.word = word }
    }
}
