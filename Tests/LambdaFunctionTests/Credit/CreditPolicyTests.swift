import LambdaFunction
import NIOCore
import Testing

@Suite struct CreditPolicyTests {
    /// Two slots, eight messages ahead, proven by a hundred short invocations.
    private static let limits = CreditPolicy.Limits(slots: 2, lookAhead: 8, proof: 100)

    /// A stretch of 50 invocations that took 0.2 ms each, one each millisecond.
    private static let short = InvocationPace(count: 50, total: .milliseconds(10), span: .milliseconds(50))
    /// The same at an even rate of one each 100 ms.
    private static let sparse = InvocationPace(count: 50, total: .milliseconds(10), span: .seconds(5))
    /// Not quite short: 1.5 ms each.
    private static let longish = InvocationPace(count: 50, total: .milliseconds(75), span: .milliseconds(50))
    /// Short ones but for one that took half a second.
    private static let mixed = InvocationPace(count: 50, total: .milliseconds(510), span: .milliseconds(600))

    private func lookingAhead() -> CreditPolicy {
        var policy = CreditPolicy(limits: Self.limits)
        #expect(policy.measured(Self.short) == .none)
        #expect(policy.measured(Self.short) == .lookAhead)
        return policy
    }

    @Test func itLooksAheadWhenEnoughInvocationsInARowWereShort() {
        var policy = CreditPolicy(limits: Self.limits)
        #expect(policy.measured(Self.short) == .none)
        #expect(!policy.isLookingAhead)
        #expect(policy.measured(Self.short) == .lookAhead)
        #expect(policy.isLookingAhead)
        #expect(policy.measured(Self.short) == .none)
    }

    @Test func aLongInvocationAmongThemMakesTheProofBeginAgain() {
        var policy = CreditPolicy(limits: Self.limits)
        #expect(policy.measured(Self.short) == .none)
        #expect(policy.measured(Self.mixed) == .none)
        #expect(policy.measured(Self.short) == .none)
        #expect(policy.measured(Self.short) == .lookAhead)
    }

    @Test func aMomentInWhichTheMachineStoodStillDoesNotSpoilTheProof() {
        var policy = CreditPolicy(limits: Self.limits)
        #expect(policy.measured(Self.longish) == .none)
        #expect(policy.measured(Self.short) == .lookAhead)
    }

