import NIOCore
import Testing

@testable import AMQP

@Suite struct HandshakeStateMachineTests {
    private static func machine(
        _ mechanisms: [AMQPAuthMechanism] = [.plain, .amqplain], channelMax: UInt16 = 2047, frameMax: UInt32 = 131_072,
        heartbeat: UInt16 = 60
    ) -> HandshakeStateMachine {
        HandshakeStateMachine(
            .init(
                mechanisms: mechanisms, username: "user", password: "secret", virtualHost: "/v", connectionName: "name",
                channelMax: channelMax, frameMax: frameMax, heartbeat: heartbeat))
    }

    private func start(_ mechanisms: String = "PLAIN AMQPLAIN", minor: UInt8 = 9) -> ServerMethod {
        .connectionStart(
            .init(versionMajor: 0, versionMinor: minor, serverProperties: ["product": "fake"], mechanisms: mechanisms))
    }

    private func close(_ replyCode: UInt16) -> ServerMethod {
        .connectionClose(.init(replyCode: replyCode, replyText: "no", classID: 0, methodID: 0))
    }

    private func sent(_ action: HandshakeStateMachine.Action) -> [ClientMethod]? {
        if case .send(let methods) = action { methods } else { nil }
    }

    private func failure(_ action: HandshakeStateMachine.Action) -> AMQPError? {
        if case .fail(let error) = action { error } else { nil }
    }

    private func response(_ mechanisms: [AMQPAuthMechanism], offered: String) -> (String, [UInt8])? {
        var machine = Self.machine(mechanisms)
        guard
            case .connectionStartOK(_, let mechanism, let response)? =
                self.sent(machine.methodReceived(self.start(offered)))?.first
        else { return nil }
        return (mechanism, Array(response.readableBytesView))
    }

