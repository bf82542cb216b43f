internal import Glibc
internal import LambdaHTTP
internal import LambdaProtocol
internal import Logging
internal import NIOCore

// MARK: - Starting

extension ExecutionEnvironment {
    func open() {
        self.startCount += 1
        self.initError = nil
        self.post = nil
        self.unreportedInitDuration = nil
        self.initStartedAt = .now()
        self.log.initStarted(inside: self.initiatingInvocation, runtimeVersion: self.runtimeVersion)
        self.openListener().whenComplete { result in
            switch result {
            case .failure(let error):
                self.run(
                    self.machine.processNotStarted(
                        .init(errorType: "Sandbox.Failure", reason: "Runtime API listener: \(error)")))
            case .success(let server):
                self.opened(runtimeAPIPort: server.localAddress?.port ?? self.configuration.runtimeAPIPort)
            }
        }
    }

    private func opened(runtimeAPIPort: Int) {
        // Init may have been given up while the listener was opened.
        guard self.machine.isInitialising else { return self.run(self.machine.opened(extensionCount: 0)) }
        self.runtimeAPIAddress = "\(self.configuration.runtimeAPIHost):\(runtimeAPIPort)"
        self.peakMemory = (0, .distantPast)
        self.runtimeAPI.processStarted()
        self.extensionNames = self.findExtensions()
        self.extensionsAPI.environmentStarted(externalNames: self.extensionNames)
        let limit = ExtensionRegistry<HTTPExchange>.maxCount
        if self.extensionNames.count > limit {
            let failure = ExtensionFailure(
                kind: .launchError, name: self.extensionNames[limit], detail: "Extension limit (\(limit)) reached")
            self.run(self.machine.extensionsRefused(failure))
        } else {
            self.run(self.machine.opened(extensionCount: self.extensionNames.count))
        }
    }

    private func findExtensions() -> [String] {
        guard let folder = self.configuration.extensionFolder else { return [] }
        switch ExtensionFolder.list(folder) {
        case .success(let names): return names
        case .failure(let error):
            self.logger.error(
                "The extensions' folder cannot be read; there are none",
                metadata: ["folder": "\(folder)", "errno": "\(error.errorNumber)"])
            return []
        }
    }

    func startExtensions() {
        guard let folder = self.configuration.extensionFolder else { return }
        let variables = self.configuration.variables.externalExtension(
            runtimeAPIAddress: self.runtimeAPIAddress, instance: self.index)
        for name in self.extensionNames {
            self.processes.start(
                .externalExtension(name: name),
                .init(
                    arguments: ["\(folder)/\(name)"], environment: variables, output: self.log.captureExtension()))
        }
    }

    func startRuntime() {
        let variables = self.configuration.variables.runtime(
            runtimeAPIAddress: self.runtimeAPIAddress, instance: self.index, logStreamName: self.logStreamName)
        self.processes.start(
            .runtime,
            .init(
                arguments: self.configuration.command, environment: variables,
                workingDirectory: self.configuration.workingDirectory, output: self.log.captureRuntime()))
    }
}

// MARK: - Ending

extension ExecutionEnvironment {
    func carryOut(_ signal: EnvironmentActions<Invocation>.Signal) {
        self.measureMemory(atMostEvery: .zero)
        switch signal {
        case .kill:
            // The signal first: a runtime that waits for the next event must not live to report our refusal as a fault.
            self.processes.killAll()
            self.runtimeAPI.processEnded()
            self.tellOfOverrun()
            self.extensionsAPI.environmentEnded()
        case .terminateRuntime(let window):
            self.startShutdown(window)
            self.processes.terminate(.runtime)
        case .shutDownExtensions(let reason, let window):
            if let window { self.startShutdown(window) }
            self.processes.kill(.runtime)
            self.runtimeAPI.processEnded()
            // What happens from now on is delivered at once: subscribers are about to end.
            self.log.telemetry.flush().whenComplete { _ in }
            let event = ExtensionEvent.shutdown(deadline: self.shutdownDeadline, reason: reason)
            for name in self.extensionsAPI.shutDown(event) { self.processes.kill(.externalExtension(name: name)) }
        }
    }

