import Foundation

/// A RabbitMQ node for one test alone, which it may stop, kill and start again; the other tests' broker stays up.
package final class BrokerNode: Sendable {
    private let folder: String

    /// `amqp://…` of the node; the same after every start.
    package let uri: String
    /// The same with TLS; the authority is `ca.pem` in ``tlsFolder``.
    package let tlsURI: String
    /// The node's certificates and keys, as `Tests/Support/broker` makes them.
    package var tlsFolder: String { self.folder + "/tls" }

    /// Runs `body` with a started node and removes the node afterwards.
    package static func withNode<Value>(_ body: (BrokerNode) async throws -> Value) async throws -> Value {
        let node = try await BrokerNode()
        do {
            let value = try await body(node)
            try await node.command("remove")
            return value
        } catch {
            try? await node.command("remove")
            throw error
        }
    }

    private init() async throws {
        self.folder = FileManager.default.temporaryDirectory.appendingPathComponent("broker-" + UUID().uuidString).path
        try await Self.command("start", folder: self.folder)
        let settings = try String(contentsOfFile: self.folder + "/settings", encoding: .utf8)
        func value(_ name: String) throws -> String {
            guard let line = settings.split(separator: "\n").first(where: { $0.hasPrefix(name + "=") }) else {
                throw Program.Failure("no \(name) in the node's settings:\n\(settings)")
            }
            return String(line.dropFirst(name.count + 1))
        }
        (self.uri, self.tlsURI) = (try value("uri"), try value("tls_uri"))
    }

    /// Starts the node again: same ports, same data.
    package func start() async throws { try await self.command("start") }

    /// Stops it in order, as for maintenance.
    package func stop() async throws { try await self.command("stop") }

    /// Ends it as a crash does.
    package func kill() async throws { try await self.command("kill") }

    /// Stops its process where it stands: connections stay, and nothing is answered.
    package func pause() throws { try self.signal(SIGSTOP) }

    /// Has it go on.
    package func resume() throws { try self.signal(SIGCONT) }

    /// Does what an operator does with `rabbitmqctl`.
    package func control(_ arguments: String...) async throws { try await self.control(arguments) }

    /// The same with the arguments of a list.
    package func control(_ arguments: [String]) async throws {
        let result = try await Program.run(
            try ProgramEnvironment.value("TEST_BROKER"), ["ctl", self.folder] + arguments, limit: .seconds(60))
        guard result.status == .exited(0) else {
            throw Program.Failure("rabbitmqctl \(arguments): \(result.status) \(result.output) \(result.errors)")
        }
    }

    private func signal(_ signal: Int32) throws {
        let text = try String(contentsOfFile: self.folder + "/pid", encoding: .utf8)
        guard let processID = Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw Program.Failure("no process id of the node: '\(text)'")
        }
        _ = Foundation.kill(processID, signal)
    }

    private func command(_ name: String) async throws { try await Self.command(name, folder: self.folder) }

    private static func command(_ name: String, folder: String) async throws {
        let result = try await Program.run(
            try ProgramEnvironment.value("TEST_BROKER"), [name, folder], limit: .seconds(150))
        guard result.status == .exited(0) else {
            throw Program.Failure("broker \(name): \(result.status) \(result.errors)")
        }
    }
}