    @Test func aHandshakeOpensWithWhatWasAgreedOn() {
        var machine = Self.machine()
        let startOK = self.sent(machine.methodReceived(self.start()))
        guard case .connectionStartOK(let properties, "PLAIN", _)? = startOK?.first else {
            Issue.record("no start-ok")
            return
        }
        #expect(properties["connection_name"] == "name")
        #expect(properties["capabilities"]?.tableValue?["consumer_cancel_notify"] == true)
        #expect(properties["capabilities"]?.tableValue?["connection.blocked"] == true)
        #expect(
            self.sent(machine.methodReceived(.connectionTune(channelMax: 100, frameMax: 200_000, heartbeat: 30)))
                == [
                    .connectionTuneOK(channelMax: 100, frameMax: 131_072, heartbeat: 30),
                    .connectionOpen(virtualHost: "/v"),
                ])
        guard case .opened(let agreement) = machine.methodReceived(.connectionOpenOK) else {
            Issue.record("not opened")
            return
        }
        #expect(
            agreement
                == .init(channelMax: 100, frameMax: 131_072, heartbeat: 30, serverProperties: ["product": "fake"]))
    }

    @Test func ourFirstMechanismThatIsOfferedIsTaken() {
        let plain = [0] + Array("user".utf8) + [0] + Array("secret".utf8)
        #expect(self.response([.plain, .amqplain], offered: "AMQPLAIN PLAIN")! == ("PLAIN", plain))
        #expect(self.response([.external, .plain], offered: "PLAIN")! == ("PLAIN", plain))
        #expect(self.response([.external, .plain], offered: "PLAIN EXTERNAL")! == ("EXTERNAL", []))
        let amqplain =
            [5] + Array("LOGINS".utf8) + [0, 0, 0, 4] + Array("user".utf8) + [8] + Array("PASSWORDS".utf8)
            + [0, 0, 0, 6] + Array("secret".utf8)
        #expect(self.response([.amqplain], offered: "PLAIN AMQPLAIN")! == ("AMQPLAIN", amqplain))
    }

    @Test func noCommonMechanismIsRefusedAndNamesTheSetting() {
        var machine = Self.machine([.external])
        let error = self.failure(machine.methodReceived(self.start("PLAIN XEXTERNAL")))
        #expect(error?.code == .accessRefused)
        #expect(error?.message.contains("auth_mechanism") == true)
    }

    @Test func anotherVersionIsRefused() {
        var machine = Self.machine()
        #expect(self.failure(machine.methodReceived(self.start(minor: 8)))?.code == .protocolViolation)
    }

    @Test(
        arguments: [
            // ours, the broker's, agreed: channelMax, frameMax, heartbeat
            ((2047, 131_072, 60), (0, 0, 0), (2047, 131_072, 60)),
            ((0, 131_072, 0), (100, 8192, 60), (100, 8192, 0)),
            ((10, 8192, 5), (2047, 131_072, 60), (10, 8192, 5)),
            ((0, 131_072, 60), (0, 131_072, 10), (0, 131_072, 10)),
        ] as [((UInt16, UInt32, UInt16), (UInt16, UInt32, UInt16), (UInt16, UInt32, UInt16))])
    func theSmallerLimitIsAgreedOnAndZeroIsNone(
        ours: (UInt16, UInt32, UInt16), theirs: (UInt16, UInt32, UInt16), agreed: (UInt16, UInt32, UInt16)
    ) {
        var machine = Self.machine(channelMax: ours.0, frameMax: ours.1, heartbeat: ours.2)
        _ = machine.methodReceived(self.start())
        let sent = self.sent(
            machine.methodReceived(.connectionTune(channelMax: theirs.0, frameMax: theirs.1, heartbeat: theirs.2)))
        #expect(sent?.first == .connectionTuneOK(channelMax: agreed.0, frameMax: agreed.1, heartbeat: agreed.2))
    }

    @Test func framesThatAMQPDoesNotAllowAreRefused() {
        var machine = Self.machine()
        _ = machine.methodReceived(self.start())
        let action = machine.methodReceived(.connectionTune(channelMax: 1, frameMax: 4095, heartbeat: 1))
        #expect(self.failure(action)?.code == .protocolViolation)
    }

    @Test func closeDuringAnyStepSaysWhatWasBeingDone() {
        var connecting = Self.machine()
        #expect(self.failure(connecting.methodReceived(self.close(320)))?.code == .connectionClosed)
        var loggingIn = Self.machine()
        _ = loggingIn.methodReceived(self.start())
        let refused = self.failure(loggingIn.methodReceived(self.close(403)))
        #expect(refused?.code == .accessRefused)
        #expect(refused?.message.contains("logging in as user") == true)
        #expect(refused?.message.contains("secret") == false)
        var opening = Self.machine()
        _ = opening.methodReceived(self.start())
        _ = opening.methodReceived(.connectionTune(channelMax: 0, frameMax: 0, heartbeat: 0))
        let unknown = self.failure(opening.methodReceived(self.close(530)))
        #expect(unknown?.code == .vhostNotFound)
        #expect(unknown?.message.contains("/v") == true)
    }

    @Test func aHangUpMeansRefusedCredentialsOnlyWhileLoggingIn() {
        var machine = Self.machine()
        #expect(machine.disconnected().code == .connectionFailed)
        machine = Self.machine()
        _ = machine.methodReceived(self.start())
        #expect(machine.disconnected().code == .accessRefused)
        machine = Self.machine()
        _ = machine.methodReceived(self.start())
        _ = machine.methodReceived(.connectionTune(channelMax: 0, frameMax: 0, heartbeat: 0))
        #expect(machine.disconnected().code == .connectionFailed)
    }

    @Test func aStepOutOfOrderIsAViolation() {
        for method: ServerMethod in [
            .connectionOpenOK, .connectionTune(channelMax: 1, frameMax: 8192, heartbeat: 1), .connectionUnblocked,
        ] {
            var machine = Self.machine()
            #expect(self.failure(machine.methodReceived(method))?.code == .protocolViolation)
        }
        var twice = Self.machine()
        _ = twice.methodReceived(self.start())
        #expect(self.failure(twice.methodReceived(self.start()))?.code == .protocolViolation)
    }

    @Test func aChallengeIsRefused() {
        var machine = Self.machine()
        _ = machine.methodReceived(self.start())
        #expect(
            self.failure(machine.methodReceived(.connectionSecure(challenge: ByteBuffer())))?.code == .accessRefused)
    }
}
