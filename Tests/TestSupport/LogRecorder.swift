package import Logging
import NIOConcurrencyHelpers

/// Keeps what is logged.
package final class LogRecorder: LogHandler {
    /// One line of the log.
    package struct Line: Sendable {
        /// Its level.
        package var level: Logger.Level
        /// Its text.
        package var message: String
        /// What it carries.
        package var metadata: [String: String]
    }

    private let record = NIOLockedValueBox<[Line]>([])

    /// A recorder that has nothing yet.
    package init() {}

    /// What was logged, in order.
    package var lines: [Line] { self.record.withLockedValue { $0 } }

    /// A logger for everything, which logs here.
    package var logger: Logger {
        var logger = Logger(label: "test") { _ in self }
        logger.logLevel = .trace
        return logger
    }

    package var logLevel: Logger.Level {
        get { .trace }
        set {}
    }

    package var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }

    package subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    package func log(event: LogEvent) {
        let line = Line(
            level: event.level, message: event.message.description,
            metadata: (event.metadata ?? [:]).mapValues(\.description))
        self.record.withLockedValue { $0.append(line) }
    }
}
