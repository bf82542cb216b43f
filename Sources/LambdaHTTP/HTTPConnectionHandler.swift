import DequeModule
import Glibc
import Logging
import NIOCore
import NIOHTTP1

/// One connection: cuts what it reads into requests, asks its state machine, and does what that says.
///
/// Flushes once for all that one call from outside (or one read of the socket) has written.
// @unchecked: every member is used on `eventLoop` only (asserted).
final class HTTPConnectionHandler: ChannelDuplexHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    let eventLoop: any EventLoop
    let server: HTTPServer
    /// Whether this is HTTPS.
    let isSecure: Bool
    var machine: HTTPExchangeStateMachine
    var context: ChannelHandlerContext?
    var exchange: HTTPExchange?
    var reader: HTTPBodyReader?
    var streamed: HTTPStreamedResponse?
    var declaredByteCount: Int?
    /// What the body that is being put together takes of the server's memory for bodies.
    private var collectedByteCount = 0

    // Output that waits for the outermost call to end.
    var callDepth = 0
    var needsFlush = false
    var isFlushScheduled = false
    var isInRead = false
    private var readHasParts = false

    private var parser: HTTPRequestParser
    /// What was read and is not a whole part yet.
    private(set) var unread = ByteBuffer()
    // Input that the machine does not take yet. While there is any, the socket is not read.
    private var held = Deque<HTTPRequestPart>()
    private var isOfferingHeld = false
    private var isReadHeldBack = false
    private var inputIsClosed = false

    // Time-outs, in ticks of the server.
    private var wait = HTTPExchangeStateMachine.Wait.nothing
    private var deadlineTick = UInt64.max
    private var bodyStartTick: UInt64 = 0
    private var bodyByteCount = 0
    var writing = WriteProgress()

    init(server: HTTPServer, eventLoop: any EventLoop, isSecure: Bool = false) {
        self.server = server
        self.eventLoop = eventLoop
        self.isSecure = isSecure
        self.machine = HTTPExchangeStateMachine(drainLimit: server.configuration.drainLimit)
        self.parser = HTTPRequestParser(
            maxHeadByteCount: server.configuration.maxHeadByteCount,
            maxFieldCount: server.configuration.maxHeaderFieldCount)
    }

    var remoteAddress: SocketAddress? { self.context?.channel.remoteAddress }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.updateDeadline(isProgress: true)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.isInRead = true
        var unread = self.unwrapInboundIn(data)
        if self.unread.readableBytes > 0 {
            self.unread.writeBuffer(&unread)
            unread = self.unread
        }
        // Nobody else touches them meanwhile; and while they are local, no access to them has to be checked.
        self.unread = ByteBuffer()
        var parser = self.parser
        while case .part(let part) = parser.next(from: &unread) {
            self.readHasParts = true
            self.received(part)
        }
        self.parser = parser
        if unread.readableBytes > 0 {
            // Where every read ends within a part, what was taken off the front would never be given up otherwise.
            unread.discardReadBytes()
            self.unread = unread
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if self.hasBegunHead { self.machine.incompleteBytesReceived() }
        self.isInRead = false
        self.updateDeadline(isProgress: self.readHasParts)
        self.readHasParts = false
        self.flushIfNeeded()
    }

    /// Between requests: whether the next one's head has begun. Empty lines, which some clients send behind a body, begin
    /// none: nothing is left of a whole one, and a carriage return of half a one.
    private var hasBegunHead: Bool {
        guard let first = self.unread.getInteger(at: self.unread.readerIndex, as: UInt8.self) else { return false }
        return self.unread.readableBytes > 1 || first != ASCII.carriageReturn
    }

    func read(context: ChannelHandlerContext) {
        if self.held.isEmpty { context.read() } else { self.isReadHeldBack = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable else { return }
        self.call {
            self.streamed?.writer.onWritable?()
            // Requests that were held back since the answers before them had not been taken.
            self.offerHeld()
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent {
            self.inputIsClosed = true
            self.call {
                if self.parser.isInRequest(unread: self.unread) {
                    self.received(.failed(.truncated, status: .badRequest))
                }
                self.received(.inputClosed)
            }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The socket broke; `channelInactive` follows.
        self.server.logger.trace("connection failed", metadata: ["error": "\(error)"])
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.server.connectionClosed(self)
        self.abortExchange()
        self.held.removeAll()
        context.fireChannelInactive()
    }

    /// Tells reader and handler that the client is gone.
    private func abortExchange() {
        let mustTell = self.machine.connectionLost()
        let exchange = self.exchange
        self.deliverFailure(.truncated)
        self.endExchange()
        if mustTell {
            exchange?.onAbort?()
        }
        exchange?.onAbort = nil
    }

    // MARK: Parts

    private func received(_ part: HTTPRequestPart) {
        if !self.held.isEmpty || !self.take(part) { self.held.append(part) }
    }

    /// Offers what is held to the machine, until it takes no more.
    func offerHeld() {
        guard !self.isOfferingHeld else { return }
        self.isOfferingHeld = true
        while let part = self.held.popFirst() {
            guard self.take(part) else {
                self.held.prepend(part)
                break
            }
        }
        self.isOfferingHeld = false
        if self.held.isEmpty, self.isReadHeldBack {
            self.isReadHeldBack = false
            self.context?.read()
        }
    }

    var holdsParts: Bool { !self.held.isEmpty }

    /// - Returns: `false` when the part must wait.
    private func take(_ part: HTTPRequestPart) -> Bool {
        switch part {
        case .head(let request, let facts): return self.takeHead(request, facts)
        case .body(let bytes): return self.takeBody(bytes)
        case .end(let trailers): return self.takeEnd(trailers)
        case .failed(let error, let status):
            self.takeFailure(error, status)
            return true
        case .inputClosed:
            switch self.machine.inputClosed() {
            case .hold: return false
            case .close: self.closeAfterFlush()
            case .drop: break
            }
            return true
        }
    }

    private func takeHead(_ request: HTTPRequest, _ facts: HTTPExchangeStateMachine.HeadFacts) -> Bool {
        // Who sends requests and does not take the answers would have us keep them all.
        guard self.context?.channel.isWritable ?? true else { return false }
        switch self.machine.headReceived(facts) {
        case .begin:
            self.declaredByteCount = facts.declaredByteCount
            self.bodyByteCount = 0
            let exchange = HTTPExchange(head: request, connection: self)
            self.exchange = exchange
            self.server.handler(exchange)
            return true
        case .hold: return false
        case .refuseExpectation: self.reject(.expectationFailed)
        case .drop: break
        }
        return true
    }

    private func takeBody(_ bytes: ByteBuffer) -> Bool {
        self.bodyByteCount += bytes.readableBytes
        var isStreamed = false
        if case .stream? = self.reader { isStreamed = true }
        switch self.machine.bodyReceived(byteCount: bytes.readableBytes, pausesReader: isStreamed) {
        case .deliver: self.deliver(bytes)
        case .hold: return false
        case .discard: break
        case .finish(let ending): self.finish(ending)
        }
        return true
    }

    private func takeEnd(_ trailers: HTTPHeaders?) -> Bool {
        switch self.machine.endReceived(hasTrailers: trailers != nil) {
        case .deliver:
            self.deliverEnd(trailers)
            if let ending = self.machine.endDelivered() { self.finish(ending) }
        case .hold: return false
        case .discard: break
        case .finish(let ending): self.finish(ending)
        }
        return true
    }

    private func takeFailure(_ error: HTTPBodyError, _ status: HTTPResponseStatus) {
        switch self.machine.requestFailed(error) {
        case .deliver(let closes):
            self.deliverFailure(error)
            if closes { self.closeAfterFlush() }
        case .reject: self.reject(status)
        case .close: self.closeAfterFlush()
        case .remember, .drop: break
        }
    }

    // MARK: The body's reader

    func readBody(of exchange: HTTPExchange, by reader: HTTPBodyReader) {
        self.call {
            guard exchange === self.exchange else { return reader.fail(.truncated) }
            if case .collector(let collector) = reader, let declared = self.declaredByteCount,
                declared > collector.limit
            {
                self.machine.readerDetached()
                reader.fail(.tooLarge(declaredByteCount: declared))
                return self.offerHeld()
            }
            switch self.machine.readerAttached(holdsParts: !self.held.isEmpty) {
            case .read(let sendContinue):
                self.reader = reader
                if sendContinue { self.writeContinue() }
                self.offerHeld()
            case .deliverEnd:
                self.reader = reader
                self.deliverEnd(nil)
            case .deliverFailure(let error): reader.fail(error)
            case .drop: assertionFailure("the body of \(exchange.path) is asked for twice")
            }
        }
    }

    func readNextPart(of exchange: HTTPExchange) {
        guard exchange === self.exchange else { return }
        self.call {
            if self.machine.nextPartWanted() { self.offerHeld() }
        }
    }

    private func deliver(_ bytes: ByteBuffer) {
        switch self.reader {
        case .stream(let receive)?: receive(.bytes(bytes))
        case .collector(var collector)?:
            self.reader = nil
            if let error = self.collect(bytes, &collector) {
                self.forgetCollected()
                self.machine.readerDetached()
                collector.completion(.failure(error))
            } else {
                self.reader = .collector(collector)
            }
        case nil: break
        }
    }

    private func collect(_ bytes: ByteBuffer, _ collector: inout HTTPBodyCollector) -> HTTPBodyError? {
        guard self.server.bodyMemory.take(bytes.readableBytes) else { return .noRoom }
        self.collectedByteCount += bytes.readableBytes
        let fits = collector.append(bytes, declaredByteCount: self.declaredByteCount)
        return fits ? nil : .tooLarge(declaredByteCount: self.declaredByteCount)
    }

    /// The body is somebody else's from here on, or nobody's.
    private func forgetCollected() {
        self.server.bodyMemory.give(back: self.collectedByteCount)
        self.collectedByteCount = 0
    }

    private func deliverEnd(_ trailers: HTTPHeaders?) {
        let reader = self.reader
        self.reader = nil
        self.forgetCollected()
        switch reader {
        case .stream(let receive)?: receive(.end(trailers: trailers))
        case .collector(var collector)?: collector.end(trailers: trailers)
        case nil: break
        }
    }

    private func deliverFailure(_ error: HTTPBodyError) {
        let reader = self.reader
        self.reader = nil
        self.forgetCollected()
        reader?.fail(error)
    }

    // MARK: Ends

    func finish(_ ending: HTTPExchangeStateMachine.Ending) {
        self.endExchange()
        switch ending {
        case .next:
            // The beginning of the next head came while this request was answered.
            if self.hasBegunHead { self.machine.incompleteBytesReceived() }
            self.offerHeld()
        case .close: self.closeAfterFlush()
        case .linger: self.linger()
        }
    }

    private func endExchange() {
        self.exchange = nil
        self.reader = nil
        self.forgetCollected()
        self.streamed = nil
        self.declaredByteCount = nil
    }

    /// Answers a request that has no exchange.
    private func reject(_ status: HTTPResponseStatus) {
        var bytes = self.server.scratch
        bytes.clear()
        HTTPResponseSerializer.writeHead(
            status: status, framing: .length(0), persistence: .close, date: nil, into: &bytes
        ) { _ in }
        self.write(bytes)
        self.linger()
    }

    /// Closes, and makes the kernel forget what it still has for the client, which would not take that either.
    private func reset() {
        if let socket = self.context?.channel as? any SocketOptionProvider {
            socket.setSoLinger(Glibc.linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in }
        }
        self.closeNow()
    }

    func closeNow() {
        self.machine.closed()
        self.context?.close(promise: nil)
    }

    private func closeAfterFlush() {
        guard let context = self.context else { return }
        self.machine.closed()
        let written = context.eventLoop.makePromise(of: Void.self)
        // An empty write after all others: its completion is theirs.
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer()), promise: written)
        self.needsFlush = false
        let channel = context.channel
        written.futureResult.whenComplete { _ in channel.close(promise: nil) }
    }

    private func linger() {
        guard !self.inputIsClosed, let context = self.context else { return self.closeAfterFlush() }
        self.held.removeAll()
        context.flush()
        self.needsFlush = false
        context.close(mode: .output, promise: nil)
        let channel = context.channel
        let timer = self.eventLoop.scheduleTask(in: .seconds(2)) { channel.close(promise: nil) }
        channel.closeFuture.whenComplete { _ in timer.cancel() }
        self.offerHeld()
    }

    // MARK: Time

    /// Starts the time-out of what is now waited for. `isProgress`: bytes have come.
    func updateDeadline(isProgress: Bool) {
        let wait = self.machine.wait
        guard wait != self.wait || (isProgress && wait == .body) || (isProgress && wait == .request) else { return }
        if wait == .body, self.wait != .body { self.bodyStartTick = self.server.ticks.now }
        self.wait = wait
        self.deadlineTick = self.server.ticks.deadline(for: wait)
        guard wait == .body else { return }
        let limit = self.server.ticks.bodyDeadline(since: self.bodyStartTick, byteCount: self.bodyByteCount)
        self.deadlineTick = min(self.deadlineTick, limit)
    }

    /// The server's clock has ticked.
    func ticked(_ tick: UInt64) {
        guard !self.isStalled(at: tick) else {
            self.server.logger.debug("connection closed: its client does not take its answer")
            return self.reset()
        }
        guard tick >= self.deadlineTick else { return }
        self.deadlineTick = .max
        self.call { self.takeFailure(.timedOut, .requestTimeout) }
    }

    /// The server stops.
    func shutDown() {
        if self.machine.shutdownBegan() { self.closeAfterFlush() }
    }

    // MARK: Flushing

    /// Wraps each entry from outside, so that the outermost one flushes.
    func call(_ body: () -> Void) {
        self.callDepth += 1
        body()
        self.callDepth -= 1
        if self.callDepth == 0, !self.isInRead {
            self.updateDeadline(isProgress: false)
            self.flushIfNeeded()
        }
    }

    func flushIfNeeded() {
        guard self.needsFlush else { return }
        self.needsFlush = false
        self.context?.flush()
    }
}

extension HTTPBodyReader {
    func fail(_ error: HTTPBodyError) {
        switch self {
        case .stream(let receive): receive(.failed(error))
        case .collector(let collector): collector.completion(.failure(error))
        }
    }
}
