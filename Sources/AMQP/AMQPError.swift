/// What went wrong with a connection, a channel, a message or a setting.
///
/// ``code`` says which kind of failure it is, ``isServerInitiated`` who ended it, and ``isRetriable`` whether the same
/// call may succeed when it is made again. A retriable error does not say that nothing happened: a broker that was lost
/// may have taken the message before.
public struct AMQPError: Error, Sendable {
    /// The kind of failure.
    public let code: Code
    /// What was tried and what became of it, in one line.
    ///
    /// It holds no password, payload or header.
    public let message: String
    /// The broker's reply code, where the broker gave one.
    public let replyCode: AMQPReplyCode?
    /// Whether the broker ended it: it closed the connection or channel, returned or refused the message.
    public let isServerInitiated: Bool
    /// Whether the same call may succeed when it is made again.
    public let isRetriable: Bool
    /// The error below this one, where there was one.
    public let underlying: (any Error)?
    /// The file that made the error, as `Module/File.swift`.
    public let file: String
    /// The line that made the error.
    public let line: Int

    /// An error with everything that is known of it.
    ///
    /// - Parameters:
    ///   - code: The kind of failure.
    ///   - message: One line, without secrets. Line breaks and control characters in it are replaced, since part of it
    ///     may be the broker's words.
    ///   - replyCode: The broker's reply code.
    ///   - isServerInitiated: Whether the broker ended it.
    ///   - isRetriable: Whether to try again; the kind's own answer when nil.
    ///   - underlying: The error below this one.
    ///   - file: Where the error was made.
    ///   - line: Where the error was made.
    public init(
        _ code: Code, _ message: String, replyCode: AMQPReplyCode? = nil, isServerInitiated: Bool = false,
        isRetriable: Bool? = nil, underlying: (any Error)? = nil, file: StaticString = #fileID, line: Int = #line
    ) {
        self.code = code
        self.message = Self.singleLine(message)
        self.replyCode = replyCode
        self.isServerInitiated = isServerInitiated
        self.isRetriable = isRetriable ?? code.isRetriableByItself
        self.underlying = underlying
        self.file = file.description
        self.line = line
    }

    /// A message is one line of a log or a terminal, whatever the broker wrote into its reply text.
    private static func singleLine(_ message: String) -> String {
        func isControl(_ scalar: Unicode.Scalar) -> Bool {
            scalar.properties.generalCategory == .control || scalar == "\u{2028}" || scalar == "\u{2029}"
        }
        guard message.unicodeScalars.contains(where: isControl) else { return message }
        var line = String.UnicodeScalarView()
        line.append(contentsOf: message.unicodeScalars.lazy.map { isControl($0) ? " " : $0 })
        return String(line)
    }
}

extension AMQPError: CustomStringConvertible, CustomDebugStringConvertible {
    /// The kind, the message and the broker's reply code, in one line.
    public var description: String {
        guard let replyCode else { return "\(self.code): \(self.message)" }
        return "\(self.code): \(self.message) (reply code \(replyCode))"
    }

    /// ``description`` with the place in the source and the error below.
    public var debugDescription: String {
        let place = "\(self.description) [\(self.file):\(self.line)]"
        guard let underlying else { return place }
        return "\(place), underlying: \(String(reflecting: underlying))"
    }
}
