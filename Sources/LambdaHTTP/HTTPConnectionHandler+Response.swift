import NIOCore
import NIOHTTP1

extension HTTPConnectionHandler {
    /// Bodies up to here go out in one buffer with their head: one copy is cheaper than a second entry in `writev`.
    private static var copiedByteCount: Int { 32 * 1024 }

    func respond(
        to exchange: HTTPExchange, status: HTTPResponseStatus, body: ByteBuffer?,
        fields: (inout HTTPFieldWriter) -> Void
    ) {
        guard exchange === self.exchange else { return }
        self.call {
            guard let closes = self.beginResponse() else { return }
            let body = status.mayHaveBody ? body : nil
            let byteCount = body?.readableBytes ?? 0
            let framing = status.mayHaveBody ? HTTPResponseSerializer.Framing.length(byteCount) : .asIs
            let sent = exchange.isHead ? nil : body
            let copied = byteCount <= Self.copiedByteCount ? sent : nil
            self.writeHead(of: exchange, status, framing, closes: closes, with: copied, fields: fields)
            if let sent, copied == nil { self.write(sent) }
            self.endResponse()
        }
    }

    func startStreaming(
        to exchange: HTTPExchange, status: HTTPResponseStatus, headers: [(String, String)]
    ) -> HTTPResponseWriter {
        let writer = HTTPResponseWriter(exchange: exchange, connection: self)
        guard exchange === self.exchange else { return writer }
        self.call {
            guard var closes = self.beginResponse() else { return }
            let framing = self.framing(of: exchange, status, headers)
            var headFraming = HTTPResponseSerializer.Framing.asIs
            switch framing {
            case .chunked: headFraming = .chunked
            case .untilClose:
                closes = true
                self.machine.responseClosesConnection()
            case .length, .none: break
            }
            self.streamed = HTTPStreamedResponse(writer: writer, framing: framing)
            self.writeHead(of: exchange, status, headFraming, closes: closes, with: nil) { writer in
                for (name, value) in headers { writer.field(name, value) }
            }
        }
        return writer
    }

    private func framing(
        of exchange: HTTPExchange, _ status: HTTPResponseStatus, _ headers: [(String, String)]
    ) -> HTTPStreamedResponse.Framing {
        if exchange.isHead || !status.mayHaveBody { return .none }
        if let length = headers.first(where: { $0.0.isCaseInsensitivelyEqual(to: "content-length") }) {
            return .length(remaining: Int(length.1) ?? 0)
        }
        return exchange.head.minorVersion == 0 ? .untilClose : .chunked
    }

    func writeStreamed(_ bytes: ByteBuffer, of exchange: HTTPExchange) -> Bool {
        guard exchange === self.exchange, let context = self.context, var streamed = self.streamed else { return false }
        switch streamed.framing {
        case .none: return true
        case .chunked: self.writeChunk(bytes)
        case .untilClose: self.write(bytes)
        case .length(let remaining):
            var bytes = bytes
            // What goes beyond the announced length would be taken for the next response.
            guard let part = bytes.readSlice(length: min(remaining, bytes.readableBytes)) else { return false }
            streamed.framing = .length(remaining: remaining - part.readableBytes)
            self.streamed = streamed
            self.write(part)
        }
        self.scheduleFlush()
        return context.channel.isWritable
    }

    private func writeChunk(_ bytes: ByteBuffer) {
        guard bytes.readableBytes > 0 else { return }
        self.writeSerialized { buffer in
            buffer.writeString(String(bytes.readableBytes, radix: 16))
            buffer.writeStaticString("\r\n")
            guard bytes.readableBytes <= Self.copiedByteCount else { return }
            buffer.writeImmutableBuffer(bytes)
            buffer.writeStaticString("\r\n")
        }
        guard bytes.readableBytes > Self.copiedByteCount else { return }
        self.write(bytes)
        self.write(ByteBuffer(staticString: "\r\n"))
    }

