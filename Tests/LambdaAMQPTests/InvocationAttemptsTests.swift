import LambdaAMQP
import Testing

@Suite struct InvocationAttemptsTests {
    private let start = ContinuousClock.now

    private func attempts(
        _ policy: LambdaRetryPolicy = LambdaRetryPolicy(maximumAttempts: 4), isIdempotent: Bool = false,
        within time: Duration = .seconds(60)
    ) -> InvocationAttempts {
        InvocationAttempts(policy: policy, isIdempotent: isIdempotent, deadline: self.start + time)
    }

    private func error(_ code: LambdaError.Code, retryAfter: Duration? = nil) -> LambdaError {
        LambdaError(code, "no", retryAfter: retryAfter)
    }

    @Test(arguments: [LambdaError.Code.tooManyRequests, .unavailable, .expired])
    func whatHasCertainlyNotRunIsRepeated(code: LambdaError.Code) {
        var attempts = self.attempts()
        #expect(attempts.failed(self.error(code), now: self.start, jitter: 1) == .retry(after: .milliseconds(100)))
        #expect(attempts.number == 2)
    }

    @Test(arguments: [LambdaError.Code.noAnswer, .service])
    func whatMayHaveRunIsRepeatedOnlyWhereThatDoesNoHarm(code: LambdaError.Code) {
        var careful = self.attempts()
        #expect(careful.failed(self.error(code), now: self.start, jitter: 1) == .giveUp)
        var idempotent = self.attempts(isIdempotent: true)
        #expect(idempotent.failed(self.error(code), now: self.start, jitter: 1) == .retry(after: .milliseconds(100)))
    }

    @Test(arguments: [
        LambdaError.Code.badRequest, .notDeployed, .tooLarge, .accessRefused, .invalidConfiguration, .cancelled,
        .invalidResult, .closed,
    ])
    func whatWouldFailAgainIsNotRepeated(code: LambdaError.Code) {
        var attempts = self.attempts(isIdempotent: true)
        #expect(attempts.failed(self.error(code), now: self.start, jitter: 1) == .giveUp)
    }

    @Test func pausesDoubleUpToTheLimitAndAreTakenAtRandom() {
        var attempts = self.attempts(
            LambdaRetryPolicy(maximumAttempts: 10, baseDelay: .milliseconds(100), maximumDelay: .milliseconds(350)))
        func next(_ jitter: Double) -> InvocationAttempts.Action {
            attempts.failed(self.error(.unavailable), now: self.start, jitter: jitter)
        }
        #expect(next(1) == .retry(after: .milliseconds(100)))
        #expect(next(1) == .retry(after: .milliseconds(200)))
        #expect(next(1) == .retry(after: .milliseconds(350)))
        #expect(next(0.5) == .retry(after: .milliseconds(175)))
        #expect(next(0) == .retry(after: .zero))
    }

    @Test func whatTheAnswerSaysIsWaitedInAddition() {
        var attempts = self.attempts()
        let busy = self.error(.tooManyRequests, retryAfter: .seconds(3))
        #expect(attempts.failed(busy, now: self.start, jitter: 1) == .retry(after: .milliseconds(3100)))
    }

    @Test func attemptsAreCounted() {
        var attempts = self.attempts(LambdaRetryPolicy(maximumAttempts: 2))
        #expect(attempts.failed(self.error(.unavailable), now: self.start, jitter: 0) == .retry(after: .zero))
        #expect(attempts.failed(self.error(.unavailable), now: self.start, jitter: 0) == .giveUp)
        var one = self.attempts(.once)
        #expect(one.failed(self.error(.unavailable), now: self.start, jitter: 0) == .giveUp)
    }

    @Test func anAttemptForWhichNoTimeIsLeftIsNotMade() {
        var attempts = self.attempts(within: .seconds(1))
        let late = self.start + .milliseconds(950)
        #expect(attempts.failed(self.error(.unavailable), now: late, jitter: 1) == .giveUp)
        let busy = self.error(.tooManyRequests, retryAfter: .seconds(2))
        #expect(attempts.failed(busy, now: self.start, jitter: 0) == .giveUp)
    }

    @Test func anAttemptHasItsOwnTimeWithinTheWhole() {
        let attempts = self.attempts(LambdaRetryPolicy(attemptTimeout: .seconds(2)), within: .seconds(5))
        #expect(attempts.attemptDeadline(now: self.start) == self.start + .seconds(2))
        #expect(attempts.attemptDeadline(now: self.start + .seconds(4)) == self.start + .seconds(5))
        #expect(self.attempts(within: .seconds(5)).attemptDeadline(now: self.start) == self.start + .seconds(5))
    }

    @Test func theOutcomeKnowsOfEveryAttempt() {
        var attempts = self.attempts(LambdaRetryPolicy(maximumAttempts: 2), isIdempotent: true)
        _ = attempts.failed(self.error(.noAnswer), now: self.start, jitter: 0)
        _ = attempts.failed(self.error(.unavailable), now: self.start, jitter: 0)
        let outcome = attempts.outcome(self.error(.unavailable))
        #expect(outcome.code == .unavailable && outcome.mayHaveExecuted && !outcome.isRetriable)
    }

    @Test func whoIsCancelledBetweenAttemptsThatDidNotRunHasRunNothing() {
        var attempts = self.attempts()
        _ = attempts.failed(self.error(.unavailable), now: self.start, jitter: 0)
        #expect(!attempts.outcome(self.error(.cancelled)).mayHaveExecuted)
    }
}
