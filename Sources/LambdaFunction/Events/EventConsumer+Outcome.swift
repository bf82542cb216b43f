import AMQP
import LambdaMessages
import LambdaProtocol
import Logging
import NIOCore

// What follows from an event's attempt: everything is published, and confirmed, before the event is acknowledged.
extension EventConsumer {
    /// An attempt is over, or could not be made.
    func ended(_ run: EventRun, _ outcome: InvocationOutcome) {
        run.isStarted = true
        if self.isDraining, outcome.isUnavailable { return self.giveBack(run) }
        let message = run.message
        let next = self.configuration.policy.ended(
            outcome, attempt: message.attempt, refusals: message.refusals,
            ageMilliseconds: message.ageMilliseconds(at: EpochClock.now()))
        switch next {
        case .succeeded: self.succeeded(run, outcome)
        case .retry(let wait, let attempts):
            self.meter?.counts.events.retried += 1
            self.log(
                "An event has failed and is tried again", run, outcome,
                ["attempts": "\(attempts)", "inMs": "\(wait)"])
            self.pass(run, to: .retry(afterMilliseconds: wait), message.properties(attempt: attempts))
        case .backOff(let wait, let refusals):
            self.meter?.counts.events.backedOff += 1
            self.log("An event could not be run and is tried again", run, outcome, ["inMs": "\(wait)"])
            self.pass(
                run, to: .retry(afterMilliseconds: wait),
                message.properties(attempt: message.attempt, refusals: refusals))
        case .giveUp(let condition, let attempts): self.giveUp(run, condition, attempts: attempts, outcome)
        }
    }

    /// Puts an event that has not started back into the queue as it was; a negative acknowledgement would look like a
    /// daemon that died of it.
    func giveBack(_ run: EventRun) {
        self.pass(run, to: .async, run.message.properties)
    }

    /// Publishes an event once more before it runs again, with the attempt that may have killed its daemon.
    func count(_ run: EventRun, _ attempt: Int) {
        self.log("An event was delivered again, after its daemon was lost", run, nil, ["attempts": "\(attempt)"])
        self.pass(run, to: .async, run.message.properties(attempt: attempt))
    }

    /// Gives an event up: its record goes to the dead letters, and to the destination for failures.
    func giveUp(
        _ run: EventRun, _ condition: EventPolicy.Condition, attempts: Int, _ outcome: InvocationOutcome?
    ) {
        self.meter?.counts.events.dropped[condition, default: 0] += 1
        self.log(
            "An event has failed for good", run, outcome,
            ["condition": "\(condition.rawValue)", "attempts": "\(attempts)"])
        let record = self.record(run, condition, attempts: attempts, outcome)
        let properties = self.properties(of: record, run, condition, attempts: attempts, outcome)
        self.outbox.send(to: .queue(.deadLetter), properties, record.body) { sent in
            guard case .confirmed = sent else {
                self.meter?.counts.events.deadLetterErrors += 1
                return self.abandon(run)
            }
            guard let destination = self.configuration.onFailure else { return self.settle(run) }
            self.send(record, properties, to: destination, run)
        }
    }

    private func succeeded(_ run: EventRun, _ outcome: InvocationOutcome) {
        self.meter?.counts.events.succeeded += 1
        guard let destination = self.configuration.onSuccess else { return self.settle(run) }
        let attempts = run.message.attempt + 1
        let record = self.record(run, .success, attempts: attempts, outcome)
        let properties = self.properties(of: record, run, .success, attempts: attempts, nil)
        self.send(record, properties, to: destination, run)
    }

    /// A destination that takes nothing costs the record, as on AWS; a failed event is among the dead letters already.
    private func send(
        _ record: EventRecord, _ properties: AMQPProperties, to destination: EventDestination, _ run: EventRun
    ) {
        self.outbox.send(to: .destination(destination), properties, record.body) { sent in
            if case .confirmed = sent {} else { self.meter?.counts.events.destinationErrors += 1 }
            if case .abandoned = sent { self.abandon(run) } else { self.settle(run) }
        }
    }

    private func pass(_ run: EventRun, to queue: EventQueue, _ properties: AMQPProperties) {
        run.isStarted = true
        self.outbox.send(to: .queue(queue), properties, run.message.body) { sent in
            if case .confirmed = sent { self.settle(run) } else { self.abandon(run) }
        }
    }

    /// The daemon ends before the broker has confirmed: it still has the event, and delivers it again.
    private func abandon(_ run: EventRun) {
        run.delivery = nil
        self.settle(run)
    }
}

// MARK: - Records

extension EventConsumer {
    private func record(
        _ run: EventRun, _ condition: EventPolicy.Condition, attempts: Int, _ outcome: InvocationOutcome?
    ) -> EventRecord {
        let qualifier = run.message.properties.headers?[LambdaHeader.qualifier]?.stringValue
        return EventRecord(
            requestID: run.message.requestID,
            functionARN: self.configuration.arn.text(qualifier: qualifier ?? self.configuration.qualifier),
            condition: condition, attempts: attempts, event: run.message.body, outcome: outcome, now: EpochClock.now())
    }

    /// With the attributes that AWS gives a dead letter (contract 11.3), and what replaying the event needs.
    private func properties(
        of record: EventRecord, _ run: EventRun, _ condition: EventPolicy.Condition, attempts: Int,
        _ outcome: InvocationOutcome?
    ) -> AMQPProperties {
        var properties = run.message.properties(attempt: attempts)
        properties.contentType = "application/json"
        var headers = properties.headers ?? AMQPTable()
        headers["RequestID"] = .string(run.message.requestID)
        headers[LambdaHeader.condition] = .string(condition.rawValue)
        headers[LambdaHeader.eventRange] = .string("\(record.eventRange.lowerBound) \(record.eventRange.count)")
        if record.isBase64 { headers[LambdaHeader.eventEncoding] = "base64" }
        if let outcome, let (code, message) = outcome.failure {
            headers["ErrorCode"] = .int64(Int64(code))
            headers["ErrorMessage"] = .string(message)
        }
        properties.headers = headers
        return properties
    }

    private func log(
        _ text: Logger.Message, _ run: EventRun, _ outcome: InvocationOutcome?, _ metadata: Logger.Metadata
    ) {
        var metadata = metadata
        metadata["requestId"] = "\(run.message.requestID)"
        if let message = outcome?.failure?.message { metadata["error"] = "\(message)" }
        self.logger.warning(text, metadata: metadata)
    }
}

extension InvocationOutcome {
    fileprivate var isUnavailable: Bool {
        if case .refused(let error) = self { error.kind == .serviceUnavailable } else { false }
    }

    /// Status and message of what went wrong, the message cut to 1 KB (contract 11.3).
    fileprivate var failure: (code: Int, message: String)? {
        switch self {
        case .result: nil
        case .functionError(let reply): (200, Self.message(of: reply.body))
        case .refused(let error): (error.kind.status, String(error.message.prefix(1024)))
        }
    }

    private static func message(of document: ByteBuffer) -> String {
        let start = document.getSlice(at: document.readerIndex, length: min(document.readableBytes, 65_536))
        let parsed = start.flatMap { try? JSONValue.parse($0).get() }
        let text = parsed?["errorMessage"]?.stringValue
        return text.map { String($0.prefix(1024)) }
            ?? String(decoding: document.readableBytesView.prefix(1024), as: Unicode.UTF8.self)
    }
}
