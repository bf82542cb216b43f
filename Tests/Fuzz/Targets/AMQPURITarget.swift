@testable import AMQP

/// Connection strings: `amqp://` and `amqps://`.
///
/// One that is refused is refused with an error of one kind, on one line; and neither an error nor a description shows a
/// piece of a password.
enum AMQPURITarget: FuzzTarget {
    static let name = "amqp-uri"

    static var seeds: [[UInt8]] {
        [
            "amqp://", "amqp://host", "amqp://user:s3cr3t@host:5672/vhost", "amqps://host/?verify=verify_none",
            "amqp://user:s3cr3t%40@a,b:1,[::1]:2/%2f?heartbeat=30&connection_timeout=5000",
            "amqps://h?cacertfile=/ca&certfile=/c&keyfile=/k&verify=verify_peer&server_name_indication=name",
            "amqp://h?connection_attempts=3&retry_delay=0.5&channel_max=10&auth_mechanism=plain&auth_mechanism=amqplain",
            "amqp://h?auth_mechanism=external", "amqp://user@host//", "AMQP://[fe80::1%25eth0]/a%00b",
            "amqp://u:pass@h?heartbeat=s3cr3t@host", "amqp://h?heartbeat=65536", "amqp://h?retry_delay=86400.000000001",
        ].map { Array($0.utf8) }
    }

    static func run(_ input: FuzzInput) {
        var input = input
        let text = String(decoding: input.all(), as: UTF8.self)
        do throws(AMQPError) {
            let uri = try AMQPURI(text)
            _ = try AMQPConfiguration(uri: text, username: "u", password: "p")
            // A second '@' may be part of a virtual host or a value, which are shown.
            guard text.utf8.count(where: { $0 == UInt8(ascii: "@") }) == 1 else { return }
            self.checkSecrecy(of: uri.description, text)
            self.checkSecrecy(of: "\(uri.configuration())", text)
        } catch {
            check(error.code == .invalidConfiguration, "\(error)")
            check(!"\(error)".utf8.contains { $0 < 0x20 }, "an error of several lines: \(error)")
            self.checkSecrecy(of: "\(error)", text)
        }
    }

    /// What stands between the user's name and the last `@` may be a password, well written or not.
    private static func checkSecrecy(of shown: String, _ text: String) {
        let marker = "s3cr3t"
        guard let atSign = text.lastIndex(of: "@"), let scheme = text.firstRange(of: "://"),
            scheme.upperBound < atSign, let colon = text[scheme.upperBound..<atSign].firstIndex(of: ":"),
            text[colon..<atSign].contains(marker), !text[..<colon].contains(marker), !text[atSign...].contains(marker)
        else { return }
        check(!shown.contains(marker), "'\(shown)' shows a piece of the password of \(text)")
    }
}
