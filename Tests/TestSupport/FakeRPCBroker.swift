import NIOConcurrencyHelpers

/// Plays a broker with one behaviour behind each routing key.
///
/// As functions: `mirror` answers with the request's headers, `fails` with a function error, `busy` has no room the first
/// time and answers from then on.
///
/// `echo` answers, `nowhere` is returned, `silent` never answers, `twice` answers twice, `stranger` answers other
/// people's calls first, `blocked` says before its answer that the broker is. `refused` closes the channel, `deleted`
/// ends the replies' consumer, `cut` ends the connection. Queues whose names end in `.async` take events: `nowhere.async`
/// and `old.async` are returned, `full.async` is nacked, `silent.async` never confirms. Whether there is a
/// queue `stalled` it does not say.
package final class FakeRPCBroker: Sendable {
    private struct State {
        var publish: FakeFrame?
        var header: FakeFrame?
        var body: [UInt8] = []
        var deliveryTag: UInt64 = 0
        var queueCount = 0
        var requests: [FakeProperties] = []
        var routingKeys: [String] = []
        /// Publishes so far on each channel that is in confirm mode.
        var confirming: [UInt16: UInt64] = [:]
        var busyCount = 0
    }

    private let state = NIOLockedValueBox(State())
    /// Whether publishes are answered with a nack.
    private let nacks: Bool

    package init(nacks: Bool = false) {
        self.nacks = nacks
    }

    /// Where each message was published to.
    package var routingKeys: [String] { self.state.withLockedValue { $0.routingKeys } }

    /// The properties of each message.
    package var requests: [FakeProperties] { self.state.withLockedValue { $0.requests } }

    /// What each request said in `reply_to`.
    package var replyTos: [String] { self.requests.map { $0.replyTo ?? "" } }

    /// The script of one connection.
    package var script: [FakeBrokerStep] {
        .handshake(heartbeat: 0) + [.serve { frame in self.answer(frame) }]
    }

    private func answer(_ frame: FakeFrame) -> [FakeFrame] {
        switch (frame.type, frame.classID, frame.methodID) {
        case (1, 20, 10): [.channelOpenOK(on: frame.channel)]
        case (1, 20, 40): [.channelCloseOK(on: frame.channel)]
        case (1, 10, 50): [.connectionCloseOK]
        case (1, 85, 10): self.selectConfirms(frame)
        case (1, 50, 10): self.declare(frame)
        case (1, 60, 20): [self.consume(frame)]
        case (1, 60, 40):
            self.state.withLockedValue { state in
                state.publish = frame
                return []
            }
        case (2, _, _), (3, _, _): self.content(frame)
        default: []
        }
    }

    private func selectConfirms(_ frame: FakeFrame) -> [FakeFrame] {
        self.state.withLockedValue { $0.confirming[frame.channel] = 0 }
        return [.confirmSelectOK(on: frame.channel)]
    }

    private func declare(_ frame: FakeFrame) -> [FakeFrame] {
        var arguments = frame.arguments
        _ = arguments.integer(2)
        if arguments.shortString() == "stalled" { return [] }
        let number = self.state.withLockedValue { state in
            state.queueCount += 1
            return state.queueCount
        }
        return [.queueDeclareOK("amq.gen-\(number)", on: frame.channel)]
    }

    private func consume(_ frame: FakeFrame) -> FakeFrame {
        var arguments = frame.arguments
        _ = arguments.integer(2)
        _ = arguments.shortString()
        return .basicConsumeOK(arguments.shortString(), on: frame.channel)
    }

    /// Collects a message of at most one body frame, and answers it once it is whole.
    private func content(_ frame: FakeFrame) -> [FakeFrame] {
        self.state.withLockedValue { state in
            if frame.type == 2 { state.header = frame } else { state.body = frame.payload }
            guard let publish = state.publish, let header = state.header else { return [] }
            var reader = WireReader(header.payload.dropFirst(4))
            guard reader.integer(8) == UInt64(frame.type == 2 ? 0 : state.body.count) else { return [] }
            let body = frame.type == 2 ? [] : state.body
            (state.publish, state.header) = (nil, nil)
            return self.published(publish, FakeProperties(header: header.payload), body, &state)
        }
    }

    private static func headers(_ entries: KeyValuePairs<String, String>) -> [UInt8] {
        Wire.longString(
            entries.flatMap { Wire.shortString($0.key) + [UInt8(ascii: "S")] + Wire.longString(Array($0.value.utf8)) })
    }

    private func published(
        _ publish: FakeFrame, _ properties: FakeProperties, _ body: [UInt8], _ state: inout State
    ) -> [FakeFrame] {
        state.requests.append(properties)
        var arguments = publish.arguments
        _ = arguments.integer(2)
        _ = arguments.shortString()
        let routingKey = arguments.shortString()
        func deliver(_ correlationID: String?, _ headers: [UInt8]? = nil) -> [FakeFrame] {
            state.deliveryTag += 1
            return FakeFrame.deliver(
                "c1", deliveryTag: state.deliveryTag, 
                properties: FakeProperties(correlationID: correlationID, headers: headers),
                body: body, on: publish.channel)
        }
        state.routingKeys.append(routingKey)
        let tag = state.confirming[publish.channel].map { $0 + 1 }
        state.confirming[publish.channel] = tag
        let ack = tag.map { [FakeFrame.basicAck($0, on: publish.channel)] } ?? []
        let nack = [FakeFrame.basicNack(tag ?? 1, on: publish.channel)]
        func giveBack() -> [FakeFrame] {
            FakeFrame.returned(routingKey: routingKey, properties: properties, body: body, on: publish.channel) + ack
        }
        if self.nacks { return nack }
        switch routingKey {
        case "echo": return ack + deliver(properties.correlationID)
        case "mirror": return ack + deliver(properties.correlationID, properties.headers)
        case "fails":
            return ack + deliver(properties.correlationID, Self.headers(["X-Amz-Function-Error": "Unhandled"]))
        case "busy":
            state.busyCount += 1
            return ack
                + deliver(
                    properties.correlationID,
                    state.busyCount == 1 ? Self.headers(["StatusCode": "429", "Retry-After": "0"]) : nil)
        case "twice": return deliver(properties.correlationID) + deliver(properties.correlationID)
        case "stranger": return deliver("nobody") + deliver(nil) + deliver(properties.correlationID)
        case "nowhere", "nowhere.async", "old.async": return giveBack()
        case "full.async": return nack
        case "echo.async", "old": return ack
        case "forbidden": return [.channelClose(403, "ACCESS_REFUSED - write access", on: publish.channel)]
        case "refused": return [.channelClose(404, "NOT_FOUND - no exchange", on: publish.channel)]
        case "blocked": return [.connectionBlocked("low on memory")] + deliver(properties.correlationID)
        case "deleted": return [.basicCancel("c1", on: publish.channel)]
        case "cut": return [.connectionClose(320, "CONNECTION_FORCED - shutdown")]
        default: return []
        }
    }
}
