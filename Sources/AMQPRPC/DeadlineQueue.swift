package import NIOCore

/// Deadlines with what they belong to, the earliest first.
///
/// Pure.
///
/// A binary heap. A call that has ended is not searched for in it: the caller only counts it as gone, and once more than
/// half of the entries are gone they are swept out together. So ending a call costs nothing here, and the memory stays in
/// proportion to the calls that wait, however long their deadlines are.
package struct DeadlineQueue<Element> {
    private struct Entry {
        var deadline: NIODeadline
        var element: Element
    }

    private static var smallestSweep: Int { 64 }

    private var entries: [Entry] = []

    package init() {}

    /// How many entries are held, those of calls that have ended included.
    package var count: Int { self.entries.count }

    /// Adds a deadline.
    ///
    /// The usual one is later than all others, which costs one comparison.
    package mutating func insert(_ element: Element, at deadline: NIODeadline) {
        self.entries.append(Entry(deadline: deadline, element: element))
        self.siftUp(from: self.entries.count - 1)
    }

    /// The earliest deadline whose element is still wanted.
    ///
    /// Those before it are dropped on the way.
    package mutating func first(where isWanted: (Element) -> Bool) -> NIODeadline? {
        while let first = self.entries.first {
            if isWanted(first.element) { return first.deadline }
            self.removeFirst()
        }
        return nil
    }

    /// Takes the earliest element out when its deadline has come.
    package mutating func popFirst(dueAt now: NIODeadline) -> Element? {
        guard let first = self.entries.first, first.deadline <= now else { return nil }
        self.removeFirst()
        return first.element
    }

    /// Whether most of the entries are not wanted any more.
    package func wantsSweep(wantedCount: Int) -> Bool {
        self.entries.count > Self.smallestSweep && self.entries.count > 2 * wantedCount
    }

    /// Sweeps out the entries that are not wanted, when `wantedCount` says that they are the most.
    package mutating func sweep(wantedCount: Int, where isWanted: (Element) -> Bool) {
        guard self.wantsSweep(wantedCount: wantedCount) else { return }
        self.entries.removeAll { !isWanted($0.element) }
        for index in stride(from: self.entries.count / 2 - 1, through: 0, by: -1) { self.siftDown(from: index) }
    }

    private mutating func removeFirst() {
        self.entries.swapAt(0, self.entries.count - 1)
        self.entries.removeLast()
        self.siftDown(from: 0)
    }

    private mutating func siftUp(from start: Int) {
        var index = start
        while index > 0 {
            let parent = (index - 1) / 2
            guard self.entries[index].deadline < self.entries[parent].deadline else { return }
            self.entries.swapAt(index, parent)
            index = parent
        }
    }

    private mutating func siftDown(from start: Int) {
        var index = start
        while true {
            var smallest = index
            for child in (2 * index + 1)...(2 * index + 2) where child < self.entries.count {
                if self.entries[child].deadline < self.entries[smallest].deadline { smallest = child }
            }
            guard smallest != index else { return }
            self.entries.swapAt(index, smallest)
            index = smallest
        }
    }
}