    func endStreamed(trailers: HTTPHeaders?, of exchange: HTTPExchange) {
        guard exchange === self.exchange, let streamed = self.streamed else { return }
        self.call {
            self.streamed = nil
            switch streamed.framing {
            case .chunked: self.writeSerialized { HTTPResponseSerializer.writeTrailers(trailers, into: &$0) }
            case .length(let remaining) where remaining > 0:
                // The client must see that something is missing.
                return self.closeNow()
            case .length, .untilClose, .none: break
            }
            self.endResponse()
        }
    }

    func abortStreamed(of exchange: HTTPExchange) {
        guard exchange === self.exchange, self.streamed != nil else { return }
        exchange.onAbort = nil
        // What has been written is the client's, as far as the socket takes it at once.
        self.flushIfNeeded()
        self.closeNow()
    }

    func writeContinue() {
        self.write(ByteBuffer(staticString: HTTPResponseSerializer.continue))
    }

    // MARK: Steps

    /// - Returns: whether the connection closes after the response; `nil` when there must not be one.
    private func beginResponse() -> Bool? {
        switch self.machine.responseBegan() {
        case .write(let closes): return closes
        case .drop: return nil
        case .refuseSecondResponse:
            assertionFailure("a request is answered twice")
            return nil
        }
    }

    private func endResponse() {
        self.exchange?.onAbort = nil
        if let ending = self.machine.responseEnded() { self.finish(ending) } else { self.offerHeld() }
    }

    private func writeHead(
        of exchange: HTTPExchange, _ status: HTTPResponseStatus, _ framing: HTTPResponseSerializer.Framing,
        closes: Bool, with body: ByteBuffer?, fields: (inout HTTPFieldWriter) -> Void
    ) {
        let isOld = exchange.head.minorVersion == 0
        let persistence: HTTPResponseSerializer.Persistence = closes ? .close : isOld ? .keepAlive : .implied
        let date = self.server.dateText()
        self.writeSerialized { buffer in
            HTTPResponseSerializer.writeHead(
                status: status, framing: framing, persistence: persistence, date: date, body: body, into: &buffer,
                fields: fields)
        }
    }

    /// Writes what `serialize` puts into the server's buffer, whose memory is reused once it has been sent.
    private func writeSerialized(_ serialize: (inout ByteBuffer) -> Void) {
        self.server.scratch.clear()
        serialize(&self.server.scratch)
        self.write(self.server.scratch)
    }

    func write(_ bytes: ByteBuffer) {
        self.writing.wrote(byteCount: bytes.readableBytes)
        self.context?.write(self.wrapOutboundOut(bytes), promise: nil)
        self.needsFlush = true
    }

    /// Whether the client has taken next to nothing of what was written, for the write time-out.
    func isStalled(at tick: UInt64) -> Bool {
        let configuration = self.server.configuration
        guard let timeout = configuration.writeTimeout, self.writing.mayBePending, let channel = self.context?.channel,
            let pending = try? channel.syncOptions?.getOption(.bufferedWritableBytes)
        else { return false }
        let rate = Double(configuration.minByteRate)
        let least = max(1, Int(rate * Double(timeout.nanoseconds) / 1_000_000_000))
        return self.writing.isStalled(
            pendingByteCount: pending, at: tick, deadline: self.server.ticks.writeDeadline, leastByteCount: least)
    }

    /// Pieces of a stream that are written in one turn of the loop leave together.
    private func scheduleFlush() {
        guard !self.isInRead, self.callDepth == 0, !self.isFlushScheduled else { return }
        self.isFlushScheduled = true
        self.eventLoop.execute {
            self.isFlushScheduled = false
            self.flushIfNeeded()
        }
    }
}

extension HTTPResponseStatus {
    /// Responses with these statuses end with their head (RFC 9110, section 6.4.1).
    fileprivate var mayHaveBody: Bool {
        let code = self.code
        return code >= 200 && code != 204 && code != 304
    }
}
