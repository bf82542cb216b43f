import AMQP
import Testing

@Suite struct AMQPErrorTests {
    @Test func descriptionShowsKindMessageAndReplyCode() {
        let error = AMQPError(.channelClosed, "declaring queue 'echo'", replyCode: .preconditionFailed)
        #expect(error.description == "channelClosed: declaring queue 'echo' (reply code 406 PRECONDITION_FAILED)")
    }

    @Test func debugDescriptionShowsThePlaceAndTheErrorBelow() {
        let error = AMQPError(.connectionFailed, "no", underlying: AMQPError(.timedOut, "late"), line: 7)
        #expect(
            error.debugDescription
                == "connectionFailed: no [AMQPTests/AMQPErrorTests.swift:7], underlying: timedOut: late "
                + "[AMQPTests/AMQPErrorTests.swift:11]")
    }

    @Test func brokersWordsStayOnOneLine() {
        let error = AMQPError(.connectionClosed, "bye\r\nFAKE LOG LINE\u{1B}[31m\u{2028}x")
        #expect(error.message == "bye  FAKE LOG LINE [31m x")
    }

    @Test func kindSaysWhetherToTryAgainUnlessTheErrorDoes() {
        #expect(AMQPError(.connectionFailed, "").isRetriable)
        #expect(!AMQPError(.unroutable, "").isRetriable)
        #expect(AMQPError(.unroutable, "", isTransient: true).isRetriable)
    }

    @Test func whatMayHaveHadItsEffectIsNotRetriableHoweverTransientItIs() {
        let lost = AMQPError(.connectionLost, "")
        #expect(lost.isTransient && lost.mayHaveExecuted && !lost.isRetriable)
        let unsent = lost.ofUnsentCall
        #expect(unsent.isTransient && !unsent.mayHaveExecuted && unsent.isRetriable)
    }

    @Test func refusedLoginAndUnknownVhostHaveTheirOwnKinds() {
        let login = AMQPError.connectionClosedByServer(.accessRefused, text: "ACCESS_REFUSED", doing: "login")
        #expect(login.code == .accessRefused && login.isServerInitiated && !login.isRetriable)
        let vhost = AMQPError.connectionClosedByServer(.notAllowed, text: "vhost x not found", doing: "login")
        #expect(vhost.code == .vhostNotFound && !vhost.isRetriable)
    }

    @Test func brokerThatShutsDownMayBeTriedAgain() {
        let error = AMQPError.connectionClosedByServer(.connectionForced, text: "CONNECTION_FORCED", doing: "link")
        #expect(error.code == .connectionClosed && error.isTransient)
    }

    @Test func missingQueueClosesTheChannelForGood() {
        let error = AMQPError.channelClosedByServer(.notFound, text: "no queue 'x'", doing: "looking at queue 'x'")
        #expect(error.code == .channelClosed && error.replyCode == .notFound && !error.isRetriable)
    }

    @Test func unlistedReplyCodeKeepsItsNumber() {
        #expect(AMQPReplyCode(rawValue: 599).description == "599")
        #expect(AMQPReplyCode.internalError.description == "541 INTERNAL_ERROR")
    }
}
