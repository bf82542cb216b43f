package import NIOCore

/// Which bytes of a streamed answer are sent when, and when the function may make more (design 4).
///
/// Pure.
///
/// Bytes leave only for credit that the caller has given, and only while the connection takes them. What cannot leave
/// is held, and the function makes no more until it has left: so at most one part of the runtime's is held for each
/// stream.
package struct StreamedReplyStateMachine {
    package struct Chunk: Equatable {
        package var sequence: Int
        package var bytes: ByteBuffer

        package init(sequence: Int, bytes: ByteBuffer) {
            self.sequence = sequence
            self.bytes = bytes
        }
    }

    /// What follows from an event.
    package struct Actions: Equatable {
        /// Send these, in order.
        package var chunks: [Chunk] = []
        /// The function may make more.
        package var wantsMore = false
        /// Send the outcome under this number; the stream is over.
        package var end: Int?

        package init(chunks: [Chunk] = [], wantsMore: Bool = false, end: Int? = nil) {
            self.chunks = chunks
            self.wantsMore = wantsMore
            self.end = end
        }
    }

    private enum State {
        /// Everything has left. Can transition to: `holding`, `finishing`, `over`.
        case flowing
        /// These bytes wait, and the function with them. Can transition to: `flowing`, `finishing`, `over`.
        case holding(ByteBuffer)
        /// The function is done, these bytes wait. Can transition to: `over`.
        case finishing(ByteBuffer)
        /// The outcome was sent, or the connection is gone: whatever the function makes is dropped.
        case over
    }

    /// Bytes of a chunk at most: a message takes the connection for as long as it lasts.
    private static let maxChunkByteCount = 1024 * 1024
    /// More credit than any answer needs; so no sum of credits overflows.
    private static let maxCredit = 1 << 50

    private var state = State.flowing
    private var credit: Int
    private var sequence = 0

    /// - Parameter credit: Bytes that the caller takes at first.
    package init(credit: Int) {
        self.credit = min(max(0, credit), Self.maxCredit)
    }

    /// Whether the function is done, and bytes of its answer wait for credit.
    package var isWaitingToFinish: Bool {
        if case .finishing = self.state { true } else { false }
    }

    /// Nothing of the stream is to be sent any more.
    package var isOver: Bool {
        if case .over = self.state { true } else { false }
    }

    /// The function has made bytes.
    package mutating func produced(_ bytes: ByteBuffer, isWritable: Bool) -> Actions {
        switch self.state {
        case .flowing: self.state = .holding(bytes)
        case .holding(var held):
            held.writeImmutableBuffer(bytes)
            self.state = .holding(held)
        case .finishing: return Actions()
        case .over: return Actions(wantsMore: true)
        }
        return self.advance(isWritable: isWritable)
    }

    /// The caller takes more bytes.
    package mutating func credited(_ byteCount: Int, isWritable: Bool) -> Actions {
        self.credit = min(self.credit + min(max(0, byteCount), Self.maxCredit), Self.maxCredit)
        return self.advance(isWritable: isWritable)
    }

    /// The connection takes more bytes.
    package mutating func becameWritable() -> Actions {
        self.advance(isWritable: true)
    }

    /// The function is done; `rest` is what it answered without a stream.
    package mutating func finished(rest: ByteBuffer, isWritable: Bool) -> Actions {
        switch self.state {
        case .flowing: self.state = .finishing(rest)
        case .holding(var held):
            held.writeImmutableBuffer(rest)
            self.state = .finishing(held)
        case .finishing, .over: return Actions()
        }
        return self.advance(isWritable: isWritable)
    }

    /// The function failed, or its caller takes nothing more: what is held is dropped.
    package mutating func failed() -> Actions {
        if case .over = self.state { return Actions() }
        self.state = .over
        return Actions(end: self.takeSequence())
    }

    /// The connection is gone: the broker gives the message to somebody else, and the function runs to its end unheard.
    package mutating func connectionLost() -> Actions {
        defer { self.state = .over }
        if case .holding = self.state { return Actions(wantsMore: true) }
        return Actions()
    }

    /// Sends what may leave.
    private mutating func advance(isWritable: Bool) -> Actions {
        var actions = Actions()
        switch self.state {
        case .flowing, .over: break
        case .holding(var held):
            self.send(&held, isWritable, &actions)
            actions.wantsMore = held.readableBytes == 0
            self.state = actions.wantsMore ? .flowing : .holding(held)
        case .finishing(var held):
            self.send(&held, isWritable, &actions)
            self.state = .finishing(held)
            if held.readableBytes == 0 {
                actions.end = self.takeSequence()
                self.state = .over
            }
        }
        return actions
    }

    private mutating func send(_ held: inout ByteBuffer, _ isWritable: Bool, _ actions: inout Actions) {
        guard isWritable else { return }
        while self.credit > 0, held.readableBytes > 0,
            let bytes = held.readSlice(length: min(held.readableBytes, self.credit, Self.maxChunkByteCount))
        {
            self.credit -= bytes.readableBytes
            actions.chunks.append(Chunk(sequence: self.takeSequence(), bytes: bytes))
        }
    }

    private mutating func takeSequence() -> Int {
        defer { self.sequence += 1 }
        return self.sequence
    }
}
