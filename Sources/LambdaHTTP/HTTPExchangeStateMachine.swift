/// How far one connection is with its current request and response.
///
/// Pure: no clock, no socket. The connection holds back what the machine does not take yet, and offers it again when
/// something has changed.
struct HTTPExchangeStateMachine {
    private enum State {
        /// Between two exchanges. Can transition to: `exchanging`, `lingering`, `closed`.
        case idle(headBegun: Bool)
        /// A request is being read or answered. Can transition to: `idle`, `lingering`, `closed`.
        case exchanging(Exchange)
        /// All is said; what the client still sends is thrown away until it closes (or time runs out), since closing
        /// with unread bytes would reset the connection and might take the response with it. Leads to `closed`.
        case lingering
        /// The socket is closed, or about to be.
        case closed
    }

    private struct Exchange {
        var request = RequestProgress.unread
        var response = ResponseProgress.none
        /// The connection is closed after the response.
        var closes: Bool
        /// The client waits for `100 Continue` before it sends the body.
        var awaitsContinue: Bool
        /// Bytes of the body that are still to come, where the client announced them.
        var remainingByteCount: Int?

        var isRequestOver: Bool {
            if case .ended = self.request { return true }
            return false
        }

        mutating func bodyArrived(byteCount: Int) {
            self.awaitsContinue = false
            if let remaining = self.remainingByteCount { self.remainingByteCount = remaining - byteCount }
        }
    }

    private enum RequestProgress: Equatable {
        /// Nobody has asked for the body yet; what comes is held.
        case unread
        /// A reader takes each part.
        case reading
        /// A reader has a part, and has not asked for the next.
        case paused
        /// Nobody wants the body any more.
        case discarding(byteCount: Int)
        /// The end has come; `isDelivered` is false while no reader knows.
        case ended(isDelivered: Bool)
        /// The end will never come.
        case failed(HTTPBodyError)
    }

    private enum ResponseProgress {
        case none, streaming, ended
    }

    /// What the connection is waiting for from its client, which is what has a time-out.
    enum Wait: Equatable {
        case nothing, request, head, body
    }

    private var state = State.idle(headBegun: false)
    private let drainLimit: Int
    private var isShuttingDown = false

    init(drainLimit: Int) {
        self.drainLimit = drainLimit
    }
}

// MARK: - What the client sends

extension HTTPExchangeStateMachine {
    /// What the connection knows of a request from its head.
    struct HeadFacts {
        var keepsAlive = true
        var expectsContinue = false
        var hasUnknownExpectation = false
        /// `Content-Length`; 0 without a body; `nil` for a chunked one.
        var declaredByteCount: Int?
    }

    enum HeadAction: Equatable {
        /// Give the request to the handler.
        case begin
        /// The last exchange is not over: offer it again.
        case hold
        /// Answer 417 and close.
        case refuseExpectation
        /// The connection takes no more requests.
        case drop
    }

    enum PartAction: Equatable {
        /// Give it to the body's reader.
        case deliver
        /// Keep it, and offer it again when something has changed.
        case hold
        /// Throw it away.
        case discard
        /// Throw it away; the exchange is over.
        case finish(Ending)
    }

    /// How an exchange ends.
    enum Ending: Equatable {
        /// The next request may be taken.
        case next
        /// Close when everything is written.
        case close
        /// Send the end of the stream, throw away what comes, and close when the client does.
        case linger
    }

    enum FailureAction: Equatable {
        /// Tell the body's reader; where the response is written already, close then.
        case deliver(closes: Bool)
        /// Nobody is to be told now.
        case remember
        /// There is no request: answer with the status that belongs to the failure, and linger.
        case reject
        case close
        case drop
    }

    mutating func headReceived(_ facts: HeadFacts) -> HeadAction {
        switch self.state {
        case .idle:
            guard !facts.hasUnknownExpectation else {
                self.state = .lingering
                return .refuseExpectation
            }
            self.state = .exchanging(
                Exchange(
                    closes: !facts.keepsAlive || self.isShuttingDown, awaitsContinue: facts.expectsContinue,
                    remainingByteCount: facts.declaredByteCount))
            return .begin
        case .exchanging:
            return .hold
        case .lingering, .closed:
            return .drop
        }
    }

