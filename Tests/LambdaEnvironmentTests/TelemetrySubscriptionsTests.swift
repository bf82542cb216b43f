import LambdaEnvironment
import LambdaProtocol
import NIOCore
import Testing

@Suite struct TelemetrySubscriptionsTests {
    let telemetry = TelemetrySubscription(version: .telemetry, types: [.platform], destination: .tcp(port: 1))
    let logs = TelemetrySubscription(version: .logs2021, types: [.platform], destination: .tcp(port: 1))

    @Test func subscribingIsPossibleDuringInitOnly() {
        var subscriptions = TelemetrySubscriptions()
        #expect(subscriptions.subscribe(self.telemetry, by: "a") == self.rejected("Telemetry.SubscriptionClosed"))
        subscriptions.initStarted()
        #expect(subscriptions.subscribe(self.telemetry, by: "a") == .accept)
        #expect(subscriptions.subscribe(self.logs, by: "b") == .accept)
        subscriptions.initEnded()
        #expect(subscriptions.subscribe(self.telemetry, by: "c") == self.rejected("Telemetry.SubscriptionClosed"))
        #expect(subscriptions.subscribe(self.logs, by: "c") == self.rejected("Logs.SubscriptionClosed"))
        #expect(!subscriptions.isEmpty)
    }

    @Test func theSameExtensionAgainReplacesItsSubscription() {
        var subscriptions = TelemetrySubscriptions()
        subscriptions.initStarted()
        #expect(subscriptions.subscribe(self.telemetry, by: "a") == .accept)
        #expect(subscriptions.subscribe(self.telemetry, by: "a") == .replace)
    }

    @Test func oneExtensionCannotHaveBothAPIs() {
        var subscriptions = TelemetrySubscriptions()
        subscriptions.initStarted()
        #expect(subscriptions.subscribe(self.telemetry, by: "a") == .accept)
        #expect(self.isRejected(subscriptions.subscribe(self.logs, by: "a"), 400, "Logs.ValidationError"))
        #expect(subscriptions.subscribe(self.logs, by: "b") == .accept)
        #expect(self.isRejected(subscriptions.subscribe(self.telemetry, by: "b"), 400, "ValidationError"))
    }

    @Test func aNewProcessStartsWithNobody() {
        var subscriptions = TelemetrySubscriptions()
        subscriptions.initStarted()
        _ = subscriptions.subscribe(self.telemetry, by: "a")
        subscriptions.processesEnded()
        #expect(subscriptions.isEmpty && !subscriptions.isOpen)
        subscriptions.initStarted()
        #expect(subscriptions.subscribe(self.logs, by: "a") == .accept)
    }

    @Test func whatHappenedBeforeASubscriptionIsKeptWithinBounds() {
        var history = TelemetryHistory()
        let time = EpochClock.Instant(millisecondsSinceEpoch: 0)
        let line = TelemetryEvent(time: time, content: .function(ByteBuffer(string: "line")))
        for _ in 0..<TelemetryHistory.maxEventCount { history.append(line) }
        #expect(history.all(at: time).count == TelemetryHistory.maxEventCount)
        history.append(line)
        let all = history.all(at: time)
        #expect(all.count == TelemetryHistory.maxEventCount + 1)
        #expect(all.last?.content == .platform(.logsDropped(recordCount: 1, byteCount: 68)))
    }

    private func rejected(_ type: String) -> TelemetrySubscriptions.Action {
        let api = type.hasPrefix("Telemetry") ? "Telemetry" : "Logs"
        return .reject(
            .init(status: 403, errorType: type, message: "\(api) API subscription is closed already"))
    }

    private func isRejected(_ action: TelemetrySubscriptions.Action, _ status: Int, _ type: String) -> Bool {
        guard case .reject(let rejection) = action else { return false }
        return rejection.status == status && rejection.errorType == type
    }
}
