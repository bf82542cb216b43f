package import AMQP

/// What a caller makes of the replies of a stream: in order, of one server, and never more than it gave credit for.
///
/// Pure.
package struct ReplyStreamReceiver {
    package enum Action: Equatable {
        /// The reply is an element.
        case element
        /// The reply is an element, and nothing follows.
        case lastElement
        /// The reply is no element; nothing follows.
        case end
        /// The stream is broken: the kind of the error, and why.
        case fail(AMQPError.Code, String)
        /// A sign of life, or something of no use.
        case drop
    }

    private enum State {
        /// Can transition to: `over`.
        case receiving(next: Int)
        case over
    }

    private var state = State.receiving(next: 0)
    private let window: Int
    /// Elements that may still come.
    private var credit: Int
    /// Elements that the reader has taken and that no credit was given for.
    private var taken = 0

    /// - Parameter window: Elements that may be on their way, or wait for the reader.
    package init(window: Int) {
        self.window = max(1, window)
        self.credit = self.window
    }

    /// The credit that the request carries.
    package var initialCredit: Int { self.window }

    /// A reply has come.
    package mutating func received(_ properties: AMQPProperties) -> Action {
        guard case .receiving(let next) = self.state else { return .drop }
        let headers = properties.headers ?? AMQPTable()
        if headers[RPCHeader.beat] != nil { return .drop }
        let sequence = headers[RPCHeader.streamSequence]?.integerValue
        let total = headers[RPCHeader.streamEnd]?.integerValue
        switch (sequence, total) {
        // A server that knows no streams, or allows none, answers once.
        case (nil, nil): return self.finish(next == 0 ? .lastElement : self.broken("a single reply", next))
        case (nil, let total?): return self.finish(total == next ? .end : self.broken("the end after \(total)", next))
        case (let sequence?, let total):
            guard sequence == next else { return self.finish(self.broken("element \(sequence)", next)) }
            if let total { return self.finish(total == next + 1 ? .lastElement : self.broken("end \(total)", next)) }
            return self.element(next)
        }
    }

    /// The reader has taken an element.
    ///
    /// - Returns: Credit to give now: half a window at a time, so that not every element costs a message.
    package mutating func consumed() -> Int? {
        guard case .receiving = self.state else { return nil }
        self.taken += 1
        guard self.taken * 2 >= self.window else { return nil }
        defer { self.taken = 0 }
        self.credit += self.taken
        return self.taken
    }

    private mutating func element(_ next: Int) -> Action {
        guard self.credit > 0 else {
            return self.finish(.fail(.protocolViolation, "the server sent more of the stream than was asked for"))
        }
        self.credit -= 1
        self.state = .receiving(next: next + 1)
        return .element
    }

    /// Another server has begun the request again, since the first one was lost.
    private func broken(_ what: String, _ next: Int) -> Action {
        .fail(.connectionLost, "\(what) of the stream came where element \(next) was expected: its server was lost")
    }

    private mutating func finish(_ action: Action) -> Action {
        self.state = .over
        return action
    }
}
