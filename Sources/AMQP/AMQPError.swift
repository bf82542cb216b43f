/// What went wrong with a connection, a channel, a message or a setting.
///
/// ``code`` says which kind of failure it is, ``isServerInitiated`` who ended it, and ``isRetriable`` whether to make the
/// same call again. That is two things: whether it may succeed then (``isTransient``), and whether it may have had its effect
/// already (``mayHaveExecuted``), for a broker that was lost may have taken the message before.
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
    /// Whether the same call may succeed when it is made again: what hindered it passes by itself.
    public let isTransient: Bool
    /// Whether the call may have had its effect all the same: the broker may have the message, a server may have handled the
    /// request.
    public private(set) var mayHaveExecuted: Bool
    /// The error below this one, where there was one.
    public let underlying: (any Error)?
    /// Where the error was made, as `Module/File.swift`.
    private let file: String
    private let line: Int

    /// Whether the same call may be made again: it may succeed then, and is not made twice.
    ///
    /// Where making it twice does no harm, ``isTransient`` is enough.
    public var isRetriable: Bool { self.isTransient && !self.mayHaveExecuted }

    /// An error with everything that is known of it.
    ///
    /// - Parameters:
    ///   - code: The kind of failure.
    ///   - message: One line, without secrets. Line breaks and control characters in it are replaced, since part of it
    ///     may be the broker's words.
    ///   - replyCode: The broker's reply code.
    ///   - isServerInitiated: Whether the broker ended it.
    ///   - isTransient: Whether the same call may succeed later; the kind's own answer when nil.
    ///   - mayHaveExecuted: Whether the call may have had its effect; the kind's own answer when nil.
    ///   - underlying: The error below this one.
    ///   - file: Where the error was made, for ``debugDescription``.
    ///   - line: Where the error was made, for ``debugDescription``.
    public init(
        _ code: Code, _ message: String, replyCode: AMQPReplyCode? = nil, isServerInitiated: Bool = false,
        isTransient: Bool? = nil, mayHaveExecuted: Bool? = nil, underlying: (any Error)? = nil,
        file: StaticString = #fileID, line: Int = #line
    ) {
        self.code = code
        self.message = Self.singleLine(message)
        self.replyCode = replyCode
        self.isServerInitiated = isServerInitiated
        self.isTransient = isTransient ?? code.isTransient
        self.mayHaveExecuted = mayHaveExecuted ?? code.mayHaveExecuted
        self.underlying = underlying
        self.file = file.description
        self.line = line
    }

    /// The same error for a call of which nothing has left.
    package var ofUnsentCall: AMQPError {
        var error = self
        error.mayHaveExecuted = false
        return error
    }

    /// The same error for a call that had left before it, so that nobody knows what became of it.
    var ofSentCall: AMQPError {
        var error = self
        error.mayHaveExecuted = true
        return error
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
