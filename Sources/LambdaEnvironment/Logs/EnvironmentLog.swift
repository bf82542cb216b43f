internal import LambdaProtocol
package import Logging
package import NIOCore

/// Where everything meets that is told of one environment: what its processes print, and the platform's own lines and
/// events. From here it goes to the daemon's output, to the tail of the invocation that runs, and to the subscribers of
/// the Telemetry API.
///
/// An invocation for which nothing of this is wanted costs a few comparisons.
// @unchecked: every member is used on `eventLoop` only (asserted).
package final class EnvironmentLog: @unchecked Sendable {
    /// The environment's Telemetry API.
    package let telemetry: EnvironmentTelemetry

    private let configuration: LogConfiguration
    private let lines: ReportLines
    private let writer: LogWriter
    private let eventLoop: any EventLoop
    private let logger: Logger
    private var captures: [LogCapture] = []
    /// What the invocation that runs has logged, while its caller wants to know and has no answer yet.
    private var tail: LogTail?
    /// The same by request id, where a runtime has several invocations at a time.
    ///
    /// Of what it prints only JSON lines with a `requestId` can be told apart.
    private var tails: [String: LogTail] = [:]
    private let isConcurrent: Bool
    /// What init has printed: it belongs to the first invocation's tail (contract 1.4).
    private var initOutput: LogTail?
    private var initPhase = InitPhase.initialisation
    /// The invocation inside of which init runs: it starts when that is over (contract 10.5).
    private var startsAfterInit: InvocationRequest?
    private var hasToldRuntimeDone = false
    /// Made once, for lines that are copied from it at once.
    private var scratch = ByteBuffer()

    /// - Parameters:
    ///   - configuration: The environment's.
    ///   - writer: Where lines go; one for all environments whose lines are to be in one order.
    ///   - eventLoop: Where everything happens.
    ///   - logger: For what goes wrong.
    package init(
        configuration: EnvironmentConfiguration, writer: LogWriter, eventLoop: any EventLoop, logger: Logger
    ) {
        self.configuration = configuration.logs
        self.isConcurrent = configuration.maxInvocations > 1
        self.writer = writer
        self.eventLoop = eventLoop
        self.logger = logger
        self.lines = ReportLines(
            function: configuration.function, timeout: configuration.invocationTimeout,
            format: configuration.logs.format)
        self.telemetry = EnvironmentTelemetry(
            format: TelemetryEventFormat(
                function: configuration.function, embedsJSON: configuration.logs.format == .json),
            eventLoop: eventLoop)
    }

    /// Whether invocations are told of, whatever their callers want: then they have to be measured.
    package var tellsOfInvocations: Bool { self.configuration.printsReports || self.telemetry.isActive }

    /// - Parameter requestID: The invocation that the lines are of; `nil`: of the one that runs.
    private func write(for requestID: String? = nil, _ body: (inout ByteBuffer) -> Void) {
        self.scratch.clear()
        body(&self.scratch)
        self.tail?.append(lines: self.scratch)
        if self.isConcurrent, let requestID { self.tails[requestID]?.append(lines: self.scratch) }
        if self.configuration.printsReports { self.writer.write(self.scratch) }
    }
}

// MARK: - What processes print

extension EnvironmentLog {
    /// Where the runtime is to print to.
    ///
    /// - Returns: The pipe's end for the process that is about to start; `nil`: the daemon's own output.
    package func captureRuntime() -> OwnedDescriptor? {
        self.eventLoop.assertInEventLoop()
        guard let capture = self.openCapture() else { return nil }
        // Inside of an invocation it is in that one's tail already.
        self.initOutput = self.initPhase == .initialisation && !self.isConcurrent ? LogTail() : nil
        capture.onOutput = { [unowned self] output in
            self.tail?.append(output)
            self.initOutput?.append(output)
        }
        capture.onLines = { [unowned self, unowned capture] lines in
            self.took(lines, from: capture) { .function($0) }
            if !self.tails.isEmpty { self.attribute(lines) }
        }
        return capture.output
    }

