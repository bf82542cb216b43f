import LambdaFunction
import LambdaProtocol
import NIOCore
import Testing

@Suite struct EventPolicyTests {
    let policy = EventPolicy()
    let error = InvocationOutcome.functionError(FunctionReply(body: ByteBuffer(string: "{}")))

    private func refused(_ kind: InvokeError.Kind) -> InvocationOutcome { .refused(InvokeError(kind, "…")) }

    private func ended(
        _ outcome: InvocationOutcome, attempt: Int = 0, refusals: Int = 0, age: Int64 = 0
    ) -> EventPolicy.Next {
        self.policy.ended(outcome, attempt: attempt, refusals: refusals, ageMilliseconds: age)
    }

    @Test func anEventThatFailsIsTriedAgainAfterOneAndAfterTwoMinutesAndThenGivenUp() {
        #expect(self.ended(self.error, attempt: 0) == .retry(afterMilliseconds: 60_000, attempts: 1))
        #expect(self.ended(self.error, attempt: 1) == .retry(afterMilliseconds: 120_000, attempts: 2))
        #expect(self.ended(self.error, attempt: 2) == .giveUp(.retriesExhausted, attempts: 3))
    }

    @Test func aResultEndsItHoweverManyAttemptsItTook() {
        let result = InvocationOutcome.result(FunctionReply(body: ByteBuffer(string: "{}")))
        #expect(self.ended(result, attempt: 2) == .succeeded)
    }

    @Test func withoutRetriesTheFirstFailureIsTheLast() {
        let policy = EventPolicy(maxRetries: 0)
        #expect(
            policy.ended(self.error, attempt: 0, refusals: 0, ageMilliseconds: 0)
                == .giveUp(.retriesExhausted, attempts: 1))
    }

    @Test func aSingleWaitCountsForEveryRetry() {
        let policy = EventPolicy(waitsMilliseconds: [50])
        #expect(
            policy.ended(self.error, attempt: 1, refusals: 0, ageMilliseconds: 0)
                == .retry(afterMilliseconds: 50, attempts: 2))
    }

    @Test func aRetryThatWouldComeTooLateIsNotMade() {
        let limit = self.policy.maxAgeMilliseconds
        #expect(self.ended(self.error, age: limit - 60_000) == .retry(afterMilliseconds: 60_000, attempts: 1))
        #expect(self.ended(self.error, age: limit - 59_999) == .giveUp(.ageExceeded, attempts: 1))
    }

    @Test func anEventThatIsTooOldIsNotRun() {
        let limit = self.policy.maxAgeMilliseconds
        func arrived(_ age: Int64) -> EventPolicy.Arrival {
            self.policy.arrived(attempt: 0, isRedelivered: false, ageMilliseconds: age)
        }
        #expect(arrived(limit) == .run)
        #expect(arrived(limit + 1) == .giveUp(.ageExceeded))
        #expect(self.ended(self.refused(.requestExpired), attempt: 1) == .giveUp(.ageExceeded, attempts: 1))
    }

    @Test func whatThePlatformCouldNotRunIsNoAttemptAndWaitsLongerEachTime() {
        var waits: [Int64] = []
        for refusals in 0..<6 {
            let action = self.ended(self.refused(.tooManyRequests), refusals: refusals)
            guard case .backOff(let wait, let next) = action else {
                Issue.record("no back-off")
                continue
            }
            #expect(next == refusals + 1)
            waits.append(wait)
        }
        #expect(waits == [1000, 10_000, 60_000, 300_000, 300_000, 300_000])
        #expect(
            self.ended(self.refused(.service), attempt: 2, age: self.policy.maxAgeMilliseconds)
                == .giveUp(.ageExceeded, attempts: 2))
    }

    @Test func whatMayHaveRunIsAnAttempt() {
        #expect(self.ended(self.refused(.noAnswer)) == .retry(afterMilliseconds: 60_000, attempts: 1))
    }

    @Test func whatIsWrongWithTheEventItselfIsNotTriedAgain() {
        #expect(self.ended(self.refused(.invalidRequestContent)) == .giveUp(.retriesExhausted, attempts: 0))
        #expect(self.ended(self.refused(.requestTooLarge)) == .giveUp(.retriesExhausted, attempts: 0))
        #expect(self.ended(self.refused(.resourceNotFound)) == .giveUp(.retriesExhausted, attempts: 0))
    }

    /// Without a retry: three times in all.
    @Test func anEventThatItsDaemonsDieOfIsCountedAndAtLastGivenUp() {
        let policy = EventPolicy(maxRetries: 0)
        func redelivered(_ attempt: Int) -> EventPolicy.Arrival {
            policy.arrived(attempt: attempt, isRedelivered: true, ageMilliseconds: 0)
        }
        #expect(redelivered(0) == .count(attempt: 1))
        // Counted, it is published again and not marked; so it runs.
        #expect(policy.arrived(attempt: 1, isRedelivered: false, ageMilliseconds: 0) == .run)
        #expect(redelivered(1) == .count(attempt: 2))
        #expect(redelivered(2) == .giveUp(.retriesExhausted))
    }

    @Test func anEventThatWasNeverStartedKeepsItsRetriesThroughALostDaemon() {
        #expect(self.policy.arrived(attempt: 2, isRedelivered: true, ageMilliseconds: 0) == .count(attempt: 3))
        #expect(self.policy.arrived(attempt: 3, isRedelivered: false, ageMilliseconds: 0) == .run)
    }
}
