package import NIOCore

/// A method that carries content, with the message that followed it.
package enum ReceivedContent: Sendable, Equatable {
    case delivery(ServerMethod.Deliver, AMQPProperties, ByteBuffer)
    case returned(ServerMethod.Return, AMQPProperties, ByteBuffer)
    case got(ServerMethod.GetOK, AMQPProperties, ByteBuffer)
}

/// Puts a message together on one channel: a method, a content header, then body frames (AMQP 0-9-1, 4.2.6).
///
/// Pure: no I/O. A body that came in one piece is passed on as that slice; another one is collected in one buffer of
/// the announced size, which is checked first.
package struct ContentAssembler {
    package enum Action: Equatable {
        /// The message is not whole.
        case wait
        case complete(ReceivedContent)
        case violation(ProtocolViolation)
    }

    private enum State {
        /// No content is under way. Can transition to: `awaitingHeader`.
        case idle
        /// A method announced content. Can transition to: `awaitingBody`, or `idle` for an empty body.
        case awaitingHeader(ServerMethod)
        /// Body frames come in. Can transition to: `idle` when the announced size is reached.
        case awaitingBody(ServerMethod, AMQPProperties, byteCount: Int, ByteBuffer)
    }

    private var state: State = .idle
    private let maxBodyByteCount: Int
    /// What is reserved at first for a body; a peer that only announces much gets no more than this. One that has sent
    /// so much has room made for all that it announced.
    private static let initialReservation = 1 << 20

    package init(maxBodyByteCount: Int) {
        self.maxBodyByteCount = maxBodyByteCount
    }

    /// Whether a message is under way: then no other method may come on the channel.
    package var isAssembling: Bool {
        if case .idle = self.state { return false }
        return true
    }

    /// A method with content has come. The caller has checked that ``isAssembling`` is false.
    package mutating func methodReceived(_ method: ServerMethod) {
        self.state = .awaitingHeader(method)
    }

    package mutating func headerReceived(bodyByteCount: UInt64, _ properties: AMQPProperties) -> Action {
        guard case .awaitingHeader(let method) = self.takeState() else {
            return .violation(ProtocolViolation(.unexpectedFrame, "a content header that no method announced"))
        }
        guard bodyByteCount <= UInt64(self.maxBodyByteCount) else {
            return .violation(
                ProtocolViolation(
                    .resourceError, "a message of \(bodyByteCount) bytes; the limit is \(self.maxBodyByteCount)"))
        }
        guard bodyByteCount > 0 else {
            return Self.complete(method, properties, ByteBuffer())
        }
        self.state = .awaitingBody(method, properties, byteCount: Int(bodyByteCount), ByteBuffer())
        return .wait
    }

    /// A body frame has come, or a piece of one.
    ///
    /// - Parameters:
    ///   - fragment: Its bytes.
    ///   - missingByteCount: How many more the frame has: a frame that says too much is refused before it is whole.
    package mutating func bodyReceived(_ fragment: ByteBuffer, missingByteCount: Int) -> Action {
        guard case .awaitingBody(let method, let properties, let byteCount, var body) = self.takeState() else {
            return .violation(ProtocolViolation(.unexpectedFrame, "a body frame that no content header announced"))
        }
        let total = body.readableBytes + fragment.readableBytes
        guard total + missingByteCount <= byteCount else {
            return .violation(
                ProtocolViolation(.frameError, "more body bytes than the \(byteCount) of the content header"))
        }
        if total == byteCount, body.readableBytes == 0 {
            return Self.complete(method, properties, fragment)
        }
        if total > body.readableBytes + body.writableBytes {
            body.reserveCapacity(total > Self.initialReservation ? byteCount : min(byteCount, Self.initialReservation))
        }
        body.writeImmutableBuffer(fragment)
        if total == byteCount { return Self.complete(method, properties, body) }
        self.state = .awaitingBody(method, properties, byteCount: byteCount, body)
        return .wait
    }

    /// The state, which is moved on rather than copied; whoever takes it says what follows, else nothing does.
    private mutating func takeState() -> State {
        var state = State.idle
        swap(&state, &self.state)
        return state
    }

    private static func complete(
        _ method: ServerMethod, _ properties: AMQPProperties, _ body: ByteBuffer
    ) -> Action {
        switch method {
        case .basicDeliver(let deliver): .complete(.delivery(deliver, properties, body))
        case .basicReturn(let returned): .complete(.returned(returned, properties, body))
        case .basicGetOK(let got): .complete(.got(got, properties, body))
        default: .violation(ProtocolViolation(.unexpectedFrame, "content after a method that has none"))
        }
    }
}
