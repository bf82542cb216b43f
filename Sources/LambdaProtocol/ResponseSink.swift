package import NIOCore

/// Takes a function's answer piece by piece, while the function still makes it.
///
/// Whoever invokes with a sink gets the invocation's outcome as well, at the end and exactly once. Where ``begin(_:)``
/// was called, an outcome that is a result has an empty body: its bytes went through the sink. Where it was not, the
/// outcome is the whole answer.
///
/// Called on the invoker's loop.
package protocol ResponseSink: AnyObject {
    /// The function has begun to answer.
    ///
    /// Called at most once.
    func begin(_ head: ResponseHead)

    /// Bytes of the answer, in order.
    ///
    /// - Returns: `false` when nothing more is to come until ``onWanted`` is called. What was given is taken anyway.
    func write(_ bytes: ByteBuffer) -> Bool

    /// Set by whoever writes: to be called once more bytes are wanted after ``write(_:)`` returned `false`.
    ///
    /// A sink whose caller is gone calls it too, and takes everything from then on: the function runs to its end.
    var onWanted: (() -> Void)? { get set }
}

/// What is known of an answer when it begins.
package struct ResponseHead: Sendable, Equatable {
    /// The runtime's `Content-Type`, where it sent one.
    package var contentType: String?
    /// The version that runs: `$LATEST` or a number.
    package var executedVersion: String?

    package init(contentType: String? = nil, executedVersion: String? = nil) {
        self.contentType = contentType
        self.executedVersion = executedVersion
    }
}
