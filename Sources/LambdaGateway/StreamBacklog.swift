/// What has come of a stream while its client does not take it: chunks in order, the outcome last.
///
/// Pure. No more than the stream's window is ever in it, since only what the client took is credited again.
struct StreamBacklog<Chunk, End> {
    enum Item {
        case chunk(Chunk)
        case end(End)
    }

    private var items: [Item] = []
    private var first = 0
    private var isPaused = false

    init() {}

    /// Something has come.
    mutating func add(_ item: Item) {
        self.items.append(item)
    }

    /// What to hand over now, in turn; `nil` while the client wants nothing, or there is nothing.
    mutating func next() -> Item? {
        guard !self.isPaused, self.first < self.items.count else { return nil }
        defer { self.advance() }
        return self.items[self.first]
    }

    /// The client has had enough for now.
    mutating func pause() { self.isPaused = true }

    /// The client takes more.
    mutating func resume() { self.isPaused = false }

    private mutating func advance() {
        self.first += 1
        guard self.first == self.items.count else { return }
        self.items.removeAll(keepingCapacity: true)
        self.first = 0
    }
}

extension StreamBacklog.Item: Equatable where Chunk: Equatable, End: Equatable {}
