import LambdaMessages
import LambdaProtocol
import Testing

@Suite struct StreamReceiverTests {
    @Test func chunksComeInOrderUntilTheOutcome() {
        var receiver = StreamReceiver(window: 100)
        #expect(receiver.received(.chunk(sequence: 0, attempt: 0), byteCount: 10) == .chunk)
        #expect(receiver.received(.chunk(sequence: 1, attempt: 0), byteCount: 10) == .chunk)
        #expect(receiver.received(.end(sequence: 2, attempt: 0), byteCount: 0) == .complete)
        #expect(receiver.received(.chunk(sequence: 3, attempt: 0), byteCount: 10) == .drop)
    }

    @Test func anErrorMayBeAllThatComes() {
        var receiver = StreamReceiver(window: 100)
        #expect(receiver.received(.end(sequence: 0, attempt: 2), byteCount: 500) == .complete)
    }

    @Test func aDaemonThatDoesNotStreamAnswersWhole() {
        var receiver = StreamReceiver(window: 100)
        #expect(receiver.received(.whole, byteCount: 5000) == .whole)
        #expect(receiver.received(.whole, byteCount: 5000) == .drop)
    }

    @Test func creditIsGivenHalfAWindowAtATime() {
        var receiver = StreamReceiver(window: 100)
        #expect(receiver.initialCredit == 100)
        #expect(receiver.received(.chunk(sequence: 0, attempt: 0), byteCount: 40) == .chunk)
        #expect(receiver.received(.chunk(sequence: 1, attempt: 0), byteCount: 40) == .chunk)
        #expect(receiver.consumed(byteCount: 40) == nil)
        #expect(receiver.consumed(byteCount: 40) == 80)
        #expect(receiver.received(.chunk(sequence: 2, attempt: 0), byteCount: 100) == .chunk)
    }

    @Test func moreThanTheCreditBreaksTheStream() {
        var receiver = StreamReceiver(window: 100)
        #expect(receiver.received(.chunk(sequence: 0, attempt: 0), byteCount: 60) == .chunk)
        let message = "The daemon sent more of the stream than was asked for"
        #expect(receiver.received(.chunk(sequence: 1, attempt: 0), byteCount: 41) == .fail(.service, message))
        #expect(receiver.received(.chunk(sequence: 2, attempt: 0), byteCount: 1) == .drop)
    }

    @Test func aHigherAttemptInMidStreamBreaksIt() {
        var receiver = StreamReceiver(window: 100)
        #expect(receiver.received(.chunk(sequence: 0, attempt: 0), byteCount: 10) == .chunk)
        let message = "The function was started again in the middle of its answer"
        #expect(receiver.received(.chunk(sequence: 0, attempt: 1), byteCount: 10) == .fail(.noAnswer, message))
    }

    @Test func aHigherAttemptBeforeTheFirstChunkIsTheStream() {
        var receiver = StreamReceiver(window: 100)
        #expect(receiver.received(.chunk(sequence: 0, attempt: 1), byteCount: 10) == .chunk)
        #expect(receiver.received(.chunk(sequence: 1, attempt: 0), byteCount: 10) == .drop)
        #expect(receiver.received(.end(sequence: 1, attempt: 0), byteCount: 0) == .drop)
        #expect(receiver.received(.chunk(sequence: 1, attempt: 1), byteCount: 10) == .chunk)
    }

    @Test(arguments: [0, 2]) func aChunkOutOfOrderBreaksTheStream(sequence: Int) {
        var receiver = StreamReceiver(window: 100)
        #expect(receiver.received(.chunk(sequence: 0, attempt: 0), byteCount: 10) == .chunk)
        let message = "Chunk \(sequence) of the stream came where 1 was expected"
        #expect(
            receiver.received(.chunk(sequence: sequence, attempt: 0), byteCount: 10) == .fail(.noAnswer, message))
    }
}