    @Test func invocationsThatAreNotQuiteShortOnTheAverageProveNothing() {
        var policy = CreditPolicy(limits: Self.limits)
        for _ in 0..<10 { #expect(policy.measured(Self.longish) == .none) }
        // The next proof begins where this one has failed.
        #expect(policy.measured(Self.short) == .none)
        #expect(policy.measured(Self.short) == .lookAhead)
    }

    @Test func whereLittleIsToBeDoneLookingAheadIsNotWorthIt() {
        var policy = CreditPolicy(limits: Self.limits)
        for _ in 0..<10 { #expect(policy.measured(Self.sparse) == .none) }
        #expect(!policy.isLookingAhead)
    }

    @Test func nothingThatEndedSaysNothing() {
        var policy = CreditPolicy(limits: Self.limits)
        #expect(policy.measured(Self.short) == .none)
        #expect(policy.measured(InvocationPace()) == .none)
        #expect(policy.measured(Self.short) == .lookAhead)
    }

    @Test func withoutCreditAheadItStaysExact() {
        var policy = CreditPolicy(limits: .init(slots: 2, lookAhead: 0, proof: 100))
        for _ in 0..<10 { #expect(policy.measured(Self.short) == .none) }
    }

    @Test func aMessageThatWaitsForFourChecksEndsIt() {
        var policy = self.lookingAhead()
        // Messages 1 to 10 have come, 3 is the oldest that waits.
        #expect(policy.checked(oldest: 3, newest: 10, isReliable: true) == .none)
        // It has started, like all that were there.
        #expect(policy.checked(oldest: 11, newest: 20, isReliable: true) == .none)
        // Message 20 was there four milliseconds ago, eight, twelve: the machine may have stood still.
        for _ in 0..<3 { #expect(policy.checked(oldest: 20, newest: 24, isReliable: true) == .none) }
        // Sixteen milliseconds are more than that.
        #expect(policy.checked(oldest: 20, newest: 24, isReliable: true) == .stopLookingAhead)
        // While the broker has not agreed, what is given back would come straight back.
        #expect(policy.checked(oldest: 20, newest: 24, isReliable: true) == .none)
        #expect(policy.measured(Self.short) == .none)
        #expect(policy.stopped() == .handBack)
        #expect(!policy.isLookingAhead)
    }

    @Test func aCheckThatIsLateItselfProvesNothing() {
        var policy = self.lookingAhead()
        for _ in 0..<4 { #expect(policy.checked(oldest: 3, newest: 12, isReliable: true) == .none) }
        #expect(policy.checked(oldest: 3, newest: 12, isReliable: false) == .none)
        #expect(policy.checked(oldest: 3, newest: 12, isReliable: true) == .stopLookingAhead)
    }

    @Test func withExactCreditAMessageThatWaitsGoesBackAtOnce() {
        // An invocation over HTTP has the slot that it was sent for.
        var policy = CreditPolicy(limits: Self.limits)
        #expect(policy.checked(oldest: 1, newest: 1, isReliable: true) == .none)
        #expect(policy.checked(oldest: 1, newest: 1, isReliable: true) == .handBack)
        #expect(policy.checked(oldest: nil, newest: 1, isReliable: true) == .none)
    }

    @Test func invocationsThatGrowLongerEndItToo() {
        var policy = self.lookingAhead()
        #expect(policy.measured(Self.mixed) == .none)
        #expect(policy.measured(Self.mixed) == .stopLookingAhead)
        #expect(policy.stopped() == .handBack)
    }

    @Test(arguments: [Self.mixed, Self.sparse])
    func oneBadStretchBetweenGoodOnesEndsNothing(_ bad: InvocationPace) {
        var policy = self.lookingAhead()
        for _ in 0..<10 {
            #expect(policy.measured(bad) == .none)
            #expect(policy.measured(Self.short) == .none)
        }
        #expect(policy.isLookingAhead)
    }

    @Test func whenTheLoadGoesItEndsWithoutABadName() {
        var policy = self.lookingAhead()
        #expect(policy.measured(Self.sparse) == .none)
        #expect(policy.measured(Self.sparse) == .stopLookingAhead)
        #expect(policy.stopped() == .handBack)
        // The proof is as long as the first one.
        #expect(policy.measured(Self.short) == .none)
        #expect(policy.measured(Self.short) == .lookAhead)
    }

    @Test func eachFailureThatComesSoonDoublesTheProof() {
        var policy = CreditPolicy(limits: Self.limits)
        for failure in 0..<8 {
            self.prove(min(100 << failure, 6400), to: &policy)
            #expect(policy.measured(Self.short) == .none)
            self.fail(&policy)
        }
    }

    @Test func aFailureAfterMoreInvocationsThanItsProofLeavesTheProofAsItWas() {
        var policy = self.lookingAhead()
        self.fail(&policy)
        for _ in 0..<3 {
            self.prove(200, to: &policy)
            for _ in 0..<4 { #expect(policy.measured(Self.short) == .none) }
            self.fail(&policy)
        }
    }

    @Test(arguments: [Self.mixed, Self.sparse])
    func aLongGoodTimeHalvesTheNextProofHoweverItEnds(_ end: InvocationPace) {
        var policy = self.lookingAhead()
        self.fail(&policy)
        self.prove(200, to: &policy)
        // Four times as many.
        for _ in 0..<16 { #expect(policy.measured(Self.short) == .none) }
        #expect(policy.measured(end) == .none)
        #expect(policy.measured(end) == .stopLookingAhead)
        #expect(policy.stopped() == .handBack)
        self.prove(100, to: &policy)
        // It is never shorter than the first one.
        for _ in 0..<8 { #expect(policy.measured(Self.short) == .none) }
        #expect(policy.measured(end) == .none)
        #expect(policy.measured(end) == .stopLookingAhead)
        #expect(policy.stopped() == .handBack)
        self.prove(100, to: &policy)
    }

    /// So many short invocations, of which the last are the proof.
    private func prove(_ count: Int, to policy: inout CreditPolicy) {
        for _ in 0..<(count / 50 - 1) { #expect(policy.measured(Self.short) == .none) }
        #expect(policy.measured(Self.short) == .lookAhead)
    }

    private func fail(_ policy: inout CreditPolicy) {
        #expect(policy.measured(Self.mixed) == .none)
        #expect(policy.measured(Self.mixed) == .stopLookingAhead)
        #expect(policy.stopped() == .handBack)
    }

    @Test func withTheChannelEverythingBeginsAgain() {
        var policy = self.lookingAhead()
        for _ in 0..<4 { #expect(policy.checked(oldest: 101, newest: 100, isReliable: true) == .none) }
        policy.lost()
        #expect(!policy.isLookingAhead)
        // A new channel counts from one: message 1 has just come.
        #expect(policy.checked(oldest: 1, newest: 1, isReliable: true) == .none)
        // The cancel that was under way is answered by nobody, and means nothing.
        #expect(policy.stopped() == .none)
        #expect(policy.measured(Self.short) == .none)
        #expect(policy.measured(Self.short) == .lookAhead)
    }
}
