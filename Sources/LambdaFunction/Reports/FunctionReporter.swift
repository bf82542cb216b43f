internal import LambdaEnvironment
internal import LambdaProtocol
internal import Logging
internal import NIOCore

/// Prints what contract 10.5 says of each invocation, where that is wanted.
// Used on one event loop only.
final class FunctionReporter {
    private let lines: ReportLines
    private let writer: ReportWriter

    /// - Returns: `nil` when nothing is to be printed, so that it costs nothing.
    init?(configuration: FunctionConfiguration, eventLoop: any EventLoop, logger: Logger) {
        guard configuration.reports != .none else { return nil }
        self.lines = ReportLines(
            function: configuration.environment.function, timeout: configuration.environment.invocationTimeout,
            isJSON: configuration.reports == .json)
        self.writer = ReportWriter(eventLoop: eventLoop, logger: logger)
    }

    func began(requestID: String) {
        self.writer.write { self.lines.start(requestID: requestID, at: EpochClock.now(), into: &$0) }
    }

    func ended(_ record: InvocationRecord) {
        self.writer.write { self.lines.end(record, at: EpochClock.now(), into: &$0) }
    }

    func failedInit(_ failure: EnvironmentFailure, after duration: TimeAmount, insideInvocation: Bool) {
        self.writer.write {
            self.lines.initFailure(
                failure, after: duration, insideInvocation: insideInvocation, at: EpochClock.now(), into: &$0)
        }
    }

    func flush() {
        self.writer.flush()
    }
}