    mutating func bodyReceived(byteCount: Int, pausesReader: Bool) -> PartAction {
        guard case .exchanging(var exchange) = self.state else { return .discard }
        switch exchange.request {
        case .unread, .paused:
            return .hold
        case .reading:
            if pausesReader { exchange.request = .paused }
            exchange.bodyArrived(byteCount: byteCount)
            self.state = .exchanging(exchange)
            return .deliver
        case .discarding(let discarded):
            exchange.request = .discarding(byteCount: discarded + byteCount)
            exchange.bodyArrived(byteCount: byteCount)
            if discarded + byteCount > self.drainLimit { exchange.closes = true }
            self.state = .exchanging(exchange)
            return self.endIfOver()
        case .ended, .failed:
            return .discard
        }
    }

    mutating func endReceived(hasTrailers: Bool) -> PartAction {
        guard case .exchanging(var exchange) = self.state else { return .discard }
        switch exchange.request {
        case .paused:
            return .hold
        case .unread where hasTrailers:
            return .hold
        case .unread:
            exchange.request = .ended(isDelivered: false)
            self.state = .exchanging(exchange)
            return self.endIfOver()
        case .reading:
            exchange.request = .ended(isDelivered: true)
            self.state = .exchanging(exchange)
            return .deliver
        case .discarding:
            exchange.request = .ended(isDelivered: true)
            self.state = .exchanging(exchange)
            return self.endIfOver()
        case .ended, .failed:
            return .discard
        }
    }

    /// The rest of the request will not come: bad HTTP, the end of the stream in its middle, or a time-out.
    mutating func requestFailed(_ error: HTTPBodyError) -> FailureAction {
        switch self.state {
        case .idle(let headBegun):
            // The end of the stream in a head leaves nobody to answer.
            guard error != .truncated, error != .timedOut || headBegun else {
                self.state = .closed
                return .close
            }
            self.state = .lingering
            return .reject
        case .exchanging(var exchange):
            exchange.closes = true
            switch exchange.request {
            case .unread, .discarding:
                exchange.request = .failed(error)
                self.state = .exchanging(exchange)
                guard case .ended = exchange.response else { return .remember }
                self.state = .closed
                return .close
            case .reading, .paused:
                exchange.request = .failed(error)
                self.state = .exchanging(exchange)
                guard case .ended = exchange.response else { return .deliver(closes: false) }
                self.state = .closed
                return .deliver(closes: true)
            case .ended, .failed:
                // It belongs to the next request, which will not be taken.
                self.state = .exchanging(exchange)
                return .remember
            }
        case .lingering, .closed:
            return .drop
        }
    }

    enum InputClosedAction: Equatable {
        case hold, close, drop
    }

    /// The client has closed its sending side, after all that it sent before was taken.
    mutating func inputClosed() -> InputClosedAction {
        switch self.state {
        case .idle, .lingering:
            self.state = .closed
            return .close
        case .exchanging: return .hold
        case .closed: return .drop
        }
    }

    /// Bytes came that do not make a part yet: between exchanges, that is the beginning of a head.
    mutating func incompleteBytesReceived() {
        if case .idle = self.state { self.state = .idle(headBegun: true) }
    }

    /// Whether a connection that is lost (`true`) had an exchange whose handler is to be told.
    mutating func connectionLost() -> Bool {
        defer { self.state = .closed }
        guard case .exchanging(let exchange) = self.state else { return false }
        if case .ended = exchange.response { return false }
        return true
    }
}

// MARK: - What the handler does

extension HTTPExchangeStateMachine {
    enum ReadAction: Equatable {
        /// Offer what is held; the rest comes from the socket.
        case read(sendContinue: Bool)
        /// The body was empty, and is over.
        case deliverEnd
        case deliverFailure(HTTPBodyError)
        case drop
    }

    /// The handler asks for the body. `holdsParts`: a part of it has come already, so nobody waits for "continue".
    mutating func readerAttached(holdsParts: Bool) -> ReadAction {
        guard case .exchanging(var exchange) = self.state else { return .deliverFailure(.truncated) }
        switch exchange.request {
        case .unread:
            let sendContinue = exchange.awaitsContinue && !holdsParts
            exchange.request = .reading
            exchange.awaitsContinue = false
            self.state = .exchanging(exchange)
            return .read(sendContinue: sendContinue)
        case .ended(isDelivered: false):
            exchange.request = .ended(isDelivered: true)
            self.state = .exchanging(exchange)
            return .deliverEnd
        case .failed(let error):
            return .deliverFailure(error)
        case .reading, .paused, .discarding, .ended:
            return .drop
        }
    }

