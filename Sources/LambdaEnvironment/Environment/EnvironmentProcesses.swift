internal import NIOCore

/// Told what becomes of an environment's processes, on its event loop.
protocol EnvironmentProcessesDelegate: AnyObject {
    func processOf(_ role: EnvironmentProcesses.Role, did event: RuntimeProcess.Event)
}

/// The processes of one environment: the runtime's and the external extensions', each in a group of its own.
///
/// Every process of an environment is started in ``start(_:_:)``.
// @unchecked: every member is used on `eventLoop` only (asserted).
final class EnvironmentProcesses: @unchecked Sendable {
    /// What a process is to its environment.
    enum Role: Sendable, Hashable {
        case runtime
        case externalExtension(name: String)
    }

    private struct Member {
        let process: RuntimeProcess
        var processID: Int32?
    }

    private let eventLoop: any EventLoop
    private weak var delegate: (any EnvironmentProcessesDelegate)?
    private var members: [Role: Member] = [:]

    /// - Parameters:
    ///   - eventLoop: Where everything happens.
    ///   - delegate: Kept weakly.
    init(eventLoop: any EventLoop, delegate: any EnvironmentProcessesDelegate) {
        self.eventLoop = eventLoop
        self.delegate = delegate
    }

    /// Starts a process; what becomes of it is told to the delegate.
    func start(_ role: Role, _ command: RuntimeProcess.Command) {
        self.eventLoop.assertInEventLoop()
        let process = RuntimeProcess.start(command, eventLoop: self.eventLoop) { self.received($0, from: role) }
        self.members[role] = Member(process: process)
    }

    private func received(_ event: RuntimeProcess.Event, from role: Role) {
        self.eventLoop.assertInEventLoop()
        switch event {
        case .started(let processID): self.members[role]?.processID = processID
        case .notStarted, .exited: self.members[role] = nil
        }
        self.delegate?.processOf(role, did: event)
    }

    /// Asks a process and its group to end.
    func terminate(_ role: Role) {
        self.eventLoop.assertInEventLoop()
        self.members[role]?.process.terminate()
    }

    /// Kills a process and its group.
    func kill(_ role: Role) {
        self.eventLoop.assertInEventLoop()
        self.members[role]?.process.kill()
    }

    /// Kills every process that is there.
    func killAll() {
        self.eventLoop.assertInEventLoop()
        for member in self.members.values { member.process.kill() }
    }

    /// Whether the runtime's process has ended or is just doing so: then what it was sending stays half.
    var runtimeIsEnding: Bool {
        guard let member = self.members[.runtime] else { return true }
        return member.processID.map(ProcessEnd.isUnderWay) ?? false
    }

    /// The sum of the peaks of all processes that are there now, and of what they have started, in bytes.
    var peakMemoryByteCount: Int {
        self.members.values.reduce(0) { sum, member in
            sum + (member.processID.map { ProcessMemory.peakByteCount(ofTreeAt: $0) } ?? 0)
        }
    }
}
