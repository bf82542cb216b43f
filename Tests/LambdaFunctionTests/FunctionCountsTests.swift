import LambdaEnvironment
import LambdaFunction
import LambdaMetrics
import LambdaProtocol
import NIOCore
import Testing

@Suite struct FunctionCountsTests {
    private static let reply = FunctionReply(body: ByteBuffer(string: "{}"))

    @Test func whatRanIsAnInvocationWhetherItFailedOrNot() {
        var counts = FunctionCounts()
        counts.ended(.result(Self.reply), failure: nil, wait: .zero, duration: .milliseconds(1))
        counts.ended(.functionError(Self.reply), failure: nil, wait: .zero, duration: .milliseconds(2))
        #expect(counts.invocations == 2)
        #expect(counts.errors(.function) == 1)
        #expect(counts.duration.count == 2)
        #expect(counts.duration.sum == 3_000_000)
        #expect(counts.queueWait.count == 2)
    }

    @Test func whatWasRefusedIsNoInvocation() {
        var counts = FunctionCounts()
        counts.ended(.refused(InvokeError(.tooManyRequests, "")), failure: nil, wait: nil, duration: nil)
        counts.ended(.refused(InvokeError(.requestExpired, "")), failure: nil, wait: nil, duration: nil)
        counts.refused(InvokeError(.requestExpired, ""))
        #expect(counts.invocations == 0)
        #expect(counts.throttles == 1)
        #expect(counts.refusals == ["RequestExpiredException": 2])
        #expect(counts.queueWait.count == 0)
        #expect(counts.duration.count == 0)
    }

    @Test(arguments: [
        (EnvironmentFailure.timedOut, InvocationErrorKind.timeout), (.exited(.code(1)), .exit),
        (.exited(.signal(9)), .exit), (.exited(.outOfMemory), .outOfMemory),
        (.initError(type: "Runtime.Unknown"), .initialisation),
        (.initTimedOut, .initialisation),
        (.notStarted(ProcessStartFailure(errorType: "x", reason: "y")), .initialisation),
        (.extensionFailed(ExtensionFailure(kind: .launchError, name: "x", detail: "y")), .extension),
        (.shutdown, .shutdown),
    ])
    func everyFailureOfThePlatformIsACause(failure: EnvironmentFailure, kind: InvocationErrorKind) {
        var counts = FunctionCounts()
        counts.ended(.functionError(Self.reply), failure: failure, wait: .zero, duration: nil)
        for other in InvocationErrorKind.allCases { #expect(counts.errors(other) == (other == kind ? 1 : 0)) }
    }

    @Test func theTextNamesWhatAWSCallsIt() {
        var counts = FunctionCounts()
        counts.ended(.functionError(Self.reply), failure: .timedOut, wait: .zero, duration: .seconds(3))
        counts.initEnded(after: .milliseconds(70))
        counts.initFailed()
        counts.redeliveries = 2
        counts.events.received = 5
        counts.events.dropped[.ageExceeded] = 1
        var status = FunctionStatus()
        status.running = 1
        status.freeSlots = 3
        var text = PrometheusText(labels: ["function": "echo"])
        text.write(counts, status)
        let lines = String(buffer: text.bytes).split(separator: "\n")
        for line in [
            #"lambda_invocations_total{function="echo"} 1"#, #"lambda_errors_total{function="echo",cause="timeout"} 1"#,
            #"lambda_errors_total{function="echo",cause="function"} 0"#,
            #"lambda_concurrent_executions{function="echo"} 1"#, #"lambda_free_slots{function="echo"} 3"#,
            #"lambda_init_duration_seconds_sum{function="echo"} 0.07"#,
            #"lambda_init_errors_total{function="echo"} 1"#, #"lambda_redeliveries_total{function="echo"} 2"#,
            #"lambda_async_events_received_total{function="echo"} 5"#,
            #"lambda_async_events_dropped_total{function="echo",condition="EventAgeExceeded"} 1"#,
            #"lambda_duration_seconds_bucket{function="echo",le="5"} 1"#,
        ] {
            #expect(lines.contains(Substring(line)), "\(line)")
        }
        for name in [
            "Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions", "AsyncEventsReceived",
            "AsyncEventAge", "AsyncEventsDropped", "DeadLetterErrors", "DestinationDeliveryFailures",
        ] {
            #expect(lines.contains { $0.hasPrefix("# HELP") && $0.contains("(AWS: \(name))") }, "\(name)")
        }
    }
}

@Suite struct SchedulerStatusTests {
    @Test func theStatusFollowsWhatRunsAndWaits() {
        var scheduler = InvocationScheduler<String>(limits: .init(maxEnvironments: 2, maxEvents: 1, maxWaiting: 5))
        let now = NIODeadline.uptimeNanoseconds(0)
        _ = scheduler.invocationArrived("a", startDeadline: nil, now: now)
        _ = scheduler.invocationArrived("b", startDeadline: nil, now: now)
        _ = scheduler.environmentBecameReady(0, now: now)
        var status = scheduler.status
        #expect(status.slots == 2)
        #expect(status.waitingCalls == 1)
        #expect(status.running == 1)
        #expect(status.freeSlots == 0)
        #expect(status.servingEnvironments == 1)
        #expect(status.startingEnvironments == 1)
        scheduler.environmentLost(0)
        status = scheduler.status
        #expect(status.leavingEnvironments == 1)
        #expect(status.running == 0)
    }
}

@Suite struct AnnouncementScheduleTests {
    private func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(seconds) }

    @Test func theFirstLookAnnounces() {
        var schedule = AnnouncementSchedule()
        #expect(schedule.isDue(isFull: false, now: self.at(0)) == true)
        #expect(schedule.isDue(isFull: false, now: self.at(1)) == false)
    }

    @Test func withoutAChangeItIsEveryTenSeconds() {
        var schedule = AnnouncementSchedule()
        _ = schedule.isDue(isFull: false, now: self.at(0))
        #expect(schedule.isDue(isFull: false, now: self.at(9)) == false)
        #expect(schedule.isDue(isFull: false, now: self.at(10)) == true)
        #expect(schedule.isDue(isFull: false, now: self.at(19)) == false)
    }

    @Test func takenSlotsAreToldWithTheNextLook() {
        var schedule = AnnouncementSchedule()
        _ = schedule.isDue(isFull: false, now: self.at(0))
        #expect(schedule.isDue(isFull: true, now: self.at(1)) == true)
        #expect(schedule.isDue(isFull: true, now: self.at(2)) == false)
        #expect(schedule.isDue(isFull: false, now: self.at(3)) == true)
    }

    @Test func aNewConnectionIsToldEverything() {
        var schedule = AnnouncementSchedule()
        _ = schedule.isDue(isFull: false, now: self.at(0))
        schedule.forget()
        #expect(schedule.isDue(isFull: false, now: self.at(1)) == true)
    }
}
