internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// A connection to one subscriber, opened when it is needed and kept while it stands.
///
/// Batches go out one after the other: the next only when the last has come to its end.
// @unchecked: every member is used on `eventLoop` only (asserted).
final class TelemetryClient: @unchecked Sendable {
    /// How long a subscriber may take for one batch.
    private static let timeout = TimeAmount.seconds(5)

    private let destination: TelemetryDestination
    private let eventLoop: any EventLoop
    private var channel: (any Channel)?
    private var isClosed = false

    init(destination: TelemetryDestination, eventLoop: any EventLoop) {
        self.destination = destination
        self.eventLoop = eventLoop
    }

    /// Delivers events.
    ///
    /// - Parameters:
    ///   - events: JSON objects.
    ///   - completion: Told whether they have arrived: for HTTP with a status of 2xx, for TCP into the socket.
    func send(_ events: [ByteBuffer], completion: @escaping (Bool) -> Void) {
        self.eventLoop.assertInEventLoop()
        self.connected().flatMap { channel in
            self.write(events, to: channel)
        }.assumeIsolated().whenComplete { result in
            if case .success(true) = result { return completion(true) }
            self.disconnect()
            completion(false)
        }
    }

    /// Closes the connection; what is on its way fails.
    func close() {
        self.eventLoop.assertInEventLoop()
        self.isClosed = true
        self.disconnect()
    }

    private func disconnect() {
        self.channel?.close(promise: nil)
        self.channel = nil
    }

    private func connected() -> EventLoopFuture<any Channel> {
        if let channel = self.channel, channel.isActive { return self.eventLoop.makeSucceededFuture(channel) }
        guard !self.isClosed else { return self.eventLoop.makeFailedFuture(ChannelError.alreadyClosed) }
        let isHTTP = if case .http = self.destination { true } else { false }
        do {
            // Never looked up: the names that a subscription may have all mean this host.
            let address = try SocketAddress(ipAddress: "127.0.0.1", port: self.destination.port)
            return ClientBootstrap(group: self.eventLoop)
                .connectTimeout(.seconds(1))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        guard isHTTP else { return }
                        try channel.pipeline.syncOperations.addHTTPClientHandlers()
                        try channel.pipeline.syncOperations.addHandler(TelemetryHTTPHandler())
                    }
                }
                .connect(to: address)
                .map { channel in
                    self.channel = channel
                    if self.isClosed { self.disconnect() }
                    return channel
                }
        } catch {
            return self.eventLoop.makeFailedFuture(error)
        }
    }

    private func write(_ events: [ByteBuffer], to channel: any Channel) -> EventLoopFuture<Bool> {
        let promise = self.eventLoop.makePromise(of: Bool.self)
        let timer = self.eventLoop.scheduleTask(in: Self.timeout) { channel.close(promise: nil) }
        switch self.destination {
        case .http(let host, let port, let target):
            let head = HTTPRequestHead(
                version: .http1_1, method: .POST, uri: target,
                headers: ["host": "\(host):\(port)", "content-type": "application/json"])
            let post = TelemetryHTTPHandler.Post(head: head, body: Self.array(of: events), promise: promise)
            channel.writeAndFlush(post).whenFailure { promise.fail($0) }
        case .tcp:
            channel.writeAndFlush(Self.lines(of: events)).map { true }.cascade(to: promise)
        }
        return promise.futureResult.always { _ in timer.cancel() }
    }

    private static func array(of events: [ByteBuffer]) -> ByteBuffer {
        var body = ByteBuffer()
        body.reserveCapacity(events.reduce(2) { $0 + $1.readableBytes + 1 })
        body.writeInteger(UInt8(ascii: "["))
        for (index, event) in events.enumerated() {
            if index > 0 { body.writeInteger(UInt8(ascii: ",")) }
            body.writeImmutableBuffer(event)
        }
        body.writeInteger(UInt8(ascii: "]"))
        return body
    }

    private static func lines(of events: [ByteBuffer]) -> ByteBuffer {
        var lines = ByteBuffer()
        lines.reserveCapacity(events.reduce(0) { $0 + $1.readableBytes + 1 })
        for event in events {
            lines.writeImmutableBuffer(event)
            lines.writeInteger(UInt8(ascii: "\n"))
        }
        return lines
    }
}
