import Logging
import NIOConcurrencyHelpers

/// Keeps what is logged.
final class LogRecorder: LogHandler {
    struct Line {
        var message: String
        var metadata: [String: String]
    }

    private let record = NIOLockedValueBox<[Line]>([])

    var lines: [Line] { self.record.withLockedValue { $0 } }

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
            message: event.message.description, metadata: (event.metadata ?? [:]).mapValues(\.description))
        self.record.withLockedValue { $0.append(line) }
    }
}
