import AMQP
import NIOConcurrencyHelpers
import Testing

/// Who is told of a connection, and when.
@Suite struct ConnectionStatesTests {
    private let over = AMQPConnectionState.closed(AMQPError(.connectionClosed, "over"))

    private func name(_ state: AMQPConnectionState) -> String {
        switch state {
        case .connecting: "connecting"
        case .connected: "connected"
        case .blocked: "blocked"
        case .recovering: "recovering"
        case .closed: "closed"
        }
    }

    @Test func anObserverIsToldEachStateAtOnce() {
        let states = ConnectionStates()
        let told = NIOLockedValueBox<[String]>([])
        let id = states.observe { state in told.withLockedValue { $0.append(self.name(state)) } }
        #expect(told.withLockedValue { $0 } == ["connecting"])
        states.announce(.connected)
        #expect(told.withLockedValue { $0 } == ["connecting", "connected"])
        states.stopObserving(id)
        states.announce(self.over)
        #expect(told.withLockedValue { $0 } == ["connecting", "connected"])
        #expect(self.name(states.current) == "closed")
    }

    @Test func nothingFollowsTheEnd() async {
        let states = ConnectionStates()
        let early = states.stream()
        states.announce(.blocked(reason: "memory"))
        states.announce(self.over)
        states.announce(.connected)
        #expect(self.name(states.current) == "closed")
        #expect(await early.reduce(into: []) { $0.append(self.name($1)) } == ["connecting", "blocked", "closed"])
        #expect(await states.stream().reduce(into: []) { $0.append(self.name($1)) } == ["closed"])
    }

    @Test func theLatestStatesAreKeptForASlowReader() async {
        let states = ConnectionStates()
        let slow = states.stream()
        for _ in 0..<10 {
            states.announce(.connected)
            states.announce(.blocked(reason: "memory"))
        }
        states.announce(self.over)
        let names = await slow.reduce(into: []) { $0.append(self.name($1)) }
        #expect(names.count == 16)
        #expect(names.suffix(2) == ["blocked", "closed"])
    }
}
