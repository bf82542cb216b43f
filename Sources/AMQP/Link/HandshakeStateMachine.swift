import NIOCore

/// Opens a connection: start, secure, tune, open (AMQP 0-9-1, 2.2.4).
///
/// Pure: no I/O. What is negotiated comes out with `opened`.
package struct HandshakeStateMachine {
    /// What a connection asks for.
    package struct Request: Sendable {
        package var mechanisms: [AMQPAuthMechanism]
        package var username: String
        package var password: String
        package var virtualHost: String
        package var connectionName: String?
        package var channelMax: UInt16
        package var frameMax: UInt32
        /// Seconds; zero for none.
        package var heartbeat: UInt16
    }

    /// What both sides agreed on.
    package struct Agreement: Sendable, Equatable {
        package var channelMax: UInt16
        package var frameMax: UInt32
        /// Seconds; zero for none.
        package var heartbeat: UInt16
        package var serverProperties: AMQPTable

        /// What the broker says it is: product and version.
        var product: String {
            ["product", "version"].compactMap { self.serverProperties[$0]?.stringValue }.joined(separator: " ")
        }
    }

    package enum Action {
        case send([ClientMethod])
        case opened(Agreement)
        case fail(AMQPError)
    }

    private enum State {
        /// Can transition to: `authenticating`, `closed`.
        case awaitingStart
        /// Credentials are sent. Can transition to: `awaitingOpenOK`, `closed`.
        case authenticating(AMQPTable)
        /// Tuned; the virtual host is being opened. Can transition to: `closed`.
        case awaitingOpenOK(Agreement)
        /// Opened or failed: there is nothing more to do here.
        case closed
    }

    private let request: Request
    private var state: State = .awaitingStart

    package init(_ request: Request) {
        self.request = request
    }

    package mutating func methodReceived(_ method: ServerMethod) -> Action {
        switch (self.state, method) {
        case (.awaitingStart, .connectionStart(let start)): return self.started(start)
        case (.authenticating(let serverProperties), .connectionTune(let channelMax, let frameMax, let heartbeat)):
            return self.tuned(serverProperties, channelMax, frameMax, heartbeat)
        case (.authenticating, .connectionSecure):
            return self.fail(
                AMQPError(.accessRefused, "logging in: the broker asks for a challenge-response, which is not supported"))
        case (.awaitingOpenOK(let agreement), .connectionOpenOK):
            self.state = .closed
            return .opened(agreement)
        case (_, .connectionClose(let closure)):
            return self.fail(
                .connectionClosedByServer(
                    AMQPReplyCode(rawValue: closure.replyCode), text: closure.replyText, doing: self.step))
        default:
            return self.fail(AMQPError(.protocolViolation, "\(self.step): \(method.name) came from the broker"))
        }
    }

    /// The connection ended before it was open.
    package mutating func disconnected() -> AMQPError {
        defer { self.state = .closed }
        switch self.state {
        case .authenticating:
            // A broker that does not send `connection.close` for refused credentials just hangs up.
            return AMQPError(.accessRefused, "logging in as \(self.request.username): the broker closed the connection")
        default:
            return AMQPError(.connectionFailed, "\(self.step): the connection was closed")
        }
    }

    /// What is being done, for an error's text.
    package var step: String {
        switch self.state {
        case .awaitingStart: "connecting"
        case .authenticating: "logging in as \(self.request.username)"
        case .awaitingOpenOK: "opening virtual host \(self.request.virtualHost)"
        case .closed: "closed"
        }
    }
}

extension HandshakeStateMachine {
    private mutating func fail(_ error: AMQPError) -> Action {
        self.state = .closed
        return .fail(error)
    }

    private mutating func started(_ start: ServerMethod.ConnectionStart) -> Action {
        guard start.versionMajor == 0, start.versionMinor == 9 else {
            return self.fail(
                AMQPError(
                    .protocolViolation, "the broker speaks AMQP \(start.versionMajor)-\(start.versionMinor), not 0-9"))
        }
        let offered = start.mechanisms.split(separator: " ").map(String.init)
        guard let mechanism = self.request.mechanisms.first(where: { offered.contains($0.rawValue) }) else {
            let wanted = self.request.mechanisms.map(\.rawValue).joined(separator: ", ")
            return self.fail(
                AMQPError(.accessRefused, "auth_mechanism: the broker offers \(start.mechanisms), not \(wanted)"))
        }
        self.state = .authenticating(start.serverProperties)
        return .send([
            .connectionStartOK(
                clientProperties: self.clientProperties, mechanism: mechanism.rawValue,
                response: self.response(for: mechanism))
        ])
    }

    private var clientProperties: AMQPTable {
        var properties: AMQPTable = [
            "product": "lambda-amqp",
            "platform": "Swift",
            "capabilities": [
                "authentication_failure_close": true,
                "basic.nack": true,
                "connection.blocked": true,
                "consumer_cancel_notify": true,
                "exchange_exchange_bindings": true,
                "publisher_confirms": true,
            ],
        ]
        if let name = self.request.connectionName { properties["connection_name"] = .string(name) }
        return properties
    }

    private func response(for mechanism: AMQPAuthMechanism) -> ByteBuffer {
        switch mechanism {
        case .plain:
            return ByteBuffer(string: "\0\(self.request.username)\0\(self.request.password)")
        case .amqplain:
            // A table without its length (RabbitMQ's own mechanism).
            var response = ByteBuffer()
            for (key, value) in [("LOGIN", self.request.username), ("PASSWORD", self.request.password)] {
                response.writeInteger(UInt8(key.utf8.count))
                response.writeString(key)
                response.writeInteger(UInt8(ascii: "S"))
                response.writeInteger(UInt32(value.utf8.count))
                response.writeString(value)
            }
            return response
        case .external:
            return ByteBuffer()
        }
    }

    private mutating func tuned(
        _ serverProperties: AMQPTable, _ channelMax: UInt16, _ frameMax: UInt32, _ heartbeat: UInt16
    ) -> Action {
        let agreement = Agreement(
            channelMax: Self.lesser(self.request.channelMax, channelMax),
            frameMax: Self.lesser(self.request.frameMax, frameMax),
            // A client that wants none gets none; else the smaller of the two (RabbitMQ's rule for both sides).
            heartbeat: self.request.heartbeat == 0 ? 0 : Self.lesser(self.request.heartbeat, heartbeat),
            serverProperties: serverProperties)
        guard agreement.frameMax >= 4096 else {
            return self.fail(
                AMQPError(.protocolViolation, "the broker wants frames of \(frameMax) bytes; AMQP asks for 4096 at least"))
        }
        self.state = .awaitingOpenOK(agreement)
        return .send([
            .connectionTuneOK(
                channelMax: agreement.channelMax, frameMax: agreement.frameMax, heartbeat: agreement.heartbeat),
            .connectionOpen(virtualHost: self.request.virtualHost),
        ])
    }

    /// The smaller of two limits, where zero means "no limit".
    private static func lesser<Number: UnsignedInteger>(_ a: Number, _ b: Number) -> Number {
        a == 0 ? b : (b == 0 ? a : min(a, b))
    }
}
