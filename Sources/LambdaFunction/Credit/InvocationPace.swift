package import NIOCore

/// How many invocations ended in a while, and how long they had a slot.
package struct InvocationPace: Sendable, Equatable {
    package var count: Int
    /// The sum of their durations, from the hand-over to an environment until it was ready for the next.
    package var total: TimeAmount
    /// From the first end to the last.
    package var span: TimeAmount

    package init(count: Int = 0, total: TimeAmount = .zero, span: TimeAmount = .zero) {
        self.count = count
        self.total = total
        self.span = span
    }
}
