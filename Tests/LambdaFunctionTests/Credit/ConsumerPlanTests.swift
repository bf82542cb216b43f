import AMQP
import LambdaFunction
import Testing

@Suite struct ConsumerPlanTests {
    private static let exact = ConsumerPlan.Terms(prefetch: 4, priority: 0, isExact: true)
    private static let ahead = ConsumerPlan.Terms(prefetch: 20, priority: -1, isExact: false)

    /// It consumes on these terms, by a consumer `first`.
    private func consuming(_ terms: ConsumerPlan.Terms) -> ConsumerPlan {
        var plan = ConsumerPlan()
        #expect(plan.next(terms, keepsOne: false) == .begin(prefetch: terms.prefetch, priority: terms.priority))
        #expect(plan.began("first") == .none)
        return plan
    }

    @Test func theFirstConsumerHasTheCreditOfAllSlots() {
        var plan = ConsumerPlan()
        #expect(!plan.hasBegun)
        #expect(plan.next(Self.exact, keepsOne: false) == .begin(prefetch: 4, priority: 0))
        #expect(plan.hasBegun)
        #expect(plan.next(Self.exact, keepsOne: false) == .none)
        #expect(plan.began("first") == .none)
        #expect(plan.tags == ["first"])
        #expect(plan.next(Self.exact, keepsOne: false) == .none)
    }

    @Test func toLookAheadAnotherConsumerBeginsBeforeTheFirstEnds() {
        var plan = self.consuming(Self.exact)
        #expect(plan.next(Self.ahead, keepsOne: false) == .begin(prefetch: 20, priority: -1))
        #expect(plan.began("second") == .end(["first"]))
        // Meanwhile nothing else.
        #expect(plan.next(Self.exact, keepsOne: false) == .none)
        plan.ended(["first"], running: [1, 2, 3, 4])
        #expect(plan.tags == ["second"])
        #expect(!plan.isInDebt)
        #expect(plan.next(Self.ahead, keepsOne: false) == .none)
    }

    @Test func whatRunsAsItBecomesExactTakesCreditUntilItIsDone() {
        var plan = self.consuming(Self.ahead)
        #expect(plan.next(Self.exact, keepsOne: false) == .end(["first"]))
        plan.ended(["first"], running: [7, 9])
        #expect(plan.tags == [])
        // Two slots are free.
        #expect(plan.next(Self.exact, keepsOne: false) == .begin(prefetch: 2, priority: 0))
        // One becomes free before the broker has agreed, the other after.
        #expect(plan.settled(7) == true)
        #expect(plan.next(Self.exact, keepsOne: false) == .none)
        #expect(plan.began("second") == .none)
        #expect(plan.next(Self.exact, keepsOne: false) == .begin(prefetch: 1, priority: 0))
        #expect(plan.began("third") == .none)
        // Of a consumer that there is: it has its credit back by itself.
        #expect(plan.settled(12) == false)
        #expect(plan.settled(9) == true)
        #expect(!plan.isInDebt)
        #expect(plan.next(Self.exact, keepsOne: false) == .begin(prefetch: 1, priority: 0))
        #expect(plan.began("fourth") == .none)
        #expect(plan.next(Self.exact, keepsOne: false) == .none)
        #expect(plan.tags == ["second", "third", "fourth"])
    }

    @Test func withEverySlotTakenThereIsNoConsumerUntilOneIsFree() {
        var plan = self.consuming(Self.ahead)
        _ = plan.next(Self.exact, keepsOne: false)
        plan.ended(["first"], running: [1, 2, 3, 4])
        #expect(plan.next(Self.exact, keepsOne: false) == .none)
        #expect(plan.hasBegun)
        #expect(plan.settled(3) == true)
        #expect(plan.next(Self.exact, keepsOne: false) == .begin(prefetch: 1, priority: 0))
    }

    @Test func severalExactConsumersBecomeOneThatLooksAhead() {
        var plan = self.consuming(Self.ahead)
        _ = plan.next(Self.exact, keepsOne: false)
        plan.ended(["first"], running: [1])
        _ = plan.next(Self.exact, keepsOne: false)
        _ = plan.began("second")
        _ = plan.settled(1)
        _ = plan.next(Self.exact, keepsOne: false)
        _ = plan.began("third")
        #expect(plan.next(Self.ahead, keepsOne: false) == .begin(prefetch: 20, priority: -1))
        #expect(plan.began("fourth") == .end(["second", "third"]))
        plan.ended(["second", "third"], running: [])
        #expect(plan.tags == ["fourth"])
    }

    @Test func aQueueThatMayGoWithItsLastConsumerAlwaysHasOne() {
        var plan = self.consuming(Self.ahead)
        #expect(plan.next(Self.exact, keepsOne: true) == .begin(prefetch: 4, priority: 0))
        #expect(plan.began("second") == .end(["first"]))
        plan.ended(["first"], running: [1, 2, 3, 4])
        #expect(plan.tags == ["second"])
        #expect(plan.next(Self.exact, keepsOne: true) == .none)
    }

    @Test func whatWasUnderWayWhenTheConsumersWereLostIsOfNoConsequence() {
        var plan = self.consuming(Self.ahead)
        _ = plan.next(Self.exact, keepsOne: false)
        let generation = plan.generation
        plan.lost()
        #expect(plan.generation != generation)
        #expect(!plan.hasBegun)
        plan.ended(["first"], running: [1])
        #expect(!plan.isInDebt)
        #expect(plan.next(Self.exact, keepsOne: false) == .begin(prefetch: 4, priority: 0))
    }
}
