import AMQP
import LambdaAMQP
import LambdaFunction
import Testing

@Suite struct AttemptPolicyTests {
    private let policy = AttemptPolicy()

    /// A message on its way through daemons, each of which dies or hands it back; says what became of it.
    private func passage(_ fates: [Fate], isBounded: Bool = false) -> (runs: Int, isGivenUp: Bool) {
        var (attempt, isRedelivered, runs) = (0, false, 0)
        for fate in fates {
            var arrival = self.policy.arrived(attempt: attempt, isRedelivered: isRedelivered, isBounded: isBounded)
            if case .count(let counted) = arrival {
                // Published again: to the broker a new message.
                (attempt, isRedelivered) = (counted, false)
                arrival = self.policy.arrived(attempt: attempt, isRedelivered: false, isBounded: isBounded)
            }
            guard case .run = arrival else { return (runs, true) }
            switch fate {
            case .dies: runs += 1
            case .handsBack where self.policy.mayBeHandedBack(attempt: attempt, isRedelivered: isRedelivered): break
            // It has to stay, and is run.
            case .handsBack: return (runs + 1, false)
            }
            isRedelivered = true
        }
        return (runs, false)
    }

    private enum Fate { case dies, handsBack }

    @Test func aCallThatIsNewRuns() {
        #expect(self.policy.arrived(attempt: 0, isRedelivered: false, isBounded: false) == .run)
        #expect(self.policy.arrived(attempt: 3, isRedelivered: false, isBounded: false) == .run)
    }

    @Test func oneThatCameAgainIsCountedBeforeItRuns() {
        #expect(self.policy.arrived(attempt: 0, isRedelivered: true, isBounded: false) == .count(attempt: 1))
        #expect(self.policy.arrived(attempt: 2, isRedelivered: true, isBounded: false) == .count(attempt: 3))
        #expect(self.policy.arrived(attempt: 3, isRedelivered: true, isBounded: false) == .giveUp(attempts: 4))
    }

    @Test func oneThatExpiresKeepsItsPlaceAndRunsAsItIs() {
        #expect(self.policy.arrived(attempt: 9, isRedelivered: true, isBounded: true) == .run)
        #expect(self.passage(Array(repeating: .dies, count: 50), isBounded: true) == (50, false))
    }

    @Test func aPoisonousCallEndsAfterFourDaemons() {
        #expect(self.passage(Array(repeating: .dies, count: 50)) == (4, true))
    }

    @Test func aHandBackCostsAPoisonousCallOneOfItsRuns() {
        #expect(self.passage([.handsBack] + Array(repeating: .dies, count: 50)) == (3, true))
    }

    @Test func handBacksAloneNeverEndACall() {
        #expect(self.passage(Array(repeating: .handsBack, count: 50)) == (1, false))
        #expect(self.passage([.dies] + Array(repeating: .handsBack, count: 50)) == (2, false))
    }

    @Test func aCallIsPublishedAgainAsItWasButForItsCountAndWhatIsTheBrokers() {
        var properties = AMQPProperties(
            contentType: "text/plain", correlationID: "1",
            headers: ["x-lambda-ATTEMPT": "1", "CC": .array(["elsewhere"]), "x-death": .array([]), "mine": 7])
        properties.replyTo = "replies"
        properties.userID = "somebody"
        properties.messageID = "m"
        let again = properties.republished(attempt: 2)
        #expect(again.headers == ["mine": 7, "X-Lambda-Attempt": .int64(2)])
        #expect(again.attempt == 2)
        #expect(again.userID == nil)
        #expect(again.replyTo == "replies")
        #expect(again.correlationID == "1")
        #expect(again.messageID == "m")
        #expect(again.contentType == "text/plain")
        #expect(AMQPProperties().republished(attempt: 1).attempt == 1)
        #expect(AMQPProperties(contentType: nil, headers: ["X-Lambda-Attempt": -5]).attempt == 0)
    }
}
