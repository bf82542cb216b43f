internal import CLinux
internal import Glibc
package import NIOCore
internal import NIOConcurrencyHelpers

/// A process of an environment, the runtime's or an extension's: started, watched and killed with its whole group.
///
/// Not swift-subprocess, for three reasons: it has no parent death signal, so a killed daemon would leave a runtime
/// behind that executes once more; the small launcher that could set one cannot tell that its exec failed, since every
/// descriptor but 0, 1 and 2 is closed; and in a static binary its dlsym finds nothing, so that it forks anyway.
///
/// Each process has a thread of its own that starts it, waits for its end and ends with it. The death signal fires when
/// the *thread* that forked ends, and this one ends after the child by construction.
package final class RuntimeProcess: Sendable {
    /// What to start.
    package struct Command: Sendable {
        /// The program and its arguments; a program without a slash is looked for in `PATH`.
        package var arguments: [String]
        /// `KEY=value`.
        package var environment: [String]
        package var workingDirectory: String?
        /// Standard output and standard error, one descriptor so that their order is kept; `nil`: the daemon's own.
        package var output: OwnedDescriptor?

        package init(
            arguments: [String], environment: [String], workingDirectory: String? = nil, output: OwnedDescriptor? = nil
        ) {
            self.arguments = arguments
            self.environment = environment
            self.workingDirectory = workingDirectory
            self.output = output
        }
    }

    /// What happens to a process, in this order: `started` and then `exited`, or `notStarted` alone.
    package enum Event: Sendable {
        case started(processID: Int32)
        case notStarted(ProcessStartFailure)
        /// With the most memory that it had, as the kernel counts it: until its exec it was a copy of the daemon.
        case exited(ProcessExit, peakByteCount: Int)
    }

    private enum State {
        /// `signal` is sent as soon as there is somebody to send it to.
        case starting(signal: Int32?)
        case running(pid_t)
        /// Reaped: its id, and the group's, may be another's by now.
        case reaped
    }

    private let state = NIOLockedValueBox(State.starting(signal: nil))
    private let command: Command
    private let eventLoop: any EventLoop
    private let handler: @Sendable (Event) -> Void

    /// Starts a process.
    ///
    /// - Parameters:
    ///   - command: What to start.
    ///   - eventLoop: Where `handler` is called.
    ///   - handler: Told what becomes of the process.
    /// - Returns: The means to kill it.
    package static func start(
        _ command: Command, eventLoop: any EventLoop, handler: @escaping @Sendable (Event) -> Void
    ) -> RuntimeProcess {
        let process = RuntimeProcess(command: command, eventLoop: eventLoop, handler: handler)
        let error = DetachedThread.start { process.runOnItsThread() }
        if error != 0 {
            process.report(.notStarted(.forkFailed(path: command.arguments.first ?? "", error: error)))
        }
        return process
    }

    private init(command: Command, eventLoop: any EventLoop, handler: @escaping @Sendable (Event) -> Void) {
        self.command = command
        self.eventLoop = eventLoop
        self.handler = handler
    }

    /// Kills the process and everything in its group; at its start when it has not started yet.
    package func kill() {
        self.send(SIGKILL)
    }

    /// Asks the process and everything in its group to end; at its start when it has not started yet.
    package func terminate() {
        self.send(SIGTERM)
    }

    private func send(_ signal: Int32) {
        self.state.withLockedValue { state in
            switch state {
            // Nothing is weaker than SIGKILL once that is due.
            case .starting(SIGKILL?): break
            case .starting: state = .starting(signal: signal)
            case .running(let group): _ = Glibc.kill(-group, signal)
            case .reaped: break
            }
        }
    }

    private func report(_ event: Event) {
        self.eventLoop.execute { self.handler(event) }
    }

    private func runOnItsThread() {
        switch ChildRegister.shared.add({ Spawn.run(self.command) }) {
        case .failure(let failure):
            self.state.withLockedValue { $0 = .reaped }
            self.report(.notStarted(failure))
        case .success(let processID):
            let signal = self.state.withLockedValue { state -> Int32? in
                guard case .starting(let signal) = state else { return nil }
                state = .running(processID)
                return signal
            }
            if let signal { self.send(signal) }
            self.report(.started(processID: processID))
            let (exit, peakByteCount) = self.awaitEnd(of: processID)
            self.report(.exited(exit, peakByteCount: peakByteCount))
        }
    }

    private func awaitEnd(of processID: pid_t) -> (ProcessExit, peakByteCount: Int) {
        var code: Int32 = 0
        var signalled: Int32 = 0
        var peakKilobytes = 0
        _ = clinux_await_exit(processID, &code, &signalled)
        self.state.withLockedValue { state in
            // While its leader is a zombie the group's number cannot be anybody else's: what the runtime has left
            // behind goes now, before the leader is reaped.
            _ = Glibc.kill(-processID, SIGKILL)
            _ = clinux_reap(processID, &peakKilobytes)
            state = .reaped
        }
        ChildRegister.shared.remove(processID)
        return (signalled != 0 ? .signal(code) : .code(code), peakKilobytes * 1024)
    }
}
