import Logging
import NIOConcurrencyHelpers

/// Keeps what is logged.
final class RPCLogLines: LogHandler {
    struct Line {
        var level: Logger.Level
        var message: String
        var metadata: [String: String]
    }

    private let record = NIOLockedValueBox<[Line]>([])

    var lines: [Line] { self.record.withLockedValue { $0 } }

    var logger: Logger {
        var logger = Logger(label: "test") { _ in self }
        logger.logLevel = .trace
        return logger
    }

    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }

    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }

    subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        let line = Line(
            level: event.level, message: event.message.description,
            metadata: (event.metadata ?? [:]).mapValues(\.description))
        self.record.withLockedValue { $0.append(line) }
    }
}
