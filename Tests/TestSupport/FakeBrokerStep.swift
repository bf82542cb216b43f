package import NIOCore

/// One step of what a ``FakeBroker`` does on a connection.
package enum FakeBrokerStep: Sendable {
    /// Waits for exactly these bytes.
    case expect([UInt8])
    /// Waits for a method; heartbeats are passed over, anything else fails the script.
    case expectMethod(UInt16, UInt16)
    /// Waits for a method and sends what the function makes of it.
    case answer(UInt16, UInt16, @Sendable (FakeFrame) -> [FakeFrame])
    /// Waits for any frame but a heartbeat.
    case expectFrame
    /// Sends bytes, of which frames need not be whole.
    case send([UInt8])
    /// Sends bytes in pieces of so many, each in a packet of its own.
    case sendInPieces([UInt8], byteCount: Int)
    /// Lets time pass.
    case pause(TimeAmount)
    /// Waits until something is so, wherever that comes from.
    case waitUntil(@Sendable () -> Bool)
    /// Answers frame by frame, for ever.
    case serve(@Sendable (FakeFrame) -> [FakeFrame])
    /// Reads and says nothing, for ever.
    case silence
    /// Waits for the client to close the socket.
    case expectClose
    /// Closes the socket in TCP's ordinary way.
    case close
    /// Closes the socket with a reset.
    case reset
}

extension FakeBrokerStep {
    /// Sends frames.
    package static func send(_ frames: FakeFrame...) -> FakeBrokerStep {
        .send(frames.flatMap(\.bytes))
    }

    /// Sends frames.
    package static func send(_ frames: [FakeFrame]) -> FakeBrokerStep {
        .send(frames.flatMap(\.bytes))
    }

    /// Sends the first bytes of a frame only.
    package static func sendHalf(_ frame: FakeFrame) -> FakeBrokerStep {
        .send(Array(frame.bytes.prefix(frame.bytes.count / 2)))
    }
}

extension [FakeBrokerStep] {
    /// A correct handshake, from the protocol header to `connection.open-ok`.
    package static func handshake(
        mechanisms: String = "PLAIN AMQPLAIN", channelMax: UInt16 = 2047, frameMax: UInt32 = 131_072,
        heartbeat: UInt16 = 60
    ) -> [FakeBrokerStep] {
        [
            .expect(FakeFrame.protocolHeader),
            .send(.connectionStart(mechanisms: mechanisms)),
            .expectMethod(10, 11),
            .send(.connectionTune(channelMax: channelMax, frameMax: frameMax, heartbeat: heartbeat)),
            .expectMethod(10, 31),
            .answer(10, 40) { _ in [.connectionOpenOK] },
        ]
    }

    /// Opens the next channel that the client asks for.
    package static let openChannel: [FakeBrokerStep] = [
        .answer(20, 10) { [.channelOpenOK(on: $0.channel)] }
    ]

    /// Declares the queue that the client asks for; one without a name gets this one.
    package static func declareQueue(serverNamed: String = "amq.gen-1") -> [FakeBrokerStep] {
        [
            .answer(50, 10) { frame in
                var arguments = frame.arguments
                _ = arguments.integer(2)
                let name = arguments.shortString()
                return [.queueDeclareOK(name.isEmpty ? serverNamed : name, on: frame.channel)]
            }
        ]
    }

    /// Lets the client set its prefetch.
    package static let qos: [FakeBrokerStep] = [
        .answer(60, 10) { [.basicQosOK(on: $0.channel)] }
    ]

    /// Lets the client consume, under the tag that it asks for.
    package static let consume: [FakeBrokerStep] = [
        .answer(60, 20) { frame in
            var arguments = frame.arguments
            _ = arguments.integer(2)
            _ = arguments.shortString()
            return [.basicConsumeOK(arguments.shortString(), on: frame.channel)]
        }
    ]

    /// Ends the connection as the client asks for.
    package static let agreeToClose: [FakeBrokerStep] = [
        .answer(10, 50) { _ in [.connectionCloseOK] }, .close,
    ]
}
