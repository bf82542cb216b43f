import LambdaFunction
import NIOCore
import Testing

@Suite struct PaceMeterTests {
    private func at(_ milliseconds: Int64) -> NIODeadline { .uptimeNanoseconds(1) + .milliseconds(milliseconds) }

    @Test func itAddsUpHowLongInvocationsHadTheirSlots() {
        var meter = PaceMeter(environmentCount: 2)
        meter.began(0, now: self.at(0))
        meter.began(1, now: self.at(1))
        meter.ended(0, now: self.at(5))
        meter.ended(1, now: self.at(7))
        #expect(meter.take() == InvocationPace(count: 2, total: .milliseconds(11), span: .milliseconds(2)))
    }

    @Test func aPauseBetweenTwoStretchesCounts() {
        var meter = PaceMeter(environmentCount: 1)
        meter.began(0, now: self.at(0))
        meter.ended(0, now: self.at(1))
        #expect(meter.take() == InvocationPace(count: 1, total: .milliseconds(1), span: .zero))
        meter.began(0, now: self.at(500))
        meter.ended(0, now: self.at(501))
        #expect(meter.take() == InvocationPace(count: 1, total: .milliseconds(1), span: .milliseconds(500)))
        #expect(meter.take() == InvocationPace())
    }

    @Test func anEnvironmentThatBecomesReadyWithoutAnInvocationIsNoInvocation() {
        var meter = PaceMeter(environmentCount: 1)
        meter.ended(0, now: self.at(3000))
        #expect(meter.take() == InvocationPace())
    }

    @Test func whereEnvironmentsTakeSeveralAtATimeNothingIsMeasured() {
        var meter = PaceMeter(environmentCount: 0)
        meter.began(0, now: self.at(0))
        meter.ended(0, now: self.at(1))
        #expect(meter.take() == InvocationPace())
    }
}
