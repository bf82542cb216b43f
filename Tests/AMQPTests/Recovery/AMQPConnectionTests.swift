import NIOCore
import NIOPosix
import NIOConcurrencyHelpers
import TestSupport
import Synchronization
import Testing

@testable import AMQP

/// A connection against a broker that plays scripts, on real sockets.
@Suite(.timeLimit(.minutes(1))) struct AMQPConnectionTests {
    private func configuration(_ port: Int) -> AMQPConfiguration {
        var configuration = AMQPConfiguration()
        configuration.endpoints = [AMQPEndpoint(host: "127.0.0.1", port: port)]
        configuration.connectionTimeout = .seconds(20)
        return configuration
    }

    /// The error of a first connect to a broker that plays `script`.
    private func connectError(
        configure: @escaping @Sendable (inout AMQPConfiguration) -> Void = { _ in },
        _ script: @escaping ScriptedBroker.Script
    ) async throws -> AMQPError? {
        let error = ErrorBox()
        try await ScriptedBroker.run(script) { port in
            var configuration = self.configuration(port)
            configure(&configuration)
            do throws(AMQPError) {
                let connection = try await AMQPConnection.connect(configuration)
                await connection.close()
            } catch let thrown {
                error.value.withLockedValue { $0 = thrown }
            }
        }
        return error.value.withLockedValue { $0 }
    }

    private final class ErrorBox: Sendable {
        let value = NIOLockedValueBox<AMQPError?>(nil)
    }

    private struct StatesEnded: Error {
        let missing: String
    }

    /// Waits for a state whose line says this.
    private func wait(_ states: AsyncStream<AMQPConnectionState>, for part: String) async throws -> String {
        for await state in states where "\(state)".contains(part) { return "\(state)" }
        throw StatesEnded(missing: part)
    }

    @Test func bytesThatAreNotAMQPEndTheConnect() async throws {
        let error = try await self.connectError { session, _ in
            try await session.send(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
            try await session.waitForEnd()
        }
        #expect(error?.code == .protocolViolation)
        #expect(error?.message.contains("127.0.0.1") == true)
    }

    @Test func aBrokerOfAnotherVersionEndsTheConnect() async throws {
        let error = try await self.connectError { session, _ in
            try await session.expectProtocolHeader()
            try await session.send(Array("AMQP".utf8) + [0, 1, 0, 0])
        }
        #expect(error?.message.contains("does not speak AMQP 0-9-1") == true)
    }

    @Test func aFrameOverTheLimitEndsTheConnect() async throws {
        let error = try await self.connectError { session, _ in
            try await session.expectProtocolHeader()
            try await session.send([1, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF])
            try await session.waitForEnd()
        }
        #expect(error?.code == .protocolViolation)
        #expect(error?.replyCode == .frameError)
    }

    @Test func aTruncatedFrameAndAHangUpEndTheConnect() async throws {
        let error = try await self.connectError { session, _ in
            try await session.expectProtocolHeader()
            try await session.send(Array(RawFrame.start().dropLast(5)))
        }
        #expect(error?.code == .connectionFailed)
    }

    @Test func aRefusedLoginSaysSoWhetherTheBrokerClosesOrHangsUp() async throws {
        let closed = try await self.connectError { session, _ in
            try await session.expectProtocolHeader()
            try await session.send(RawFrame.start())
            try await session.expect("10.11")
            try await session.send(RawFrame.connectionClose(403, "ACCESS_REFUSED - Login was refused"))
            try await session.waitForEnd()
        }
        #expect(closed?.code == .accessRefused)
        #expect(closed?.replyCode == .accessRefused)
        let hungUp = try await self.connectError { session, _ in
            try await session.expectProtocolHeader()
            try await session.send(RawFrame.start())
            try await session.expect("10.11")
        }
        #expect(hungUp?.code == .accessRefused)
    }

    @Test func silenceEndsTheConnectAfterItsTime() async throws {
        let error = try await self.connectError(configure: { $0.connectionTimeout = .seconds(2) }) {
            session, _ in
            try await session.expectProtocolHeader()
            try await session.waitForEnd()
        }
        #expect(error?.code == .connectionFailed)
        #expect(error?.message.contains("no answer within") == true)
    }

    @Test func aRefusedConnectIsTriedAgainAsOftenAsItMay() async throws {
        let attempts = Atomic<Int>(0)
        let error = try await self.connectError(configure: {
            $0.connectionAttempts = 3
            $0.retryDelay = .milliseconds(10)
        }) { session, _ in
            attempts.add(1, ordering: .relaxed)
            try await session.expectProtocolHeader()
        }
        #expect(error?.code == .connectionFailed)
        #expect(attempts.load(ordering: .relaxed) == 3)
    }

    @Test func anEndlessTimeoutIsNoTrap() async throws {
        let error = try await self.connectError(configure: { $0.connectionTimeout = .seconds(Int64.max) }) {
            session, _ in
            try await session.expectProtocolHeader()
        }
        #expect(error?.code == .connectionFailed)
    }

    @Test func aCloseInMidFrameEndsTheLinkAndAnotherFollows() async throws {
        try await ScriptedBroker.run { session, index in
            try await session.handshake()
            guard index == 0 else { return try await session.waitForEnd() }
            // Half a frame, then a close where the rest of it should be.
            try await session.send(Array(RawFrame.body(Array(repeating: 1, count: 40), channel: 1).prefix(20)))
            try await session.send(RawFrame.connectionClose(320, "CONNECTION_FORCED - in the middle"))
            try await session.waitForEnd()
        } _: { port in
            let connection = try await AMQPConnection.connect(self.configuration(port))
            let states = connection.states()
            let recovering = try await self.wait(states, for: "recovering")
            #expect(recovering.contains("protocolViolation"))
            _ = try await self.wait(states, for: "connected")
            await connection.close()
        }
    }

    @Test func missedHeartbeatsEndTheLink() async throws {
        try await ScriptedBroker.run { session, index in
            try await session.handshake(heartbeat: 1)
            try await session.waitForEnd()
        } _: { port in
            let connection = try await AMQPConnection.connect(self.configuration(port))
            let recovering = try await self.wait(connection.states(), for: "recovering")
            #expect(recovering.contains("missed two heartbeats"))
            await connection.close()
        }
    }

    @Test func blockedAndUnblockedAreSeenInTheState() async throws {
        try await ScriptedBroker.run { session, _ in
            try await session.handshake()
            try await session.expect("20.10")
            try await session.send(RawFrame.channelOpenOK(1) + RawFrame.blocked("low on memory"))
            try await session.expect("20.10")
            try await session.send(RawFrame.channelOpenOK(2) + RawFrame.unblocked)
            try await session.expect("10.50")
            try await session.send(RawFrame.connectionCloseOK)
        } _: { port in
            let connection = try await AMQPConnection.connect(self.configuration(port))
            let states = connection.states()
            let open: @Sendable () async throws -> Void = {
                _ = try await connection.eventLoop.flatSubmit {
                    connection.link?.openChannel().map { _ in }
                        ?? connection.eventLoop.makeFailedFuture(AMQPError(.connectionLost, "no link"))
                }.get()
            }
            try await open()
            #expect(try await self.wait(states, for: "blocked").contains("low on memory"))
            try await open()
            _ = try await self.wait(states, for: "connected")
            await connection.close()
        }
    }

    @Test func aDroppedConnectionComesBackAndItsParticipantsAreSetUpAgain() async throws {
        try await ScriptedBroker.run { session, index in
            try await session.handshake()
            if index > 0 {
                try await session.expect("20.10")
                // The second link falls while it is being set up: that is not "connected".
                if index == 1 { return }
                try await session.send(RawFrame.channelOpenOK(1))
                try await session.waitForEnd()
            }
        } _: { port in
            let participant = Participant()
            let connection = try await AMQPConnection.connect(self.configuration(port))
            let states = connection.states()
            // The first link may fall before or while the participant is set up on it.
            try? await connection.eventLoop.flatSubmit { connection.register(participant) }.get()
            try await participant.waitForSetUp()
            var seen: [String] = []
            for await state in states {
                seen.append("\(state)".split(separator: "(").first.map(String.init) ?? "")
                if seen.last == "connected", seen.count > 1, participant.isSetUp { break }
            }
            #expect(seen.drop { $0 == "connected" } == ["recovering", "recovering", "connected"])
            await connection.close()
            #expect(participant.isClosed)
            var afterClose = connection.states().makeAsyncIterator()
            #expect(await afterClose.next().map { "\($0)" }?.hasPrefix("closed") == true)
            #expect(await afterClose.next() == nil)
        }
    }

    /// Opens a channel on each link; the first that opens counts.
    private final class Participant: AMQPRecoverable, Sendable {
        private let state = NIOLockedValueBox<(isSetUp: Bool, isClosed: Bool)>((false, false))
        private let done = AsyncStream.makeStream(of: Void.self)

        var isSetUp: Bool { self.state.withLockedValue { $0.isSetUp } }
        var isClosed: Bool { self.state.withLockedValue { $0.isClosed } }

        func waitForSetUp() async throws {
            for await _ in self.done.stream { return }
        }

        func linkOpened(_ link: AMQPLink) -> EventLoopFuture<Void> {
            link.openChannel().map { _ in
                self.state.withLockedValue { $0.isSetUp = true }
                self.done.continuation.finish()
            }
        }

        func linkLost(_ error: AMQPError) {}

        func connectionClosed(_ error: AMQPError) { self.state.withLockedValue { $0.isClosed = true } }
    }
}