    /// Where an extension is to print to.
    ///
    /// - Returns: The pipe's end for the process that is about to start; `nil`: the daemon's own output.
    package func captureExtension() -> OwnedDescriptor? {
        self.eventLoop.assertInEventLoop()
        guard let capture = self.openCapture() else { return nil }
        capture.onLines = { [unowned self, unowned capture] lines in
            self.took(lines, from: capture) { .extension($0) }
        }
        return capture.output
    }

    private func openCapture() -> LogCapture? {
        guard self.configuration.capturesOutput else { return nil }
        guard let capture = LogCapture.open(eventLoop: self.eventLoop) else {
            self.logger.warning("No pipe for a process's output could be opened; it prints to the daemon's own")
            return nil
        }
        self.captures.append(capture)
        return capture
    }

    private func took(
        _ lines: ByteBuffer, from capture: LogCapture, _ content: (ByteBuffer) -> TelemetryEvent.Content
    ) {
        self.writer.write(lines)
        if self.writer.isFull {
            capture.pause()
            self.writer.whenWritable { [weak capture] in capture?.resume() }
        }
        guard self.telemetry.isActive else { return }
        let time = EpochClock.now()
        for line in lines.readableBytesView.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true) {
            self.telemetry.emit(TelemetryEvent(time: time, content: content(ByteBuffer(line))))
        }
    }

    /// Gives lines to the invocations that they name.
    private func attribute(_ lines: ByteBuffer) {
        for line in lines.readableBytesView.split(separator: UInt8(ascii: "\n")) {
            guard line.first == UInt8(ascii: "{"), case .success(let value) = JSONValue.parse(ByteBuffer(line)),
                let requestID = value["requestId"]?.stringValue
            else { continue }
            self.tails[requestID]?.append(ByteBuffer(bytes: line + [UInt8(ascii: "\n")]))
        }
    }

    /// Reads all that has been printed until now.
    private func drain() {
        for capture in self.captures { capture.drain() }
    }

    /// The same where processes have ended or are about to be killed: their last lines come before the news of that.
    private func finish() {
        for capture in self.captures { capture.finish() }
    }

    /// The environment's processes are gone, or are about to be started again.
    package func processesEnded() {
        self.eventLoop.assertInEventLoop()
        self.captures.forEach { $0.close() }
        self.captures.removeAll()
        self.initOutput = nil
        self.tails.removeAll()
        self.telemetry.processesEnded()
    }
}

// MARK: - Init

extension EnvironmentLog {
    /// Init begins; its processes are started next.
    ///
    /// - Parameters:
    ///   - invocation: The one in which it runs; `began` is not called for it.
    ///   - runtimeVersion: As far as it is known yet.
    package func initStarted(inside invocation: Invocation?, runtimeVersion: String? = nil) {
        self.eventLoop.assertInEventLoop()
        self.initPhase = invocation == nil ? .initialisation : .invocation
        self.captures.forEach { $0.close() }
        self.captures.removeAll()
        self.telemetry.initStarted()
        self.startsAfterInit = invocation?.request
        if let request = invocation?.request { self.openTail(of: request) }
        // It is in the log, but in nobody's tail: it is no part of an invocation.
        if self.configuration.printsReports {
            self.scratch.clear()
            self.lines.initStart(
                phase: self.initPhase, runtimeVersion: runtimeVersion, at: EpochClock.now(), into: &self.scratch)
            self.writer.write(self.scratch)
        }
        self.telemetry.emit(.platform(.initStart(phase: self.initPhase, runtimeVersion: runtimeVersion)))
    }

    /// The runtime has asked for its first event.
    package func initRuntimeDone() {
        self.eventLoop.assertInEventLoop()
        self.telemetry.emit(.platform(.initRuntimeDone(phase: self.initPhase, failure: nil)))
    }

    /// The runtime and every extension are ready.
    ///
    /// - Parameter extensions: What is told of each extension.
    package func initEnded(after duration: TimeAmount, extensions: [PlatformEvent] = []) {
        self.eventLoop.assertInEventLoop()
        extensions.forEach { self.telemetry.emit(.platform($0)) }
        self.telemetry.emit(.platform(.initReport(phase: self.initPhase, duration: duration, failure: nil)))
        self.telemetry.initEnded()
        self.startAfterInit()
    }

