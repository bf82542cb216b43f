import AMQPRPC
import NIOCore
import Testing

@Suite struct DeadlineQueueTests {
    private func at(_ milliseconds: Int64) -> NIODeadline {
        .uptimeNanoseconds(0) + .milliseconds(milliseconds)
    }

    @Test func sweepKeepsWhatIsWantedInOrder() {
        var queue = DeadlineQueue<Int>()
        for number in (0..<1000).reversed() { queue.insert(number, at: self.at(Int64(number))) }
        queue.sweep(wantedCount: 600) { $0 < 600 }
        #expect(queue.count == 1000)
        queue.sweep(wantedCount: 100) { $0 % 10 == 0 }
        #expect(queue.count == 100)
        var popped: [Int] = []
        while let number = queue.popFirst(dueAt: self.at(2000)) { popped.append(number) }
        #expect(popped == Array(stride(from: 0, to: 1000, by: 10)))
    }

    @Test func firstDropsWhatIsNotWanted() {
        var queue = DeadlineQueue<String>()
        queue.insert("gone", at: self.at(1))
        queue.insert("here", at: self.at(2))
        #expect(queue.first { $0 != "gone" } == self.at(2))
        #expect(queue.count == 1)
        #expect(queue.popFirst(dueAt: self.at(1)) == nil)
    }
}
