import NIOCore

// What comes in: frames, and the methods of the connection itself.
extension AMQPLink {
    /// - Returns: The rest, which is no whole frame yet.
    func readFrames(_ bytes: consuming ByteBuffer) -> ByteBuffer {
        while true {
            if case .closed = self.phase { return ByteBuffer() }
            switch self.splitter.next(from: &bytes) {
            case .incomplete: return bytes.readableBytes == 0 ? ByteBuffer() : bytes
            case .violation(let violation):
                self.violated(violation)
                return ByteBuffer()
            case .frame(let frame): self.frameReceived(frame)
            }
        }
    }

    private func frameReceived(_ frame: FrameSplitter.Frame) {
        do {
            switch frame.type {
            case .heartbeat: break
            case .method where frame.channel == 0:
                self.connectionMethodReceived(try self.decoder.method(frame.payload))
            case .method:
                let channel = try self.channel(frame.channel)
                channel.methodReceived(try self.decoder.method(frame.payload))
            case .header:
                let channel = try self.channel(frame.channel)
                let (bodyByteCount, properties) = try self.decoder.header(frame.payload)
                channel.headerReceived(bodyByteCount: bodyByteCount, properties)
            case .body:
                try self.channel(frame.channel).bodyReceived(frame.payload, missingByteCount: frame.missingByteCount)
            }
        } catch {
            self.violated(error)
        }
    }

    /// The open channel of a number; frames for any other are refused before they are decoded.
    private func channel(_ number: UInt16) throws(ProtocolViolation) -> AMQPLinkChannel {
        if let channel = self.lastChannel, channel.number == number { return channel }
        guard let channel = self.channels[number] else {
            throw ProtocolViolation(.channelError, "a frame for channel \(number), which is not open")
        }
        self.lastChannel = channel
        return channel
    }

    private func connectionMethodReceived(_ method: ServerMethod) {
        switch (self.phase, method) {
        case (.handshaking(var handshake), _):
            let action = handshake.methodReceived(method)
            self.phase = .handshaking(handshake)
            self.perform(action)
        case (.closing, .connectionCloseOK):
            self.finish(AMQPError(.connectionClosed, "the connection was closed"))
        case (.open, .connectionClose(let closure)), (.closing, .connectionClose(let closure)):
            self.answer(.connectionCloseOK, on: 0)
            self.outbound.flush()
            self.finish(Self.closedWhileOpen(closure))
        case (.open, .connectionBlocked(let reason)):
            self.blockedReason = reason
            self.onBlockedChanged?(reason)
        case (.open, .connectionUnblocked):
            self.blockedReason = nil
            self.onBlockedChanged?(nil)
        case (.closing, _), (.closed, _): break
        case (.open, _):
            self.violated(ProtocolViolation(.commandInvalid, "\(method.name) came on channel 0"))
        }
    }

    /// After the handshake 530 is no longer about the virtual host (RabbitMQ: a consumer tag that is in use, say), nor 403
    /// about the login.
    private static func closedWhileOpen(_ closure: ServerMethod.Closure) -> AMQPError {
        let error = AMQPError.connectionClosedByServer(
            AMQPReplyCode(rawValue: closure.replyCode), text: closure.replyText, doing: "connected")
        guard error.code == .vhostNotFound || error.code == .accessRefused else { return error }
        return AMQPError(
            .connectionClosed, error.message, replyCode: error.replyCode, isServerInitiated: true,
            isTransient: error.isTransient)
    }

    private func perform(_ action: HandshakeStateMachine.Action) {
        switch action {
        case .send(let methods):
            for method in methods { self.answer(method, on: 0) }
            self.outbound.flush()
        case .opened(let agreement):
            self.agreement = agreement
            self.splitter.maxFrameByteCount = Int(agreement.frameMax)
            self.encoder.maxFrameByteCount = Int(agreement.frameMax)
            self.phase = .open
            self.startHeartbeats(seconds: Int64(agreement.heartbeat))
            self.openPromise.succeed()
        case .fail(let error):
            self.outbound.flush()
            self.finish(error)
        }
    }
}
