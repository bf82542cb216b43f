import LambdaProtocol
import Logging

/// Writes the daemon's log as JSON, one object a line, for `USE_STRUCTURED_LOGGING`.
struct JSONLogHandler: LogHandler {
    let label: String
    var logLevel: Logger.Level = .info
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var members = [
            ("time", JSONText.string(EpochClock.now().iso8601)),
            ("level", JSONText.string(event.level.rawValue)),
            ("logger", JSONText.string(self.label)),
            ("message", JSONText.string(event.message.description)),
        ]
        let metadata = self.metadata.merging(event.metadata ?? [:]) { $1 }
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            members.append((key, JSONText.string(value.description)))
        }
        StandardError.write(JSONText.object(members))
    }
}
