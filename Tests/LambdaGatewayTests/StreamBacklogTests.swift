import Testing

@testable import LambdaGateway

@Suite struct StreamBacklogTests {
    @Test func chunksComeInOrderAndTheEndIsLast() {
        var backlog = StreamBacklog<Int, String>()
        backlog.add(.chunk(1))
        #expect(backlog.next() == .chunk(1))
        #expect(backlog.next() == nil)
        backlog.add(.chunk(2))
        backlog.add(.end("done"))
        #expect(backlog.next() == .chunk(2))
        #expect(backlog.next() == .end("done"))
        #expect(backlog.next() == nil)
    }

    @Test func aPausedClientGetsNothingNotEvenTheEnd() {
        var backlog = StreamBacklog<Int, String>()
        backlog.add(.chunk(1))
        backlog.add(.chunk(2))
        #expect(backlog.next() == .chunk(1))
        backlog.pause()
        backlog.add(.end("done"))
        #expect(backlog.next() == nil)
        backlog.resume()
        #expect(backlog.next() == .chunk(2))
        #expect(backlog.next() == .end("done"))
    }
}