    /// The reader of a streamed body asks for the next part.
    ///
    /// - Returns: whether what is held is to be offered again.
    mutating func nextPartWanted() -> Bool {
        guard case .exchanging(var exchange) = self.state, exchange.request == .paused else { return false }
        exchange.request = .reading
        self.state = .exchanging(exchange)
        return true
    }

    /// The reader takes no more (the body is too large): the rest is thrown away.
    mutating func readerDetached() {
        guard case .exchanging(var exchange) = self.state else { return }
        switch exchange.request {
        case .unread, .reading, .paused: exchange.request = .discarding(byteCount: 0)
        case .discarding, .ended, .failed: return
        }
        self.state = .exchanging(exchange)
    }

    enum ResponseAction: Equatable {
        /// Write the head; `closes` goes into its `Connection` field.
        case write(closes: Bool)
        /// The connection is gone.
        case drop
        /// The handler answers for the second time.
        case refuseSecondResponse
    }

    mutating func responseBegan() -> ResponseAction {
        guard case .exchanging(var exchange) = self.state else { return .drop }
        guard case .none = exchange.response else { return .refuseSecondResponse }
        exchange.response = .streaming
        // A client that waits for "continue" may now send its body or not: nobody can tell where a next request
        // begins. A body known to be over the drain limit is not waited for either.
        let isUnread = exchange.request != .reading && exchange.request != .paused && !exchange.isRequestOver
        if exchange.awaitsContinue && isUnread { exchange.closes = true }
        if isUnread, let remaining = exchange.remainingByteCount, remaining > self.drainLimit { exchange.closes = true }
        self.state = .exchanging(exchange)
        return .write(closes: exchange.closes)
    }

    /// The whole response is written.
    ///
    /// - Returns: how the exchange ends, or `nil` while its request is still being read: offer what is held again.
    mutating func responseEnded() -> Ending? {
        guard case .exchanging(var exchange) = self.state, case .streaming = exchange.response else { return nil }
        exchange.response = .ended
        if exchange.request == .unread || exchange.request == .paused {
            exchange.request = .discarding(byteCount: 0)
        }
        self.state = .exchanging(exchange)
        if case .finish(let ending) = self.endIfOver() { return ending }
        return nil
    }

    /// The end of the response is told by the end of the connection.
    mutating func responseClosesConnection() {
        guard case .exchanging(var exchange) = self.state else { return }
        exchange.closes = true
        self.state = .exchanging(exchange)
    }

    /// The reader has been told the end of the body.
    ///
    /// - Returns: how the exchange ends, or `nil` while it is not answered.
    mutating func endDelivered() -> Ending? {
        if case .finish(let ending) = self.endIfOver() { return ending }
        return nil
    }

    /// The connection is closed by this side.
    mutating func closed() {
        self.state = .closed
    }

    /// The server stops: the exchange that runs is the last.
    ///
    /// - Returns: whether to close now.
    mutating func shutdownBegan() -> Bool {
        self.isShuttingDown = true
        switch self.state {
        case .idle:
            self.state = .closed
            return true
        case .exchanging(var exchange):
            exchange.closes = true
            self.state = .exchanging(exchange)
            return false
        case .lingering:
            return true
        case .closed:
            return false
        }
    }

    /// What the connection is waiting for.
    var wait: Wait {
        switch self.state {
        case .idle(headBegun: false): return .request
        case .idle(headBegun: true): return .head
        case .exchanging(let exchange):
            switch exchange.request {
            case .reading, .discarding: return .body
            case .unread, .paused, .ended, .failed: return .nothing
            }
        case .lingering, .closed: return .nothing
        }
    }

    private mutating func endIfOver() -> PartAction {
        guard case .exchanging(let exchange) = self.state, case .ended = exchange.response else { return .discard }
        if exchange.closes {
            self.state = exchange.isRequestOver ? .closed : .lingering
            return .finish(exchange.isRequestOver ? .close : .linger)
        }
        guard exchange.isRequestOver else { return .discard }
        self.state = .idle(headBegun: false)
        return .finish(.next)
    }
}
