import LambdaFunction
import NIOCore
import Testing

@Suite struct StreamedReplyStateMachineTests {
    private typealias Actions = StreamedReplyStateMachine.Actions

    private func bytes(_ text: String) -> ByteBuffer { ByteBuffer(string: text) }

    private func chunk(_ sequence: Int, _ text: String) -> StreamedReplyStateMachine.Chunk {
        .init(sequence: sequence, bytes: self.bytes(text))
    }

    @Test func chunksAreNumberedAndTheOutcomeComesLast() {
        var reply = StreamedReplyStateMachine(credit: 100)
        let first = reply.produced(self.bytes("ab"), isWritable: true)
        #expect(first == Actions(chunks: [self.chunk(0, "ab")], wantsMore: true))
        let second = reply.produced(self.bytes("cd"), isWritable: true)
        #expect(second == Actions(chunks: [self.chunk(1, "cd")], wantsMore: true))
        #expect(reply.finished(rest: ByteBuffer(), isWritable: true) == Actions(end: 2))
        #expect(reply.isOver)
    }

    @Test func whatIsBeyondTheCreditWaitsAndTheFunctionWithIt() {
        var reply = StreamedReplyStateMachine(credit: 3)
        #expect(reply.produced(self.bytes("abcde"), isWritable: true) == Actions(chunks: [self.chunk(0, "abc")]))
        #expect(reply.credited(1, isWritable: true) == Actions(chunks: [self.chunk(1, "d")]))
        #expect(reply.credited(5, isWritable: true) == Actions(chunks: [self.chunk(2, "e")], wantsMore: true))
        let next = reply.produced(self.bytes("1234"), isWritable: true)
        #expect(next == Actions(chunks: [self.chunk(3, "1234")], wantsMore: true))
    }

    @Test func creditThatIsUsedUpDoesNotKeepTheEndBack() {
        var reply = StreamedReplyStateMachine(credit: 2)
        #expect(reply.produced(self.bytes("ab"), isWritable: true).wantsMore == true)
        #expect(reply.finished(rest: ByteBuffer(), isWritable: true) == Actions(end: 1))
    }

    @Test func withoutAnyCreditAFunctionErrorStillEndsTheStream() {
        var reply = StreamedReplyStateMachine(credit: 0)
        #expect(reply.produced(self.bytes("ab"), isWritable: true) == Actions())
        #expect(reply.failed() == Actions(end: 0))
        #expect(reply.failed() == Actions())
        #expect(reply.credited(100, isWritable: true) == Actions())
    }

    @Test func aConnectionThatTakesNothingHoldsTheFunctionToo() {
        var reply = StreamedReplyStateMachine(credit: 100)
        #expect(reply.produced(self.bytes("ab"), isWritable: false) == Actions())
        #expect(reply.credited(100, isWritable: false) == Actions())
        #expect(reply.becameWritable() == Actions(chunks: [self.chunk(0, "ab")], wantsMore: true))
        #expect(reply.becameWritable() == Actions())
    }

    @Test func aWholeAnswerLeavesAsItsCreditComes() {
        var reply = StreamedReplyStateMachine(credit: 2)
        #expect(reply.finished(rest: self.bytes("abcde"), isWritable: true) == Actions(chunks: [self.chunk(0, "ab")]))
        #expect(reply.isWaitingToFinish)
        #expect(reply.credited(2, isWritable: true) == Actions(chunks: [self.chunk(1, "cd")]))
        #expect(reply.credited(2, isWritable: true) == Actions(chunks: [self.chunk(2, "e")], end: 3))
        #expect(!reply.isWaitingToFinish)
    }

    @Test func aCallerWhoTakesNoMoreOfAWholeAnswerIsToldSo() {
        var reply = StreamedReplyStateMachine(credit: 2)
        #expect(reply.finished(rest: self.bytes("abcde"), isWritable: true).end == nil)
        #expect(reply.failed() == Actions(end: 1))
        #expect(reply.isOver)
    }

    @Test func anEmptyAnswerIsOnlyItsEnd() {
        var reply = StreamedReplyStateMachine(credit: 0)
        #expect(reply.finished(rest: ByteBuffer(), isWritable: false) == Actions(end: 0))
    }

    @Test func afterALostConnectionTheFunctionRunsToItsEndUnheard() {
        var reply = StreamedReplyStateMachine(credit: 1)
        #expect(reply.produced(self.bytes("ab"), isWritable: true).wantsMore == false)
        #expect(reply.connectionLost() == Actions(wantsMore: true))
        #expect(reply.produced(self.bytes("cd"), isWritable: true) == Actions(wantsMore: true))
        #expect(reply.finished(rest: ByteBuffer(), isWritable: true) == Actions())
        #expect(reply.connectionLost() == Actions())
    }

    @Test func aLargePieceIsSeveralMessages() {
        var reply = StreamedReplyStateMachine(credit: 10_000_000)
        let actions = reply.finished(rest: ByteBuffer(repeating: 1, count: 2_100_000), isWritable: true)
        #expect(actions.chunks.map(\.bytes.readableBytes) == [1_048_576, 1_048_576, 2848])
        #expect(actions.end == 3)
    }

    @Test func absurdCreditIsNoTrap() {
        var reply = StreamedReplyStateMachine(credit: .max)
        #expect(reply.credited(.max, isWritable: true) == Actions())
        #expect(reply.credited(.min, isWritable: true) == Actions())
        #expect(reply.produced(self.bytes("ab"), isWritable: true).wantsMore == true)
    }
}
