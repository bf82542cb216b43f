package import LambdaProtocol

/// What a caller makes of a stream's messages: in order, of one attempt, and never more than it gave credit for.
///
/// Pure.
package struct StreamReceiver {
    package enum Action: Equatable {
        /// Give the message's body to the reader.
        case chunk
        /// The message is the outcome.
        case complete
        /// The message is a whole answer: its body, then its outcome.
        case whole
        /// The stream is broken.
        case fail(InvokeError.Kind, String)
        /// The message is of no use.
        case drop
    }

    private enum State {
        /// Nothing has come. Can transition to: `receiving`, `over`.
        case waiting
        /// Chunks of one attempt come; `next` is the number of the next. Can transition to: `over`.
        case receiving(attempt: Int, next: Int)
        case over
    }

    private var state = State.waiting
    private let window: Int
    /// Bytes that may still come.
    private var credit: Int
    /// Bytes that the reader has taken and that no credit was given for.
    private var taken = 0

    /// - Parameter window: Bytes that may be on their way, or wait for the reader.
    package init(window: Int) {
        self.window = max(1, window)
        self.credit = self.window
    }

    /// The credit that the request carries.
    package var initialCredit: Int { self.window }

    /// A message has come.
    package mutating func received(_ message: StreamedMessage, byteCount: Int) -> Action {
        if case .over = self.state { return .drop }
        switch message {
        case .whole:
            guard case .waiting = self.state else { return .drop }
            self.state = .over
            return .whole
        case .chunk(let sequence, let attempt):
            return self.take(sequence, attempt) {
                guard byteCount <= $0.credit else {
                    return $0.fail(.service, "The daemon sent more of the stream than was asked for")
                }
                $0.credit -= byteCount
                $0.state = .receiving(attempt: attempt, next: sequence + 1)
                return .chunk
            }
        case .end(let sequence, let attempt):
            return self.take(sequence, attempt) {
                $0.state = .over
                return .complete
            }
        }
    }

    /// The reader has taken bytes.
    ///
    /// - Returns: Credit to give now: half a window at a time, so that a small chunk does not cost a message.
    package mutating func consumed(byteCount: Int) -> Int? {
        guard case .receiving = self.state else { return nil }
        self.taken += byteCount
        guard self.taken * 2 >= self.window else { return nil }
        let credit = self.taken
        self.taken = 0
        self.credit += credit
        return credit
    }

    /// Goes on with `body` if the message is the next of its attempt.
    private mutating func take(_ sequence: Int, _ attempt: Int, _ body: (inout Self) -> Action) -> Action {
        var next = 0
        if case .receiving(let current, let expected) = self.state {
            // The leavings of a daemon that was given up: a later attempt's chunks are read already.
            if attempt < current { return .drop }
            guard attempt == current else {
                return self.fail(.noAnswer, "The function was started again in the middle of its answer")
            }
            next = expected
        }
        guard sequence == next else {
            return self.fail(.noAnswer, "Chunk \(sequence) of the stream came where \(next) was expected")
        }
        return body(&self)
    }

    private mutating func fail(_ kind: InvokeError.Kind, _ message: String) -> Action {
        self.state = .over
        return .fail(kind, message)
    }
}
