import LambdaFunction
import NIOCore
import Testing

/// The watch by reference, since an expectation takes values only.
private final class WatchHarness {
    private var watch: QueueWatch

    init(longestPeriod: TimeAmount = .minutes(5)) {
        self.watch = QueueWatch(period: .seconds(10), longestPeriod: longestPeriod)
    }

    var pause: TimeAmount { self.watch.pause }

    func isDue(isIdle: Bool) -> Bool { self.watch.isDue(isIdle: isIdle) }
    func delivered() { self.watch.delivered() }
    func looked(_ sight: QueueWatch.Sight, isClassic: Bool = true) -> QueueWatch.Finding {
        self.watch.looked(sight, isClassic: isClassic)
    }
}

@Suite struct QueueWatchTests {
    private static let waiting = QueueWatch.Sight(readyCount: 3, consumerCount: 2)
    private static let quiet = QueueWatch.Sight(readyCount: 0, consumerCount: 2)

    @Test func messagesThatWaitAtTwoLooksWhileNoneComesMeanThatTheBrokerHasForgottenUs() {
        let watch = WatchHarness()
        #expect(watch.pause == .seconds(10))
        #expect(watch.isDue(isIdle: true))
        #expect(watch.looked(Self.waiting) == .nothing)
        #expect(watch.pause == .seconds(1))
        #expect(watch.isDue(isIdle: true))
        #expect(watch.looked(Self.waiting) == .forgotten)
    }

    @Test func aQueueWithoutAnyConsumerHasForgottenUsToo() {
        for sight in [QueueWatch.Sight(readyCount: 0, consumerCount: 0), .nothing] {
            let watch = WatchHarness()
            #expect(watch.isDue(isIdle: true))
            #expect(watch.looked(sight) == .nothing)
            #expect(watch.isDue(isIdle: true))
            #expect(watch.looked(sight) == .forgotten)
        }
    }

    @Test func whoHasWorkOrWasGivenSomeDoesNotLook() {
        let watch = WatchHarness()
        #expect(!watch.isDue(isIdle: false))
        watch.delivered()
        #expect(!watch.isDue(isIdle: true))
        #expect(watch.isDue(isIdle: true))
    }

    @Test func aMessageBetweenTwoLooksClearsTheSuspicion() {
        let watch = WatchHarness()
        #expect(watch.isDue(isIdle: true))
        #expect(watch.looked(Self.waiting) == .nothing)
        watch.delivered()
        #expect(!watch.isDue(isIdle: true))
        #expect(watch.pause == .seconds(10))
        #expect(watch.isDue(isIdle: true))
        #expect(watch.looked(Self.waiting) == .nothing)
    }

    @Test func aMessageThatComesDuringALookClearsTheSuspicion() {
        let watch = WatchHarness()
        #expect(watch.isDue(isIdle: true))
        #expect(watch.looked(Self.waiting) == .nothing)
        #expect(watch.isDue(isIdle: true))
        watch.delivered()
        #expect(watch.looked(Self.waiting) == .nothing)
    }

    @Test func aQuietQueueIsNoReasonForAnything() {
        let watch = WatchHarness()
        for _ in 1...5 {
            #expect(watch.isDue(isIdle: true))
            #expect(watch.looked(Self.quiet) == .nothing)
            #expect(watch.pause == .seconds(10))
        }
    }

    @Test func consumingAnewInVainIsTriedMoreAndMoreSeldom() {
        let watch = WatchHarness(longestPeriod: .seconds(60))
        var pauses: [TimeAmount] = []
        for _ in 1...5 {
            pauses.append(watch.pause)
            for isSecond in [false, true] {
                #expect(watch.isDue(isIdle: true))
                #expect(watch.looked(Self.waiting) == (isSecond ? .forgotten : .nothing))
            }
        }
        #expect(pauses == [.seconds(10), .seconds(20), .seconds(40), .seconds(60), .seconds(60)])
        watch.delivered()
        #expect(!watch.isDue(isIdle: true))
        #expect(watch.pause == .seconds(10))
    }

    @Test func aQuorumQueueIsConsumedAnewAfterAMinuteWithoutAMessage() {
        let watch = WatchHarness()
        for _ in 1...2 {
            for look in 1...6 {
                #expect(watch.isDue(isIdle: true))
                #expect(watch.looked(Self.quiet, isClassic: false) == (look == 6 ? .perhapsForgotten : .nothing))
            }
        }
    }

    @Test func aMessageMeansThatAQuorumQueueIsConsumed() {
        let watch = WatchHarness()
        for _ in 1...5 {
            #expect(watch.isDue(isIdle: true))
            #expect(watch.looked(Self.quiet, isClassic: false) == .nothing)
        }
        watch.delivered()
        #expect(!watch.isDue(isIdle: true))
        #expect(watch.isDue(isIdle: true))
        #expect(watch.looked(Self.quiet, isClassic: false) == .nothing)
    }
}