    /// Init has failed.
    ///
    /// - Parameter extensions: What is told of each extension.
    package func initFailed(
        _ failure: EnvironmentFailure, after duration: TimeAmount, extensions: [PlatformEvent] = []
    ) {
        self.eventLoop.assertInEventLoop()
        let phase = self.initPhase
        self.finish()
        self.write(for: self.startsAfterInit?.requestID) {
            self.lines.initFailure(failure, after: duration, phase: phase, at: EpochClock.now(), into: &$0)
        }
        self.telemetry.emit(.platform(.initRuntimeDone(phase: phase, failure: failure)))
        extensions.forEach { self.telemetry.emit(.platform($0)) }
        self.telemetry.emit(.platform(.initReport(phase: phase, duration: duration, failure: failure)))
        self.telemetry.initEnded()
        self.startAfterInit()
    }

    private func startAfterInit() {
        guard let request = self.startsAfterInit else { return }
        self.startsAfterInit = nil
        self.start(request)
    }
}

// MARK: - Invocations

extension EnvironmentLog {
    /// The runtime is about to be given the event of an invocation.
    package func began(_ invocation: Invocation) {
        self.eventLoop.assertInEventLoop()
        let request = invocation.request
        guard self.tellsOfInvocations || request.wantsLogTail else {
            self.initOutput = nil
            return
        }
        // What is still in the pipe was printed before this invocation.
        if request.wantsLogTail || self.telemetry.isActive { self.drain() }
        self.openTail(of: request)
        self.start(request)
    }

    private func openTail(of request: InvocationRequest) {
        if self.isConcurrent {
            if request.wantsLogTail { self.tails[request.requestID] = LogTail() }
        } else {
            self.tail = request.wantsLogTail ? self.initOutput ?? LogTail() : nil
        }
        self.initOutput = nil
    }

    private func start(_ request: InvocationRequest) {
        guard self.tellsOfInvocations || request.wantsLogTail else { return }
        self.hasToldRuntimeDone = false
        self.write(for: request.requestID) {
            self.lines.start(
                requestID: request.requestID, traceID: request.traceID, at: EpochClock.now(), into: &$0)
        }
        if self.telemetry.isActive {
            self.telemetry.emit(.platform(.start(requestID: request.requestID, traceID: request.traceID)))
        }
    }

    /// The end of the log of an invocation whose caller wants it and is about to be answered (contract 1.4).
    ///
    /// Everything that was printed before the answer was posted is in it, and as on AWS it ends with END and REPORT.
    /// These have the figures of this moment: the invocation may go on in extensions, and the caller does not wait.
    ///
    /// - Parameter record: The invocation until now.
    /// - Returns: At most 4096 bytes.
    package func takeTail(_ record: InvocationRecord) -> ByteBuffer {
        self.eventLoop.assertInEventLoop()
        self.drain()
        self.startAfterInit()
        let tail = self.isConcurrent ? self.tails.removeValue(forKey: record.requestID) : self.tail
        self.tail = nil
        guard var tail else { return ByteBuffer() }
        self.scratch.clear()
        self.lines.end(record, at: EpochClock.now(), into: &self.scratch)
        tail.append(lines: self.scratch)
        return tail.content
    }

    /// The runtime is done with an invocation; extensions may not be.
    package func runtimeDone(_ record: InvocationRecord) {
        self.eventLoop.assertInEventLoop()
        guard self.telemetry.isActive, !self.hasToldRuntimeDone else { return }
        self.hasToldRuntimeDone = true
        self.drain()
        self.telemetry.emit(.platform(.runtimeDone(record)))
    }

    /// An invocation is over.
    package func ended(_ record: InvocationRecord) {
        self.eventLoop.assertInEventLoop()
        guard self.tellsOfInvocations else { return }
        if record.failure == nil { self.drain() } else { self.finish() }
        self.startAfterInit()
        let time = EpochClock.now()
        self.write(for: record.requestID) { self.lines.end(record, at: time, into: &$0) }
        guard self.telemetry.isActive else { return }
        if self.isConcurrent { self.hasToldRuntimeDone = false }
        self.runtimeDone(record)
        if let fault = self.lines.fault(record, at: time) { self.telemetry.emit(.platform(.fault(fault))) }
        self.telemetry.emit(.platform(.end(requestID: record.requestID)))
        self.telemetry.emit(.platform(.report(record)))
    }
}
