import NIOCore

/// One connection of a ``FakeBroker``: plays its script step by step.
final class FakeBrokerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let broker: FakeBroker
    private var steps: ArraySlice<FakeBrokerStep>
    private var unread: [UInt8] = []
    private var isPaused = false
    private var hasEnded = false

    init(broker: FakeBroker, script: [FakeBrokerStep]) {
        self.broker = broker
        self.steps = script[...]
    }

    func channelActive(context: ChannelHandlerContext) {
        self.advance(context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.unread += Array(buffer: self.unwrapInboundIn(data))
        self.advance(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        switch self.steps.first {
        case nil, .silence, .serve, .expectClose, .close, .reset: self.end(failure: nil)
        case .some(let step): self.end(failure: "the client closed the connection before \(step)")
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    /// Takes steps until one has to wait.
    private func advance(_ context: ChannelHandlerContext) {
        while !self.isPaused, !self.hasEnded, let step = self.steps.first {
            guard self.perform(step, context) else { return }
            self.steps = self.steps.dropFirst()
        }
        guard self.steps.isEmpty, !self.isPaused else { return }
        self.end(failure: nil)
        self.agreeToClose(context)
    }

    /// After its script a broker still lets the client close in order, which spares a test the wait for it.
    private func agreeToClose(_ context: ChannelHandlerContext) {
        while let frame = self.takeFrame() {
            switch (frame.classID, frame.methodID) {
            case (10, 50): self.send(FakeFrame.connectionCloseOK.bytes, context)
            case (20, 40): self.send(FakeFrame.channelCloseOK(on: frame.channel).bytes, context)
            default: break
            }
        }
    }

    /// Whether the step is done.
    private func perform(_ step: FakeBrokerStep, _ context: ChannelHandlerContext) -> Bool {
        switch step {
        case .expect(let bytes): return self.take(bytes)
        case .expectMethod(let classID, let methodID): return self.takeMethod(classID, methodID) != nil
        case .answer(let classID, let methodID, let answer):
            guard let frame = self.takeMethod(classID, methodID) else { return false }
            self.send(answer(frame).flatMap(\.bytes), context)
            return true
        case .expectFrame: return self.takeFrame() != nil
        case .serve(let answer):
            while let frame = self.takeFrame() { self.send(answer(frame).flatMap(\.bytes), context) }
            return false
        case .silence, .expectClose: return false
        case .send(let bytes):
            self.send(bytes, context)
            return true
        case .sendInPieces(let bytes, let byteCount):
            self.sendInPieces(bytes, byteCount, context)
            return true
        case .pause(let amount):
            self.pause(amount, context)
            return true
        case .waitUntil(let condition):
            if condition() { return true }
            self.pause(.milliseconds(2), context)
            return false
        case .close:
            context.close(promise: nil)
            return true
        case .reset:
            self.reset(context)
            return true
        }
    }

    private func take(_ bytes: [UInt8]) -> Bool {
        guard self.unread.count >= bytes.count else { return false }
        guard self.unread.starts(with: bytes) else {
            self.end(failure: "expected \(bytes), got \(self.unread.prefix(bytes.count))")
            return false
        }
        self.unread.removeFirst(bytes.count)
        return true
    }

    private func takeFrame() -> FakeFrame? {
        while let frame = FakeFrame.take(from: &self.unread) {
            self.broker.frameReceived(frame)
            if frame.type != 8 { return frame }
        }
        return nil
    }

    private func takeMethod(_ classID: UInt16, _ methodID: UInt16) -> FakeFrame? {
        guard let frame = self.takeFrame() else { return nil }
        guard frame.type == 1, frame.classID == classID, frame.methodID == methodID else {
            self.end(
                failure: "expected method \(classID).\(methodID), got frame type \(frame.type), "
                    + "\(frame.classID).\(frame.methodID)")
            return nil
        }
        return frame
    }

    private func send(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
    }

    private func sendInPieces(_ bytes: [UInt8], _ byteCount: Int, _ context: ChannelHandlerContext) {
        self.send(Array(bytes.prefix(byteCount)), context)
        guard bytes.count > byteCount else { return }
        // A turn of the loop between two pieces, so that the client reads each by itself.
        self.steps.insert(
            contentsOf: [
                .pause(.milliseconds(1)), .sendInPieces(Array(bytes.dropFirst(byteCount)), byteCount: byteCount),
            ], at: self.steps.startIndex + 1)
    }

    private func pause(_ amount: TimeAmount, _ context: ChannelHandlerContext) {
        self.isPaused = true
        context.eventLoop.assumeIsolated().scheduleTask(in: amount) {
            self.isPaused = false
            self.advance(context)
        }
    }

    private func reset(_ context: ChannelHandlerContext) {
        context.channel.closeWithReset()
    }

    private func end(failure: String?) {
        guard !self.hasEnded else { return }
        self.hasEnded = true
        self.broker.ended(failure: failure)
    }
}
