import LambdaFunction
import Testing

@Suite struct EventIntakeTests {
    /// One lane, open.
    private func ready() -> EventIntake {
        var intake = EventIntake()
        #expect(intake.ready() == 1)
        #expect(intake.ready() == nil)
        return intake
    }

    @Test func anEventThatRunsLetsAnotherWait() {
        var intake = self.ready()
        intake.delivered(1)
        #expect(intake.ready() == nil)
        #expect(intake.began(1) == 2)
        #expect(intake.count == 2)
    }

    @Test func withABacklogLanesStayAndNothingIsAskedOfTheBroker() {
        var intake = self.ready()
        intake.delivered(1)
        #expect(intake.began(1) == 2)
        intake.delivered(2)
        // The first is done, and the one that waits runs next: the first's lane gets the one after.
        #expect(intake.settled(1, freesEnvironment: true) == .acknowledge)
        #expect(intake.began(2) == nil)
        intake.delivered(1)
        #expect(intake.settled(2, freesEnvironment: true) == .acknowledge)
        #expect(intake.began(1) == nil)
        #expect(intake.count == 2)
    }

    @Test func whereACallerTakesTheEnvironmentNoSecondEventIsHeld() {
        var intake = self.ready()
        intake.delivered(1)
        #expect(intake.began(1) == 2)
        intake.delivered(2)
        #expect(intake.settled(1, freesEnvironment: false) == .endLane)
        #expect(intake.count == 1)
        // When the one that waits runs at last, another may wait.
        #expect(intake.began(2) == 3)
    }

    @Test func withoutABacklogASecondIdleLaneIsEnded() {
        var intake = self.ready()
        intake.delivered(1)
        #expect(intake.began(1) == 2)
        #expect(intake.settled(1, freesEnvironment: true) == .endLane)
        #expect(intake.count == 1)
    }

    @Test func asManyRunAsThereAreEnvironmentsAndOneWaits() {
        var intake = self.ready()
        for lane in 1...4 {
            intake.delivered(lane)
            #expect(intake.began(lane) == lane + 1)
        }
        intake.delivered(5)
        #expect(intake.count == 5)
        #expect(intake.ready() == nil)
        for lane in 1...3 {
            #expect(intake.settled(lane, freesEnvironment: true) == (lane == 1 ? .acknowledge : .endLane))
        }
    }

    @Test func anEventThatIsNotRunLeavesItsLaneOpen() {
        var intake = self.ready()
        intake.delivered(1)
        #expect(intake.settled(1, freesEnvironment: true) == .acknowledge)
        #expect(intake.ready() == nil)
    }

    @Test func aLaneThatTheBrokerEndedIsOpenedAnewAndItsEventIsStillAcknowledged() {
        var intake = self.ready()
        intake.delivered(1)
        intake.ended(1)
        #expect(intake.began(1) == nil)
        #expect(intake.ready() == 2)
        #expect(intake.settled(1, freesEnvironment: true) == .acknowledge)
        #expect(intake.count == 1)
    }

    @Test func afterALostChannelTheNextLaneHasANumberOfItsOwn() {
        var intake = self.ready()
        intake.delivered(1)
        intake.lost()
        #expect(intake.count == 0)
        #expect(intake.ready() == 2)
        // What the lost channel's lane has to say is not believed.
        intake.delivered(1)
        #expect(intake.settled(1, freesEnvironment: true) == .acknowledge)
        #expect(intake.count == 1)
    }
}
