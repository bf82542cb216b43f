package import NIOCore

extension AMQPLink {
    /// Stops reading from the broker until as many ``resumeReading()`` have come: a consumer without
    /// acknowledgements has more than it can hold.
    package func pauseReading() {
        guard self.isOpen else { return }
        self.readPauses += 1
    }

    package func resumeReading() {
        guard self.readPauses > 0 else { return }
        self.readPauses -= 1
        if self.readPauses == 0 { self.readOn() }
    }

    /// Reads whoever has paused it.
    func readOn() {
        self.readPauses = 0
        guard self.isReadHeldBack else { return }
        self.isReadHeldBack = false
        self.context?.read()
    }
}

extension AMQPLink: ChannelDuplexHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    package func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { self.start(context) }
    }

    package func channelActive(context: ChannelHandlerContext) {
        self.start(context)
        context.fireChannelActive()
    }

    private func start(_ context: ChannelHandlerContext) {
        guard self.context == nil, self.closedError == nil else { return }
        self.context = context
        self.outbound.attach(context)
        // The protocol header (AMQP 0-9-1, 4.2.2).
        self.outbound.append { $0.writeBytes([0x41, 0x4D, 0x51, 0x50, 0, 0, 9, 1]) }
        self.outbound.flush()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = self.unwrapInboundIn(data)
        self.heartbeat?.bytesRead(now: self.eventLoop.now)
        if self.unread.readableBytes > 0 {
            // Into memory of its own: bodies that were cut from the old are still held by others, and an append to it
            // would drag them all along, in a buffer that grows as long as the bytes keep coming.
            var whole = context.channel.allocator.buffer(capacity: self.unread.readableBytes + bytes.readableBytes)
            whole.writeBuffer(&self.unread)
            whole.writeBuffer(&bytes)
            bytes = whole
        }
        self.isReading = true
        self.unread = self.readFrames(bytes)
        self.isReading = false
        while let work = self.workAfterRead.popLast() { work() }
    }

    /// Has something done once all frames that were read together are handled. To be used while ``isReading``.
    package func afterRead(_ work: @escaping () -> Void) {
        self.workAfterRead.append(work)
    }

    package func read(context: ChannelHandlerContext) {
        if self.readPauses > 0 { self.isReadHeldBack = true } else { context.read() }
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { self.onWritable?() }
        context.fireChannelWritabilityChanged()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        self.lost(nil)
        context.fireChannelInactive()
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.lost(error)
        context.close(promise: nil)
    }

    private func lost(_ error: (any Error)?) {
        switch self.phase {
        case .handshaking(var handshake):
            self.finish(AMQPError.handshakeFailed(error) ?? handshake.disconnected())
        case .closing:
            self.finish(AMQPError(.connectionClosed, "the connection was closed"))
        case .open:
            let why = error.map { ": \($0)" } ?? ""
            self.finish(AMQPError(.connectionLost, "the connection to the broker was lost\(why)", underlying: error))
        case .closed: break
        }
    }
}
