package import NIOCore

/// The limits of one listener. `nil` means "no limit".
package struct HTTPServerConfiguration: Sendable {
    /// Bytes of a request's head: request line and header fields. Over it: 431, and the connection is closed.
    ///
    /// Runtimes put stack traces of up to 1 MiB into a header field (contract 4.5): the Runtime API needs 1.5 MiB.
    package var maxHeadByteCount: Int
    /// Header fields of a request. Over it: 431, and the connection is closed.
    package var maxHeaderFieldCount: Int
    /// Open connections. One more is accepted and closed at once.
    package var maxConnections: Int?
    /// How long a kept-alive connection may stay without a request. Runtimes poll for hours: no limit for them.
    package var idleTimeout: TimeAmount?
    /// How long a whole head may take from its first bytes (slowloris). Over it: 408, and the connection is closed. A
    /// TLS handshake may take as long.
    package var headTimeout: TimeAmount?
    /// The longest silence while a body is being received.
    package var bodyTimeout: TimeAmount?
    /// The longest time in which a client takes next to nothing of what is written for it; then the connection is closed.
    package var writeTimeout: TimeAmount?
    /// Bytes a second: a client that sends or takes single bytes would never be silent. A body has ``bodyTimeout`` and the
    /// time that it takes at this rate; and "next to nothing" is less than this times ``writeTimeout``. 0: no limit.
    package var minByteRate = 0
    /// Bytes of the bodies that all connections together are putting together. Who comes when it is used up is told to try
    /// again; what is whole already is no longer counted.
    package var maxBodyMemory: Int?
    /// Bytes of an unwanted body that are read and thrown away, so that the client can read its answer.
    package var drainLimit: Int
    /// Whether a client that has closed its sending side still gets its answer. Where no client does that on
    /// purpose (the Runtime API), `false` makes the end of the client's process visible as `onAbort`.
    package var allowsHalfClosure: Bool
    /// Whether responses carry a `date` field.
    package var sendsDate: Bool
    /// Whether other listeners of this user may have the same port (SO_REUSEPORT): the kernel then spreads connections
    /// over them. One for each event loop needs no hand-over between loops.
    package var sharesPort = false
    /// Bytes that are read at once, at most; a connection keeps memory of this size once it has received so much. A power
    /// of two.
    package var maxReadByteCount = 64 * 1024
    /// Whether responses are counted by their status, for metrics.
    package var countsResponses = false

    /// Makes a configuration.
    ///
    /// - Parameters:
    ///   - maxHeadByteCount: Bytes of a request's head; default 64 KiB.
    ///   - maxHeaderFieldCount: Header fields of a request; default 256.
    ///   - maxConnections: Open connections; default unlimited.
    ///   - idleTimeout: Time without a request; default unlimited.
    ///   - headTimeout: Time for a whole head; default unlimited.
    ///   - bodyTimeout: Silence within a body; default unlimited.
    ///   - drainLimit: Bytes of an unwanted body that are thrown away; default 64 MiB.
    ///   - allowsHalfClosure: Answer clients that have closed their sending side; default `true`.
    ///   - sendsDate: Send a `date` field; default `false`.
    package init(
        maxHeadByteCount: Int = 64 * 1024, maxHeaderFieldCount: Int = 256, maxConnections: Int? = nil,
        idleTimeout: TimeAmount? = nil, headTimeout: TimeAmount? = nil, bodyTimeout: TimeAmount? = nil,
        drainLimit: Int = 64 * 1024 * 1024, allowsHalfClosure: Bool = true, sendsDate: Bool = false
    ) {
        self.maxHeadByteCount = maxHeadByteCount
        self.maxHeaderFieldCount = maxHeaderFieldCount
        self.maxConnections = maxConnections
        self.idleTimeout = idleTimeout
        self.headTimeout = headTimeout
        self.bodyTimeout = bodyTimeout
        self.drainLimit = drainLimit
        self.allowsHalfClosure = allowsHalfClosure
        self.sendsDate = sendsDate
    }
}

extension HTTPServerConfiguration {
    /// As NIO chooses by itself, but for the limit.
    var readBuffers: AdaptiveRecvByteBufferAllocator {
        AdaptiveRecvByteBufferAllocator(minimum: 64, initial: 2048, maximum: self.maxReadByteCount)
    }
}
