import LambdaProtocol
import NIOCore

/// Takes a streamed answer, and says what came of it.
// @unchecked: used on the function's loop only; a test reads it when the invocation is over.
final class RecordingSink: ResponseSink, @unchecked Sendable {
    var onWanted: (() -> Void)?
    private(set) var head: ResponseHead?
    private(set) var bytes = ByteBuffer()
    private(set) var partCount = 0
    /// Parts that came although the sink had said that it wants none.
    private(set) var unaskedCount = 0
    /// Called with the number of each part; says whether the next one may come.
    private let takesMore: (RecordingSink, Int) -> Bool
    private var isFull = false

    /// Takes everything, unless told otherwise.
    init(takesMore: @escaping (RecordingSink, Int) -> Bool = { _, _ in true }) {
        self.takesMore = takesMore
    }

    var text: String { String(buffer: self.bytes) }

    func begin(_ head: ResponseHead) {
        self.head = head
    }

    func write(_ bytes: ByteBuffer) -> Bool {
        if self.isFull { self.unaskedCount += 1 }
        self.bytes.writeImmutableBuffer(bytes)
        self.partCount += 1
        self.isFull = !self.takesMore(self, self.partCount)
        return !self.isFull
    }

    /// Asks for more.
    func want() {
        self.isFull = false
        self.onWanted?()
    }
}
