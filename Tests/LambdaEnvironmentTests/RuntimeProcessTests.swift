import CLinux
import Glibc
import LambdaEnvironment
import NIOCore
import NIOPosix
import Testing

@Suite(.timeLimit(.minutes(1))) struct RuntimeProcessTests {
    /// Starts a shell script, and returns what became of it.
    func events(
        of arguments: [String], directory: String? = nil,
        onStart: @escaping @Sendable (RuntimeProcess, Int32) -> Void = { _, _ in }
    ) async -> [RuntimeProcess.Event] {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let (stream, continuation) = AsyncStream.makeStream(of: RuntimeProcess.Event.self)
        let process = RuntimeProcess.start(
            .init(arguments: arguments, environment: ["PATH=/usr/bin:/bin"], workingDirectory: directory),
            eventLoop: eventLoop
        ) { event in
            continuation.yield(event)
            if case .started = event { return }
            continuation.finish()
        }
        var events: [RuntimeProcess.Event] = []
        for await event in stream {
            events.append(event)
            if case .started(let processID) = event { onStart(process, processID) }
        }
        return events
    }

    func exit(of script: String) async -> ProcessExit? {
        guard case .exited(let exit, _) = await self.events(of: ["sh", "-c", script]).last else { return nil }
        return exit
    }

    @Test func anExitCodeIsReported() async {
        #expect(await self.exit(of: "exit 0") == .code(0))
        #expect(await self.exit(of: "exit 3") == .code(3))
    }

    @Test func aSignalIsReported() async {
        #expect(await self.exit(of: "kill -SEGV $$") == .signal(SIGSEGV))
    }

    @Test func theMemoryOfWhatHasEndedIsKnown() async throws {
        let script = "import os; taken = b'x' * (300 << 20)"
        guard case .exited(.code(0), let byteCount)? = await self.events(of: ["python3", "-S", "-E", "-c", script]).last
        else {
            Issue.record("It did not run.")
            return
        }
        #expect((300 << 20..<500 << 20).contains(byteCount), "\(byteCount)")
    }

    @Test func reasonsAreWordedAsGoDoes() {
        #expect(ProcessExit.code(0).reason == "Runtime exited without providing a reason")
        #expect(ProcessExit.code(127).reason == "Runtime exited with error: exit status 127")
        #expect(ProcessExit.signal(SIGKILL).reason == "Runtime exited with error: signal: killed")
        #expect(ProcessExit.signal(SIGSEGV).reason == "Runtime exited with error: signal: segmentation fault")
        #expect(ProcessExit.signal(SIGABRT).reason == "Runtime exited with error: signal: aborted")
        #expect(ProcessExit.signal(40).reason == "Runtime exited with error: signal: signal 40")
    }

    @Test func aMissingProgramIsReportedWithItsPath() async {
        guard case .notStarted(let failure) = await self.events(of: ["/nowhere/bootstrap"]).last else {
            Issue.record("It was started.")
            return
        }
        #expect(failure.errorType == "Runtime.InvalidEntrypoint")
        #expect(failure.reason == "fork/exec /nowhere/bootstrap: no such file or directory")
    }

    @Test func aMissingProgramWithoutASlashIsReported() async {
        guard case .notStarted(let failure) = await self.events(of: ["no-such-program"]).last else {
            Issue.record("It was started.")
            return
        }
        #expect(failure.reason == "exec: \"no-such-program\": executable file not found in $PATH")
    }

    @Test func aMissingWorkingDirectoryIsReported() async {
        guard case .notStarted(let failure) = await self.events(of: ["sh"], directory: "/nowhere").last else {
            Issue.record("It was started.")
            return
        }
        #expect(failure.errorType == "Runtime.InvalidWorkingDir")
        #expect(failure.reason == "chdir /nowhere: no such file or directory")
    }

    @Test func aKillTakesTheWholeGroup() async throws {
        // The shell's child ignores its parent's end; only the group's signal reaches it.
        let events = await self.events(of: ["sh", "-c", "sleep 1000 & sleep 1000; exit 5"]) { process, _ in
            process.kill()
        }
        #expect(events.count == 2)
        guard case .started(let processID) = events[0], case .exited(let exit, _) = events[1] else {
            Issue.record("Unexpected events: \(events)")
            return
        }
        #expect(exit == .signal(SIGKILL))
        try await Self.expectGone(group: processID)
    }

    @Test func whatAProcessLeavesBehindGoesWithIt() async throws {
        let events = await self.events(of: ["sh", "-c", "sleep 1000 & exit 0"])
        guard case .started(let processID) = events[0] else { return }
        try await Self.expectGone(group: processID)
    }

    @Test func aProcessEndsWithTheThreadThatStartedIt() async throws {
        // For the kernel the parent whose death is signalled is the thread: a killed daemon ends all of its threads.
        final class Start: Sendable {
            let continuation: CheckedContinuation<pid_t, Never>
            init(_ continuation: CheckedContinuation<pid_t, Never>) { self.continuation = continuation }
        }
        let child = await withCheckedContinuation { continuation in
            let error = clinux_start_thread(
                { context in
                    var child: pid_t = -1
                    var step = CLINUX_SPAWN_OK
                    var arguments = [strdup("sleep"), strdup("1000"), nil]
                    var environment: [UnsafeMutablePointer<CChar>?] = [nil]
                    _ = clinux_spawn("/bin/sleep", &arguments, &environment, nil, -1, &child, &step)
                    arguments.forEach { free($0) }
                    Unmanaged<Start>.fromOpaque(context).takeRetainedValue().continuation.resume(returning: child)
                }, Unmanaged.passRetained(Start(continuation)).toOpaque())
            #expect(error == 0)
        }
        try #require(child > 0)
        try await Self.expectGone(group: child)
        var status: Int32 = 0
        #expect(waitpid(child, &status, WNOHANG) == child)
        #expect(status & 0x7f == SIGKILL)
    }

    @Test func signalsAndDescriptorsAreAsAfterLogin() async {
        signal(SIGPIPE, SIG_IGN)
        // Ignored signals survive exec; a runtime that starts with SIGPIPE ignored is a surprise to itself.
        #expect(await self.exit(of: "kill -PIPE $$; exit 1") == .signal(SIGPIPE))
        // 0, 1, 2 and the one that lists them.
        #expect(await self.exit(of: "set -- /proc/self/fd/*; exit $#") == .code(4))
    }

    static func expectGone(group: Int32) async throws {
        // The suite's limit ends what does not end.
        while Self.isAlive(group: group) { try await Task.sleep(for: .milliseconds(10)) }
    }

    /// Whether a process of the group executes: where nobody reaps orphans they stay as zombies, which do not.
    static func isAlive(group: Int32) -> Bool {
        guard kill(-group, 0) == 0, let directory = opendir("/proc") else { return false }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let status = Self.status(ofProcess: name), status.group == group else { continue }
            if status.state != "Z" && status.state != "X" { return true }
        }
        return false
    }

    static func status(ofProcess name: String) -> (state: String, group: Int32)? {
        guard Int32(name) != nil, let file = fopen("/proc/\(name)/stat", "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 1024)
        guard fgets(&line, 1023, file) != nil else { return nil }
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[end...].split(separator: " ")
        guard fields.count > 3, let group = Int32(fields[3]) else { return nil }
        return (String(fields[1]), group)
    }
}
