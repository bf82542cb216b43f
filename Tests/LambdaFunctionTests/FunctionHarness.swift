import LambdaEnvironment
import LambdaFunction
import LambdaProtocol
import Logging
import NIOCore
import NIOPosix

/// A function of one test: its runtime is real, its callers are the test.
final class FunctionHarness: Sendable {
    let function: LocalFunction
    let eventLoop: any EventLoop
    /// Where the function's log goes, where the test says so.
    let output: LogWriter?

    /// Runs a test's body with a function, and stops it.
    static func with<Result>(
        _ command: [String], timeout: TimeAmount = .seconds(20),
        configure: (inout FunctionConfiguration) -> Void = { _ in }, output: Int32? = nil,
        meter: FunctionMeter? = nil, _ body: (FunctionHarness) async throws -> Result
    ) async throws -> Result {
        let description = FunctionDescription(name: "echo", handler: "echo.handler")
        var configuration = FunctionConfiguration(
            environment: EnvironmentConfiguration(
                function: description, invocationTimeout: timeout, command: command,
                variables: RuntimeEnvironmentVariables(
                    container: ["PATH": "/usr/bin:/bin:/usr/local/bin"], function: description),
                runtimeAPIPort: 0, logs: LogConfiguration(printsReports: false, capturesOutput: false)))
        configure(&configuration)
        let harness = FunctionHarness(configuration, output: output, meter: meter)
        do {
            let result = try await body(harness)
            try await harness.eventLoop.flatSubmit { harness.function.stop() }.get()
            return result
        } catch {
            try await harness.eventLoop.flatSubmit { harness.function.stop() }.get()
            throw error
        }
    }

    /// Waits until something is so on the function's loop.
    func until(_ condition: @escaping @Sendable (LocalFunction) -> Bool) async throws {
        while try await !self.eventLoop.submit({ condition(self.function) }).get() {
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    private init(_ configuration: FunctionConfiguration, output: Int32?, meter: FunctionMeter?) {
        self.eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        self.output = output.map { [eventLoop] in LogWriter(descriptor: $0, eventLoop: eventLoop, logger: logger) }
        self.function = LocalFunction(
            configuration: configuration, eventLoop: self.eventLoop, logger: logger, output: self.output,
            meter: meter)
    }

    func invoke(
        _ event: String = "{}", id: String = "7e57c0de-0000-4000-8000-000000000001", wantsLogTail: Bool = false,
        startDeadline: NIODeadline? = nil
    ) async -> InvocationOutcome {
        await withCheckedContinuation { continuation in
            self.eventLoop.execute {
                let request = InvocationRequest(
                    requestID: id, event: ByteBuffer(string: event),
                    invokedFunctionARN: "arn:aws:lambda:us-east-1:012345678912:function:echo",
                    wantsLogTail: wantsLogTail,
                    startDeadline: startDeadline)
                let function = ResolvedFunction(name: "echo", qualifier: nil, invokedFunctionARN: "")
                self.function.invoke(request, of: function) { continuation.resume(returning: $0) }
            }
        }
    }
}

extension FunctionHarness {
    /// Invokes with a sink, and returns what the invocation ended in.
    func stream(
        into sink: RecordingSink, _ event: String = "{}", id: String = "7e57c0de-0000-4000-8000-000000000001"
    ) async -> InvocationOutcome {
        await withCheckedContinuation { continuation in
            self.eventLoop.execute {
                let request = InvocationRequest(requestID: id, event: ByteBuffer(string: event), invokedFunctionARN: "")
                let function = ResolvedFunction(name: "echo", qualifier: nil, invokedFunctionARN: "")
                self.function.invoke(request, of: function, into: sink) { continuation.resume(returning: $0) }
            }
        }
    }
}

extension InvocationOutcome {
    /// `200 body`, `error body` or the refusal's type.
    var text: String {
        switch self {
        case .result(let reply): "200 \(String(buffer: reply.body))"
        case .functionError(let reply): "error \(String(buffer: reply.body))"
        case .refused(let error): "refused \(error.kind.errorType)"
        }
    }
}
