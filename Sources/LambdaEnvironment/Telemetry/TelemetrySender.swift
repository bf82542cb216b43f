internal import LambdaProtocol
internal import NIOCore

/// Delivers one subscription's events.
///
/// Only translates: what happens becomes an event of ``TelemetryBuffer``, its actions become calls.
// @unchecked: every member is used on `eventLoop` only (asserted).
final class TelemetrySender: @unchecked Sendable {
    let subscription: TelemetrySubscription
    private let format: TelemetryEventFormat
    private let eventLoop: any EventLoop
    private let client: TelemetryClient
    private var buffer: TelemetryBuffer
    private var nextCheck: NIODeadline?
    private var isClosed = false
    private var emptied: [EventLoopPromise<Void>] = []

    init(subscription: TelemetrySubscription, format: TelemetryEventFormat, eventLoop: any EventLoop) {
        self.subscription = subscription
        self.format = format
        self.eventLoop = eventLoop
        self.client = TelemetryClient(destination: subscription.destination, eventLoop: eventLoop)
        self.buffer = TelemetryBuffer(limits: subscription.buffering)
    }

    /// Sends an event, if it was subscribed to.
    func send(_ event: TelemetryEvent) {
        self.eventLoop.assertInEventLoop()
        guard !self.isClosed, self.subscription.types.contains(event.type),
            let json = self.format.json(event, version: self.subscription.version)
        else { return }
        let now = NIODeadline.now()
        self.tellOfLoss(now: now)
        self.run(self.buffer.append(json, now: now))
    }

    /// Delivers what is there without waiting for more.
    ///
    /// - Returns: Succeeds when everything has arrived, or the sender is closed.
    func flush() -> EventLoopFuture<Void> {
        self.eventLoop.assertInEventLoop()
        let now = NIODeadline.now()
        self.tellOfLoss(now: now)
        self.run(self.buffer.flush(now: now))
        guard !self.isClosed, !self.buffer.isEmpty else { return self.eventLoop.makeSucceededVoidFuture() }
        let promise = self.eventLoop.makePromise(of: Void.self)
        self.emptied.append(promise)
        return promise.futureResult
    }

    /// Gives up what has not arrived.
    func close() {
        self.eventLoop.assertInEventLoop()
        self.isClosed = true
        self.client.close()
        self.tellEmptied()
    }

    /// Dropped lines are told of to everybody, as AWS does, whatever was subscribed to.
    private func tellOfLoss(now: NIODeadline) {
        guard let loss = self.buffer.takeLoss() else { return }
        let event = PlatformEvent.logsDropped(recordCount: loss.recordCount, byteCount: loss.byteCount)
        let content = TelemetryEvent(time: EpochClock.now(), content: .platform(event))
        guard let json = self.format.json(content, version: self.subscription.version) else { return }
        self.run(self.buffer.append(json, now: now))
    }

    private func run(_ actions: TelemetryBuffer.Actions) {
        guard !self.isClosed else { return }
        if let batch = actions.send {
            self.client.send(batch) { hasArrived in
                let now = NIODeadline.now()
                self.run(hasArrived ? self.buffer.delivered(now: now) : self.buffer.failed(now: now))
                self.tellOfLoss(now: now)
            }
        }
        if let checkAt = actions.checkAt { self.check(at: checkAt) }
        if self.buffer.isEmpty { self.tellEmptied() }
    }

    private func check(at time: NIODeadline) {
        if let next = self.nextCheck, next <= time { return }
        self.nextCheck = time
        self.eventLoop.assumeIsolated().scheduleTask(deadline: time) {
            guard self.nextCheck == time else { return }
            self.nextCheck = nil
            self.run(self.buffer.timeElapsed(now: .now()))
        }
    }

    private func tellEmptied() {
        let promises = self.emptied
        self.emptied.removeAll()
        promises.forEach { $0.succeed(()) }
    }
}
