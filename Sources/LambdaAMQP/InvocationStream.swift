public import NIOCore

/// What a function answers piece by piece, as an `AsyncSequence`; it has one reader.
///
/// The last element is ``InvocationStreamEvent/complete(_:)``. The function is slowed to the pace of the reader: no
/// more than the window is on its way or waits here. Leaving the loop before the end, and the stream with it, forgets the
/// call; the function then gets no more credit, and is ended at its time-out.
public struct InvocationStream: AsyncSequence, Sendable {
    /// What it yields.
    public typealias Element = InvocationStreamEvent
    /// What it ends with: a ``LambdaError``.
    public typealias Failure = any Error

    /// What a stream can be made of.
    public typealias Events = AsyncThrowingStream<InvocationStreamEvent, any Error>

    /// The content type that the function gave its answer.
    public let contentType: String?
    private let first: InvocationStreamEvent?
    private let events: Events
    /// Whom to tell what was read; nobody where the events are not a client's.
    private let call: StreamCall?

    init(first: InvocationStreamEvent, contentType: String?, _ events: Events, _ call: StreamCall) {
        self.first = first
        self.contentType = contentType
        self.events = events
        self.call = call
    }

    /// A stream of events that somebody else makes; for tests of what reads one.
    ///
    /// - Parameters:
    ///   - events: Chunks, and at last ``InvocationStreamEvent/complete(_:)`` or an error, which the reader has then. A
    ///     stream that ends with neither ends as one that was left: with a ``LambdaError`` of the code `cancelled`.
    ///   - contentType: The content type of the answer. None unless given.
    public init(_ events: Events, contentType: String? = nil) {
        self.first = nil
        self.contentType = contentType
        self.events = events
        self.call = nil
    }

    /// A stream of these events; for tests of what reads one.
    ///
    /// - Parameters:
    ///   - events: Chunks, and ``InvocationStreamEvent/complete(_:)`` as the last, unless it is to break.
    ///   - contentType: The content type of the answer. None unless given.
    ///   - error: What the stream breaks with after the events. None unless given.
    public init(_ events: [InvocationStreamEvent], contentType: String? = nil, error: LambdaError? = nil) {
        let (stream, continuation) = Events.makeStream()
        for event in events { continuation.yield(event) }
        continuation.finish(throwing: error)
        self.init(stream, contentType: contentType)
    }

    /// Reads the events.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private var first: InvocationStreamEvent?
        private var events: Events.AsyncIterator
        private let call: StreamCall?
        private var isComplete = false

        init(_ first: InvocationStreamEvent?, _ events: Events, _ call: StreamCall?) {
            self.first = first
            self.events = events.makeAsyncIterator()
            self.call = call
        }

        /// The next event; throws the `LambdaError` that the stream broke with.
        @concurrent public mutating func next() async throws -> InvocationStreamEvent? {
            if self.isComplete { return nil }
            let event = try await self.nextEvent()
            switch event {
            case .chunk(let bytes): self.call?.consumed(byteCount: bytes.readableBytes)
            case .complete: self.isComplete = true
            }
            return event
        }

        @concurrent private mutating func nextEvent() async throws -> InvocationStreamEvent {
            if let first = self.first {
                self.first = nil
                return first
            }
            // A stream that is left ends without an event; that is the reader's own cancellation.
            guard let event = try await self.events.next() else { throw LambdaError.cancelled }
            return event
        }
    }

    /// Begins to read.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(self.first, self.events, self.call)
    }
}

/// A piece of a streamed answer, or its end.
public enum InvocationStreamEvent: Sendable {
    /// Bytes of the answer, in order.
    case chunk(ByteBuffer)
    /// The outcome; nothing follows. Its payload is empty, or the error document of a function that failed.
    case complete(InvocationResult)
}
