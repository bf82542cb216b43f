package import Logging

extension Settings {
    /// How much the program logs.
    ///
    /// - Parameter option: The command line's `--log-level`, which wins over `LOG_LEVEL`.
    package func logLevel(option: String? = nil) throws(SettingError) -> Logger.Level {
        let setting = option == nil ? "LOG_LEVEL" : "--log-level"
        guard let text = option ?? self.text("LOG_LEVEL") else { return .info }
        switch text.lowercased() {
        case "trace": return .trace
        case "debug": return .debug
        case "info": return .info
        case "notice": return .notice
        case "warn", "warning": return .warning
        case "error": return .error
        case "fatal", "panic", "critical": return .critical
        default: throw SettingError(setting, "'\(text)' is not trace, debug, info, warn or error")
        }
    }
}

extension Logger {
    /// A program's own log, on standard error.
    ///
    /// - Parameter asJSON: One JSON object a line (`USE_STRUCTURED_LOGGING`).
    package static func program(_ label: String, level: Logger.Level, asJSON: Bool) -> Logger {
        var logger = Logger(label: label) { label -> any LogHandler in
            if asJSON { return JSONLogHandler(label: label) }
            return StreamLogHandler.standardError(label: label)
        }
        logger.logLevel = level
        return logger
    }
}
