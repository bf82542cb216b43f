import AMQP
import AMQPRPC
import NIOCore
import Testing

@Suite struct UnsentRequestsTests {
    var pending = PendingCalls<Int>(epoch: 1)

    mutating func request(byteCount: Int = 1) -> UnsentRequests.Request {
        UnsentRequests.Request(
            id: self.pending.reserve(),
            request: RPCRequest(routingKey: "q", body: ByteBuffer(repeating: 0, count: byteCount)), deadline: .now())
    }

    @Test mutating func theyLeaveInTheOrderInWhichTheyCame() {
        var unsent = UnsentRequests(limit: 2, byteLimit: 100)
        let (first, second) = (self.request(), self.request())
        #expect(unsent.append(first) { _ in true })
        #expect(unsent.append(second) { _ in true })
        #expect(unsent.popFirst()?.id == first.id)
        #expect(unsent.popFirst()?.id == second.id)
        #expect(unsent.popFirst() == nil)
        #expect(unsent.byteCount == 0)
    }

    @Test mutating func oneMoreThanTheLimitIsRefused() {
        var unsent = UnsentRequests(limit: 2, byteLimit: 100)
        #expect(unsent.append(self.request()) { _ in true })
        #expect(unsent.append(self.request()) { _ in true })
        #expect(!unsent.append(self.request()) { _ in true })
        #expect(unsent.count == 2)
    }

    @Test mutating func theyHaveSoManyBytesUnlessOneIsAlone() {
        var unsent = UnsentRequests(limit: 10, byteLimit: 100)
        #expect(unsent.append(self.request(byteCount: 1000)) { _ in true })
        #expect(!unsent.append(self.request()) { _ in true })
        _ = unsent.popFirst()
        #expect(unsent.append(self.request(byteCount: 60)) { _ in true })
        #expect(!unsent.append(self.request(byteCount: 41)) { _ in true })
        #expect(unsent.append(self.request(byteCount: 40)) { _ in true })
        #expect(unsent.byteCount == 100)
    }

    @Test mutating func whatWasCancelledMakesRoom() {
        var unsent = UnsentRequests(limit: 2, byteLimit: 100)
        let (cancelled, kept, more) = (self.request(byteCount: 50), self.request(byteCount: 50), self.request())
        #expect(unsent.append(cancelled) { _ in true })
        #expect(unsent.append(kept) { _ in true })
        #expect(unsent.append(more) { $0 != cancelled.id })
        #expect(unsent.byteCount == 51)
        #expect(unsent.popFirst()?.id == kept.id)
        #expect(unsent.popFirst()?.id == more.id)
    }

    @Test mutating func thoseWhoseTimeIsOverBeforeTheyLeaveAreTakenOut() {
        var unsent = UnsentRequests(limit: 10, byteLimit: 100)
        let start = NIODeadline.now()
        var (short, long) = (self.request(byteCount: 10), self.request(byteCount: 20))
        (short.deadline, long.deadline) = (start + .seconds(1), start + .seconds(3))
        #expect(unsent.append(long) { _ in true })
        #expect(unsent.append(short) { _ in true })
        #expect(unsent.expire(now: start) == [])
        #expect(unsent.contains(short.id))
        #expect(unsent.expire(now: start + .seconds(2)) == [short.id])
        #expect(!unsent.contains(short.id) && unsent.byteCount == 20)
        #expect(unsent.popFirst()?.id == long.id)
    }
}