    private func startShutdown(_ window: ShutdownWindow) {
        self.cancelShutdownTimers()
        self.shutdownDeadline = EpochClock.now().millisecondsSinceEpoch + window.total.nanoseconds / 1_000_000
        self.shutdownTimers = [
            self.eventLoop.scheduleTask(in: window.runtimeShare) { self.run(self.machine.runtimeShareElapsed()) },
            self.eventLoop.scheduleTask(in: window.total) { self.run(self.machine.shutdownWindowElapsed()) },
        ]
    }

    func cancelShutdownTimers() {
        for timer in self.shutdownTimers { timer.cancel() }
        self.shutdownTimers = []
    }

    private func tellOfOverrun() {
        for name in self.extensionsAPI.shutdownOverran() {
            self.logger.warning(
                "An extension has not ended in time and was killed", metadata: ["extension": "\(name)"])
        }
    }
}

// MARK: - Memory

extension ExecutionEnvironment {
    /// Reading /proc costs more than a short invocation: ten times a second is enough for a peak that only grows.
    func measureMemory(atMostEvery interval: TimeAmount = .milliseconds(100)) {
        guard self.measuresMemory else { return }
        let now = NIODeadline.now()
        guard now - self.peakMemory.readAt > interval else { return }
        let byteCount = self.runtimeMemory.peakByteCount ?? self.processes.peakMemoryByteCount
        self.peakMemory = (max(self.peakMemory.byteCount, byteCount), now)
    }

    /// What /proc has not shown in time of a runtime that has ended by itself.
    ///
    /// Until its exec it was a copy of the daemon, and that counts as well: a figure that the daemon itself does not
    /// reach is the runtime's; a lower one is no more than a bound, but all there is where nobody has looked before.
    private func noteMemory(ofEnded byteCount: Int) {
        guard self.runtimeMemory.peakByteCount == nil else { return }
        if byteCount > ProcessMemory.ownPeakByteCount || self.peakMemory.byteCount == 0 {
            self.peakMemory.byteCount = max(self.peakMemory.byteCount, byteCount)
        }
    }
}

// MARK: - What becomes of the processes

extension ExecutionEnvironment: EnvironmentProcessesDelegate {
    /// SIGKILL may be the kernel's, for want of memory; its counter has risen before the process dies.
    private func cause(of exit: ProcessExit) -> ProcessExit {
        exit == .signal(SIGKILL) && self.runtimeMemory.hasRunOut ? .outOfMemory : exit
    }

    func processOf(_ role: EnvironmentProcesses.Role, did event: RuntimeProcess.Event) {
        switch (role, event) {
        case (.runtime, .started(let processID)):
            self.runtimeMemory.processStarted(processID)
        case (_, .started):
            break
        case (.runtime, .notStarted(let failure)):
            self.runtimeAPI.processEnded()
            self.run(self.machine.processNotStarted(failure))
        case (.runtime, .exited(let exit, let peakByteCount)):
            self.noteMemory(ofEnded: peakByteCount)
            self.logger.debug("The runtime's process has ended", metadata: ["exit": "\(exit)"])
            self.runtimeExited(self.cause(of: exit))
        case (.externalExtension(let name), .notStarted(let failure)):
            self.extensionsAPI.launchFailed(name: name)
            self.run(
                self.machine.extensionNotStarted(
                    ExtensionFailure(kind: .launchError, name: name, detail: failure.reason)))
        case (.externalExtension(let name), .exited(let exit, _)):
            self.extensionsAPI.processEnded(name: name)
            self.logger.log(
                level: self.machine.isShuttingDown ? .debug : .warning, "The process of an extension has ended",
                metadata: ["extension": "\(name)", "exit": "\(exit.status)"])
            self.run(self.machine.extensionExited(name: name, exit))
        }
    }
}
