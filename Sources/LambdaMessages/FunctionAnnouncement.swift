package import AMQP
import LambdaProtocol
package import NIOCore

/// What a daemon tells of itself and its function (design 5): for lists, metrics and pictures, never for routing.
///
/// One JSON object a message, published to the fanout exchange ``exchange``.
package struct FunctionAnnouncement: Sendable, Equatable {
    /// The exchange that daemons publish to.
    package static let exchange = "lambda.functions"

    /// Which daemon this is: a UUID that it makes when it starts.
    package var instance: String
    package var name: String
    /// The qualifier whose queue it serves; `nil` for the function's own queue.
    package var qualifier: String?
    /// The function's version: `$LATEST` or a number.
    package var version: String
    /// Without a qualifier.
    package var arn: String
    package var timeoutSeconds: Int
    package var memoryMegabytes: Int
    /// Invocations that may run at a time, and how many more could now.
    package var slots: Int
    package var freeSlots: Int
    /// `x86_64` or `arm64`.
    package var architecture: String
    /// When the daemon started, in milliseconds since 1970.
    package var startedMilliseconds: Int64
    /// The daemon's own version.
    package var daemonVersion: String
    /// It takes nothing new any more, and is about to end.
    package var isLeaving = false

    package init(
        instance: String, name: String, qualifier: String? = nil, version: String = "$LATEST", arn: String,
        timeoutSeconds: Int, memoryMegabytes: Int, slots: Int, freeSlots: Int, architecture: String,
        startedMilliseconds: Int64, daemonVersion: String
    ) {
        self.instance = instance
        self.name = name
        self.qualifier = qualifier
        self.version = version
        self.arn = arn
        self.timeoutSeconds = timeoutSeconds
        self.memoryMegabytes = memoryMegabytes
        self.slots = slots
        self.freeSlots = freeSlots
        self.architecture = architecture
        self.startedMilliseconds = startedMilliseconds
        self.daemonVersion = daemonVersion
    }

    /// The queue that it serves.
    package var queueName: String { self.qualifier.map { "\(self.name):\($0)" } ?? self.name }
}

// MARK: - As a message

extension FunctionAnnouncement {
    /// A larger message is none of a daemon's.
    private static let maxByteCount = 8192

    /// The body of the message.
    package var body: ByteBuffer {
        var members = [("instance", JSONText.string(self.instance)), ("name", JSONText.string(self.name))]
        if let qualifier = self.qualifier { members.append(("qualifier", JSONText.string(qualifier))) }
        members += [
            ("version", JSONText.string(self.version)), ("arn", JSONText.string(self.arn)),
            ("timeoutSeconds", "\(self.timeoutSeconds)"), ("memoryMegabytes", "\(self.memoryMegabytes)"),
            ("slots", "\(self.slots)"), ("freeSlots", "\(self.freeSlots)"),
            ("architecture", JSONText.string(self.architecture)),
            ("startedMilliseconds", "\(self.startedMilliseconds)"),
            ("daemonVersion", JSONText.string(self.daemonVersion)), ("isLeaving", "\(self.isLeaving)"),
        ]
        return ByteBuffer(string: JSONText.object(members))
    }

    /// The properties of every announcement.
    package static let properties = AMQPProperties(contentType: "application/json")

    /// Reads a message's body, which anybody may have published.
    ///
    /// - Returns: `nil` for what is no announcement, or one with values that no daemon has.
    package static func read(_ body: ByteBuffer) -> FunctionAnnouncement? {
        guard body.readableBytes <= Self.maxByteCount, let json = try? JSONValue.parse(body).get() else { return nil }
        guard let instance = Text.short(json["instance"]), let name = json["name"]?.stringValue,
            Text.isName(name, upTo: 64), let version = Text.version(json["version"]), let arn = Text.short(json["arn"]),
            let timeout = Text.number(json["timeoutSeconds"]), let memory = Text.number(json["memoryMegabytes"]),
            let slots = Text.number(json["slots"]), let freeSlots = Text.number(json["freeSlots"]), freeSlots <= slots
        else { return nil }
        var qualifier: String?
        if let value = json["qualifier"] {
            guard let text = value.stringValue, Text.isName(text, upTo: 128) else { return nil }
            qualifier = text
        }
        var announcement = FunctionAnnouncement(
            instance: instance, name: name, qualifier: qualifier, version: version, arn: arn, timeoutSeconds: timeout,
            memoryMegabytes: memory, slots: slots, freeSlots: freeSlots,
            architecture: Text.short(json["architecture"]) ?? "x86_64",
            startedMilliseconds: json["startedMilliseconds"]?.integerValue.map(Int64.init).flatMap(Text.instant) ?? 0,
            daemonVersion: Text.short(json["daemonVersion"]) ?? "")
        announcement.isLeaving = json["isLeaving"] == .bool(true)
        return announcement
    }

    /// What is taken from a message.
    private enum Text {
        /// Visible, and of a length that does no harm.
        static func short(_ value: JSONValue?) -> String? {
            guard let text = value?.stringValue, (1...256).contains(text.utf8.count),
                text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
            else { return nil }
            return text
        }

        static func isName(_ text: String, upTo limit: Int) -> Bool {
            (1...limit).contains(text.utf8.count)
                && text.utf8.allSatisfy { byte in
                    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                        || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
                }
        }

        static func version(_ value: JSONValue?) -> String? {
            guard let text = self.short(value) else { return nil }
            return text == "$LATEST" || text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? text : nil
        }

        static func number(_ value: JSONValue?) -> Int? {
            value?.integerValue.flatMap { (0...100_000_000).contains($0) ? $0 : nil }
        }

        /// Between 1970 and 9999.
        static func instant(_ milliseconds: Int64) -> Int64? {
            (0...253_402_300_799_999).contains(milliseconds) ? milliseconds : nil
        }
    }
}

// MARK: - The exchange

extension FunctionAnnouncement {
    /// Finds the exchange, or makes it: a durable fanout.
    ///
    /// Each question has a channel of its own, since a refusal closes it.
    ///
    /// - Returns: Fails where there is none and the broker refuses to make it.
    package static func ensureExchange(on link: AMQPLink) -> EventLoopFuture<Void> {
        self.declareExchange(passive: true, on: link).flatMapError { error in
            guard (error as? AMQPError)?.replyCode == .notFound else { return link.eventLoop.makeFailedFuture(error) }
            return self.declareExchange(passive: false, on: link)
        }
    }

    private static func declareExchange(passive: Bool, on link: AMQPLink) -> EventLoopFuture<Void> {
        link.openChannel().flatMap { channel in
            channel.request(
                .exchangeDeclare(AMQPExchangeDeclaration(name: self.exchange, type: "fanout"), passive: passive),
                expecting: .exchangeDeclareOK
            ).flatMap { _ in channel.close() }
        }
    }
}
