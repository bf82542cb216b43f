/// How far a streamed response is on its way from the runtime to a caller (contract 6.3).
///
/// Pure.
///
/// The runtime is read only as fast as the caller takes: between a part that filled the caller and its wish for more,
/// nothing is read from the socket, and the runtime's own writes block.
package struct ResponseStreamStateMachine {
    private enum State {
        /// The next part is asked for. Can transition to: `forwarding`, `over`.
        case reading
        /// The caller is given a part. Can transition to: `reading`, `paused`, `over`.
        case forwarding
        /// The caller takes no more for now. Can transition to: `reading`, `over`.
        case paused
        /// The outcome stands. What still comes is thrown away.
        case over
    }

    /// What to do with a part.
    package enum PartAction: Equatable {
        /// Give it to the caller, and say what became of it with `forwarded`.
        case forward
        /// The response is too large: that is its outcome.
        case refuse
        /// Throw it away, and read on.
        case discard
    }

    /// Whether to read the runtime's next part.
    package enum ReadAction: Equatable {
        case readNext
        case wait
    }

    /// How the body's end is taken.
    package enum EndAction: Equatable {
        /// It is the outcome.
        case finish
        /// The outcome stands already.
        case ignore
    }

    private var state = State.reading
    private let limit: Int
    /// Bytes that the caller was given.
    package private(set) var producedByteCount = 0

    /// - Parameter limit: Bytes of a response at most.
    package init(limit: Int) {
        self.limit = limit
    }

    /// The runtime has sent a part of this many bytes.
    package mutating func partReceived(byteCount: Int) -> PartAction {
        guard case .reading = self.state else { return .discard }
        guard self.producedByteCount + byteCount <= self.limit else {
            self.state = .over
            return .refuse
        }
        self.producedByteCount += byteCount
        self.state = .forwarding
        return .forward
    }

    /// The caller has the part.
    package mutating func forwarded(wantsMore: Bool) -> ReadAction {
        guard case .forwarding = self.state else { return .wait }
        self.state = wantsMore ? .reading : .paused
        return wantsMore ? .readNext : .wait
    }

    /// The caller takes more.
    package mutating func moreWanted() -> ReadAction {
        guard case .paused = self.state else { return .wait }
        self.state = .reading
        return .readNext
    }

    /// The body is whole, or will never be.
    package mutating func bodyEnded() -> EndAction {
        if case .over = self.state { return .ignore }
        self.state = .over
        return .finish
    }

    /// The invocation has another outcome: a time-out, for one.
    package mutating func cancelled() -> EndAction {
        self.bodyEnded()
    }
}
