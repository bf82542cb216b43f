extension AMQPError {
    /// A kind of failure.
    ///
    /// More may be added; so match the ones that matter and treat the rest alike.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Base: String, Sendable {
            case connectionFailed, accessRefused, vhostNotFound, tlsFailed
            case connectionLost, connectionClosed, channelClosed, consumerCancelled
            case protocolViolation, unroutable, nacked, blocked, resourceRefused
            case timedOut, cancelled, invalidConfiguration, invalidArgument, fault
        }

        private let base: Base

        private init(_ base: Base) {
            self.base = base
        }

        /// No broker could be reached: the name did not resolve, nobody listened, the attempts are used up. Or there is no
        /// connection now; nothing was sent then.
        ///
        /// Retriable.
        public static let connectionFailed = Self(.connectionFailed)
        /// The broker refused the user name and password, the mechanism, or the user's right to a resource.
        public static let accessRefused = Self(.accessRefused)
        /// The virtual host does not exist, or the user may not use it (the broker answers both alike).
        public static let vhostNotFound = Self(.vhostNotFound)
        /// The TLS handshake failed: the certificate does not verify, or the broker does not speak TLS.
        public static let tlsFailed = Self(.tlsFailed)
        /// The socket to the broker broke, or the broker's heartbeats stopped.
        ///
        /// Transient; the call may have had its effect.
        public static let connectionLost = Self(.connectionLost)
        /// The connection was closed, by us or by the broker; the reply code says why the broker did.
        ///
        /// Calls under way may have had their effect.
        public static let connectionClosed = Self(.connectionClosed)
        /// The channel was closed, by us or by the broker; the reply code says why the broker did (404, 406 …).
        ///
        /// Calls under way may have had their effect.
        public static let channelClosed = Self(.channelClosed)
        /// The broker ended a consumer, since its queue was deleted or its node went away.
        ///
        /// Transient; a call whose reply was to come by it may have had its effect.
        public static let consumerCancelled = Self(.consumerCancelled)
        /// The peer sent what AMQP 0-9-1 does not allow.
        ///
        /// Calls under way may have had their effect.
        public static let protocolViolation = Self(.protocolViolation)
        /// A mandatory message was returned: no queue takes its routing key.
        public static let unroutable = Self(.unroutable)
        /// The broker refused to take a message.
        ///
        /// A full queue with `reject-publish`, or a fault of its own. Retriable, but where the message went to an exchange:
        /// other queues of it may have the message.
        public static let nacked = Self(.nacked)
        /// The broker reads no publishing from us for now: its memory or disk alarm is on.
        ///
        /// Retriable.
        public static let blocked = Self(.blocked)
        /// A limit of ours is reached: outgoing buffer, channels or message size.
        ///
        /// Retriable.
        public static let resourceRefused = Self(.resourceRefused)
        /// The answer did not come in time.
        ///
        /// Transient; the call may have had its effect, unless its request had not left yet.
        public static let timedOut = Self(.timedOut)
        /// The task that waited was cancelled.
        ///
        /// The call may have had its effect, unless its request had not left yet.
        public static let cancelled = Self(.cancelled)
        /// A setting is malformed; the message names it.
        public static let invalidConfiguration = Self(.invalidConfiguration)
        /// A call's argument cannot be sent: a name over 255 bytes, a body over the limit.
        public static let invalidArgument = Self(.invalidArgument)

        /// The server that a call was made to answered with an error, which is the ``AMQPError/underlying`` one.
        ///
        /// It says itself whether it is retriable; where not, the call may have had its effect.
        public static let fault = Self(.fault)

        /// The kind's name, from a bounded set: safe as a metric label.
        public var description: String { self.base.rawValue }

        /// Whether failures of this kind pass by themselves, when nothing more is known.
        var isTransient: Bool {
            switch self.base {
            case .connectionFailed, .connectionLost, .consumerCancelled, .nacked, .blocked, .resourceRefused,
                .timedOut:
                true
            case .accessRefused, .vhostNotFound, .tlsFailed, .connectionClosed, .channelClosed, .protocolViolation,
                .unroutable, .cancelled, .invalidConfiguration, .invalidArgument, .fault:
                false
            }
        }

        /// Whether a call that failed like this may have had its effect, when nothing more is known.
        var mayHaveExecuted: Bool {
            switch self.base {
            case .connectionLost, .connectionClosed, .channelClosed, .consumerCancelled, .protocolViolation, .timedOut,
                .cancelled, .fault:
                true
            case .connectionFailed, .accessRefused, .vhostNotFound, .tlsFailed, .unroutable, .nacked, .blocked,
                .resourceRefused, .invalidConfiguration, .invalidArgument:
                false
            }
        }
    }
}
