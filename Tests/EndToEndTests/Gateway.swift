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

    /// Makes calls with boto3, one after the other.
    func boto(_ calls: GatewayCall...) async throws -> [GatewayCall.Answer] {
        let script = try await Program.run(
            ProgramEnvironment.python(),
            [
                Daemon.scripts + "/boto3_gateway.py", self.endpoint,
                String(decoding: try JSONEncoder().encode(calls), as: UTF8.self),
            ])
        guard script.status == .exited(0) else { throw Program.Failure("boto3: \(script.errors)") }
        return try JSONDecoder().decode([GatewayCall.Answer].self, from: Data(script.output.utf8))
    }
}

/// A call with boto3: the arguments of its `invoke`, as `Scripts/boto3_gateway.py` takes them.
struct GatewayCall: Encodable {
    var FunctionName: String
    var Payload = #"{"key": "value"}"#
    var Qualifier: String?
    var InvocationType: String?
    var LogType: String?
    var ClientContext: String?
    var operation: String?

    /// What boto3 made of the answer.
    struct Answer: Decodable {
        let statusCode: Int
        let functionError: String?
        let executedVersion: String?
        let requestId: String?
        let payload: String?
        let logTail: String?
        let errorCode: String?
        let exception: String?
        let seconds: Double
    }
}
