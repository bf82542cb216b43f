internal import LambdaProtocol
internal import NIOCore

// MARK: - Several invocations at a time in one runtime

/// A runtime that keeps several `next`s open (`AWS_LAMBDA_MAX_CONCURRENCY`).
///
/// To the state machine such an environment is ready all the time: what it is at work on is kept here, and one that takes
/// too long ends alone, since killing the process would end all the others too.
extension ExecutionEnvironment {
    var isConcurrent: Bool { self.configuration.maxInvocations > 1 }

    func invokeConcurrently(_ invocation: Invocation, now: NIODeadline) {
        if self.machine.isReady {
            self.log.began(invocation)
            self.give(invocation, since: now)
        } else if self.machine.isStopped, self.invocationOfInit == nil {
            self.invocationOfInit = (invocation, now)
            self.run(self.machine.start(now: now, timeout: self.configuration.invocationTimeout))
        } else {
            self.refuse(invocation)
        }
    }

    /// Init is over: the invocation that waited for it comes first.
    ///
    /// - Returns: Whether there was one.
    func continueAfterInit() -> Bool {
        guard let (invocation, since) = self.invocationOfInit else { return false }
        self.invocationOfInit = nil
        self.give(invocation, since: since)
        return true
    }

    private func give(_ invocation: Invocation, since: NIODeadline) {
        let deadline = since + self.configuration.invocationTimeout
        self.invocations.began(id: invocation.request.requestID, invocation, since: since, deadline: deadline)
        let now = NIODeadline.now()
        invocation.deliveredAt = now
        self.runtimeAPI.deliver(invocation, remaining: deadline - now)
        self.checkDeadline(at: deadline)
    }

    func posted(_ post: RuntimePost, id: String) {
        guard let entry = self.invocations.ended(id: id) else { return }
        self.machine.invocationFinished()
        self.measureMemory()
        self.finish(entry, post, failure: nil)
    }

    func concurrentDeadlinePassed(now: NIODeadline) {
        let (timedOut, checkAt) = self.invocations.deadlinePassed(now: now)
        var isExhausted = false
        for (id, entry) in timedOut {
            isExhausted = self.runtimeAPI.expire(id: id)
            self.fail(entry, .timedOut)
        }
        if let checkAt { self.checkDeadline(at: checkAt) }
        if isExhausted { self.run(self.machine.overran()) }
    }

    /// Everything that is under way ends so.
    func failConcurrent(_ failure: EnvironmentFailure) {
        if let (invocation, since) = self.invocationOfInit {
            self.invocationOfInit = nil
            self.fail(.init(invocation: invocation, since: since, deadline: since), failure)
        }
        for entry in self.invocations.removeAll() { self.fail(entry, failure) }
    }

    private func fail(_ entry: ConcurrentInvocations<Invocation>.Entry, _ failure: EnvironmentFailure) {
        entry.invocation.failure = failure
        let outcome = failure.outcome(
            requestID: entry.invocation.request.requestID, timeout: self.configuration.invocationTimeout,
            executedVersion: self.configuration.function.version, initError: self.initError)
        self.finish(entry, RuntimePost(outcome: outcome), failure: failure)
    }

    private func finish(
        _ entry: ConcurrentInvocations<Invocation>.Entry, _ post: RuntimePost, failure: EnvironmentFailure?
    ) {
        let request = entry.invocation.request
        var outcome = post.outcome
        if self.log.tellsOfInvocations || request.wantsLogTail {
            let record = self.record(of: entry, post, failure)
            if request.wantsLogTail { outcome = outcome.with(logTail: self.log.takeTail(record)) }
            if self.log.tellsOfInvocations { self.log.ended(record) }
        }
        self.unreportedInitDuration = nil
        entry.invocation.complete(outcome)
        self.delegate?.environmentEndedInvocation(self)
    }

    private func record(
        of entry: ConcurrentInvocations<Invocation>.Entry, _ post: RuntimePost, _ failure: EnvironmentFailure?
    ) -> InvocationRecord {
        var record = InvocationRecord(
            requestID: entry.invocation.request.requestID, traceID: entry.invocation.request.traceID,
            duration: failure == .timedOut ? self.configuration.invocationTimeout : NIODeadline.now() - entry.since,
            initDuration: self.unreportedInitDuration, failure: failure,
            peakMemoryByteCount: self.peakMemory.byteCount)
        switch post.outcome {
        case .result(let reply), .functionError(let reply):
            guard failure == nil else { break }
            record.functionErrorType = post.errorType
            record.producedByteCount = reply.body.readableBytes
        case .refused: break
        }
        return record
    }

    /// Lets the loop read what a dead process has posted before its end counts: answers may lie in sockets' buffers.
    func runtimeExited(_ exit: ProcessExit) {
        guard self.isConcurrent, !self.invocations.isEmpty else { return self.run(self.machine.processExited(exit)) }
        let startCount = self.startCount
        LoopTurns.wait(3, on: self.eventLoop) {
            if startCount == self.startCount { self.run(self.machine.processExited(exit)) }
        }
    }
}
