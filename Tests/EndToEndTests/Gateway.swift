import Foundation
import TestSupport

/// A running `lambda-gateway` of one test, with a port of its own.
struct Gateway {
    let port: Int
    let isSecure: Bool
    let program: Program

    var endpoint: String { "\(self.isSecure ? "https" : "http")://127.0.0.1:\(self.port)" }

    /// Runs `body` with a gateway that can invoke, and kills it afterwards.
    ///
    /// - Parameters:
    ///   - broker: `AMQP_URI`.
    ///   - settings: Further environment variables.
    static func with<Value>(
        broker: String, settings: [String: String] = [:], _ body: (Gateway) async throws -> Value
    ) async throws -> Value {
        let gateway = try Gateway(broker: broker, settings: settings)
        defer { gateway.program.killGroup() }
        try await eventually("the gateway is ready") {
            guard Program.isRunning(gateway.program.processID) else {
                throw Program.Failure("the gateway ended. It wrote:\n\(gateway.program.everything)")
            }
            guard ProgramPort.accepts(gateway.port) else { return false }
            return try await gateway.get("/ready").status == 200
        }
        return try await body(gateway)
    }

    private init(broker: String, settings: [String: String]) throws {
        self.port = ProgramPort.free()
        self.isSecure = settings["TLS_CERTIFICATE_FILE"] != nil
        let environment = ["AMQP_URI": broker, "PORT": String(self.port), "EVENT_LOOPS": "2"].merging(settings) { $1 }
        self.program = try Program(ProgramEnvironment.program("lambda-gateway"), environment: environment)
    }

    /// Invokes a function with curl.
    func post(_ body: String, to function: String, options: [String] = []) async throws -> HTTPAnswer {
        try await HTTPAnswer.of(
            "\(self.endpoint)/2015-03-31/functions/\(function)/invocations", body: body, options: ["-k"] + options)
    }

    func get(_ path: String) async throws -> HTTPAnswer {
        try await HTTPAnswer.of(self.endpoint + path, body: "", options: ["-k", "-XGET"])
    }

    /// Asks as a container's health check does.
    ///
    /// - Parameter settings: The gateway's own that matter.
    func checkReadiness(_ settings: [String: String] = [:]) async throws -> Program.Result {
        try await Program.run(
            ProgramEnvironment.program("lambda-gateway"), ["--ready"],
            environment: ["PORT": String(self.port)].merging(settings) { $1 })
    }

    /// Makes calls with boto3, one after the other, none of which it repeats.
    func boto(_ calls: BotoCall...) async throws -> [BotoCall.Answer] {
        try await BotoCall.make(calls, at: self.endpoint, function: "", attempts: 1)
    }
}
