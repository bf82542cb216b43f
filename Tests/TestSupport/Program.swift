import Foundation
import Glibc

/// A child program of a test.
///
/// It leads a process group of its own, its output goes to files (no pipe can fill and stop it), and it inherits none of
/// the settings that the programs under test read: only `PATH`, `HOME` and what the test gives it.
package final class Program: Sendable {
    /// How a program ended.
    package enum Status: Sendable, Hashable {
        case exited(Int32)
        case signaled(Int32)
    }

    /// What a finished program leaves.
    package struct Result: Sendable {
        package let status: Status
        package let output: String
        package let errors: String
    }

    package struct Failure: Error, CustomStringConvertible {
        package let description: String

        package init(_ description: String) { self.description = description }
    }

    package let processID: Int32
    private let name: String
    private let folder: URL

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - path: The program; a name without a slash is looked up in `PATH`.
    ///   - folder: Its working directory; the test runner's when nil.
    package init(
        _ path: String, _ arguments: [String] = [], environment: [String: String] = [:], in folder: String? = nil,
        input: String = "/dev/null"
    ) throws {
        self.name = path
        self.folder = FileManager.default.temporaryDirectory.appendingPathComponent("program-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let writing = O_WRONLY | O_CREAT | O_APPEND
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, self.folder.appendingPathComponent("output").path, writing, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, self.folder.appendingPathComponent("errors").path, writing, 0o600)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The runner's threads may block signals and its libraries ignore SIGPIPE; a child would inherit both.
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        // Swift's Glibc lacks posix_spawn's way to change the folder; env(1) changes it and becomes the program.
        let command = (folder.map { ["env", "-C", $0] } ?? []) + [path] + arguments
        let arguments = Self.strings(command)
        let environment = Self.strings(Self.inherited.merging(environment) { $1 }.map { "\($0)=\($1)" })
        defer { (arguments + environment).forEach { free($0) } }
        var processID = pid_t()
        let error = posix_spawnp(&processID, command[0], &actions, &attributes, arguments, environment)
        guard error == 0 else { throw Failure("\(path): \(String(cString: strerror(error)))") }
        self.processID = processID
    }

    deinit { try? FileManager.default.removeItem(at: self.folder) }

    /// Runs a program to its end.
    ///
    /// - Throws: ``Failure`` when it cannot be started, or still runs after `limit`; it is killed then.
    package static func run(
        _ path: String, _ arguments: [String] = [], environment: [String: String] = [:], in folder: String? = nil,
        input: String = "/dev/null", limit: Duration = .seconds(60)
    ) async throws -> Result {
        try await Program(path, arguments, environment: environment, in: folder, input: input).result(within: limit)
    }

    /// Waits for the end as ``end(within:)`` does, and returns everything.
    package func result(within limit: Duration = .seconds(60)) async throws -> Result {
        let status = try await self.end(within: limit)
        return Result(status: status, output: self.output, errors: self.errors)
    }

    /// What it has written to standard output so far.
    package var output: String { self.read("output") }

    /// What it has written to standard error so far.
    package var errors: String { self.read("errors") }

    /// Everything that it has written so far.
    package var everything: String { self.output + self.errors }

    /// Sends a signal to the program alone; ``killGroup()`` reaches its process group.
    package func signal(_ signal: Int32) { _ = kill(self.processID, signal) }

    /// Ends the program, and what it started in its own process group, without asking.
    package func killGroup() { _ = kill(-self.processID, SIGKILL) }

    /// Waits until the program has ended, and reaps it: call it once.
    ///
    /// - Throws: ``Failure`` with everything that the program wrote, when it still runs after `limit`; it is killed then.
    package func end(within limit: Duration = .seconds(20)) async throws -> Status {
        let deadline = ContinuousClock.now + limit
        var status: Int32 = 0
        while waitpid(self.processID, &status, WNOHANG) == 0 {
            guard ContinuousClock.now < deadline else {
                self.killGroup()
                waitpid(self.processID, &status, 0)
                throw Failure("\(self.name) still ran after \(limit). It wrote:\n\(self.everything)")
            }
            try? await Task.sleep(for: .milliseconds(5))
        }
        let signal = status & 0x7f
        return signal == 0 ? .exited((status >> 8) & 0xff) : .signaled(signal)
    }

    /// Whether the process exists and is not a zombie.
    package static func isRunning(_ processID: Int32) -> Bool {
        guard let text = try? String(contentsOfFile: "/proc/\(processID)/stat", encoding: .utf8) else { return false }
        return text.split(separator: ")").last?.split(separator: " ").first != "Z"
    }

    private func read(_ file: String) -> String {
        let data = try? Data(contentsOf: self.folder.appendingPathComponent(file))
        return String(decoding: data ?? Data(), as: UTF8.self)
    }

    private static let inherited = ProcessInfo.processInfo.environment.filter { ["PATH", "HOME"].contains($0.key) }

    private static func strings(_ values: [String]) -> [UnsafeMutablePointer<CChar>?] {
        values.map { strdup($0) } + [nil]
    }
}
