/// A reply code of AMQP 0-9-1: why a broker closed a connection or channel, or returned a message (section 1.2).
///
/// A code that is not listed here keeps its number.
public struct AMQPReplyCode: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt16

    /// A code by its number.
    ///
    /// - Parameter rawValue: The number on the wire; one that is not listed is kept as it is.
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// Everything is fine: an ordinary close.
    public static let replySuccess = Self(rawValue: 200)
    /// The content is larger than the broker takes.
    public static let contentTooLarge = Self(rawValue: 311)
    /// A mandatory message has no queue to go to.
    public static let noRoute = Self(rawValue: 312)
    /// An immediate message has no consumer ready for it.
    public static let noConsumers = Self(rawValue: 313)
    /// An operator closed the connection, or the broker is shutting down.
    public static let connectionForced = Self(rawValue: 320)
    /// The virtual host's path is not valid.
    public static let invalidPath = Self(rawValue: 402)
    /// The user may not do this, or the login was refused.
    public static let accessRefused = Self(rawValue: 403)
    /// The queue or exchange does not exist.
    public static let notFound = Self(rawValue: 404)
    /// Another connection owns the queue exclusively.
    public static let resourceLocked = Self(rawValue: 405)
    /// What exists differs from what was declared, an unknown delivery tag, or an acknowledgement that took too long.
    public static let preconditionFailed = Self(rawValue: 406)
    /// A frame that could not be decoded.
    public static let frameError = Self(rawValue: 501)
    /// A frame with values that are not valid.
    public static let syntaxError = Self(rawValue: 502)
    /// A method that may not come here.
    public static let commandInvalid = Self(rawValue: 503)
    /// A channel that is not open.
    public static let channelError = Self(rawValue: 504)
    /// A frame that may not come here.
    public static let unexpectedFrame = Self(rawValue: 505)
    /// The broker has not the resources for it.
    public static let resourceError = Self(rawValue: 506)
    /// What the broker does not allow: an unknown vhost, a reused consumer tag, a reserved name.
    public static let notAllowed = Self(rawValue: 530)
    /// A method or option that the broker does not implement.
    public static let notImplemented = Self(rawValue: 540)
    /// A fault in the broker.
    public static let internalError = Self(rawValue: 541)

    /// Whether the broker may answer otherwise later, with nothing changed on our side.
    var isTransient: Bool {
        switch self {
        case .noConsumers, .connectionForced, .resourceLocked, .resourceError, .internalError: true
        default: false
        }
    }

    /// The specification's name of the code, where it has one.
    private var name: String? {
        switch self {
        case .replySuccess: "REPLY_SUCCESS"
        case .contentTooLarge: "CONTENT_TOO_LARGE"
        case .noRoute: "NO_ROUTE"
        case .noConsumers: "NO_CONSUMERS"
        case .connectionForced: "CONNECTION_FORCED"
        case .invalidPath: "INVALID_PATH"
        case .accessRefused: "ACCESS_REFUSED"
        case .notFound: "NOT_FOUND"
        case .resourceLocked: "RESOURCE_LOCKED"
        case .preconditionFailed: "PRECONDITION_FAILED"
        case .frameError: "FRAME_ERROR"
        case .syntaxError: "SYNTAX_ERROR"
        case .commandInvalid: "COMMAND_INVALID"
        case .channelError: "CHANNEL_ERROR"
        case .unexpectedFrame: "UNEXPECTED_FRAME"
        case .resourceError: "RESOURCE_ERROR"
        case .notAllowed: "NOT_ALLOWED"
        case .notImplemented: "NOT_IMPLEMENTED"
        case .internalError: "INTERNAL_ERROR"
        default: nil
        }
    }
}

extension AMQPReplyCode: CustomStringConvertible {
    /// The number, and the specification's name where it has one: `404 NOT_FOUND`.
    public var description: String {
        guard let name else { return "\(self.rawValue)" }
        return "\(self.rawValue) \(name)"
    }
}
