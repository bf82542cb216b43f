import AMQP
import LambdaMessages
import LambdaMetrics
import LambdaProtocol
import NIOCore

// What is done with one event that comes.
extension EventConsumer {
    func received(_ delivery: AMQPDelivery, lane: Int, on channel: AMQPLinkChannel) {
        self.intake.delivered(lane)
        self.watcher.delivered()
        let now = EpochClock.now()
        let message = EventMessage(delivery.properties, delivery.body, now: now)
        self.count(message, delivery)
        let delivered = EventRun.Delivery(channel: channel, tag: delivery.deliveryTag, lane: lane)
        if delivery.isRedelivered, self.joins(message, delivered) { return }
        let run = EventRun(message, delivered)
        self.runs.append(run)
        guard !self.isDraining else { return self.giveBack(run) }
        switch self.configuration.policy.arrived(
            attempt: message.attempt, isRedelivered: delivery.isRedelivered,
            ageMilliseconds: message.ageMilliseconds(at: now))
        {
        case .run: self.invoke(run, now)
        case .count(let attempt): self.count(run, attempt)
        case .giveUp(let condition): self.giveUp(run, condition, attempts: message.attempt, nil)
        }
    }

    private func count(_ message: EventMessage, _ delivery: AMQPDelivery) {
        guard let meter = self.meter else { return }
        if delivery.isRedelivered {
            meter.counts.redeliveries += 1
        } else if message.attempt == 0, message.refusals == 0 {
            meter.counts.events.received += 1
        }
    }

    /// Whether an event that came again is done already, or is being run here.
    private func joins(_ message: EventMessage, _ delivery: EventRun.Delivery) -> Bool {
        let identity = message.identity
        if self.settledEvents.remove(identity) {
            self.acknowledge(delivery)
            return true
        }
        guard let run = self.runs.first(where: { $0.delivery == nil && $0.message.identity == identity }) else {
            return false
        }
        run.delivery = delivery
        if run.isStarted { self.began(run) }
        return true
    }

    private func invoke(_ run: EventRun, _ wallClock: EpochClock.Instant) {
        let message = run.message
        let now = NIODeadline.now()
        let read = InvocationMessage.read(
            message.properties, message.body, configuration: self.configuration.messages, now: now,
            wallClock: wallClock)
        let resolved = read.flatMap { read in
            self.invoker.resolve(FunctionName(name: self.configuration.functionName, qualifier: read.qualifier))
                .map { (read, $0) }
        }
        switch resolved {
        case .failure(let error): self.ended(run, .refused(error))
        case .success(let (read, _)) where read.invocationType == .dryRun: self.settle(run)
        case .success(let (read, function)):
            let left = self.configuration.policy.maxAgeMilliseconds - message.ageMilliseconds(at: wallClock)
            let request = read.request.asEvent(startDeadline: now + .milliseconds(max(0, left)))
            self.invoker.invokeEvent(request, of: function, onStart: { self.starts(run) }) { outcome in
                self.ended(run, outcome)
            }
        }
    }

    private func starts(_ run: EventRun) {
        if let meter = self.meter {
            let age = run.message.ageMilliseconds(at: EpochClock.now())
            meter.counts.events.age.record(.milliseconds(age))
        }
        self.began(run)
    }
}

extension InvocationRequest {
    /// Without what a caller who waits may ask for (contract 11.1).
    fileprivate func asEvent(startDeadline: NIODeadline) -> InvocationRequest {
        var request = self
        request.clientContext = nil
        request.wantsLogTail = false
        request.startDeadline = min(request.startDeadline ?? startDeadline, startDeadline)
        return request
    }
}
