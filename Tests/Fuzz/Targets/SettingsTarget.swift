import LambdaEnvironment
import LambdaProtocol
import LambdaSignature
import NIOCore

@testable import LambdaInvokeAPI

/// Files and documents of settings: function URLs, access keys, registrations of extensions, telemetry subscriptions; and
/// what functions answer to web requests.
///
/// Input: which, then the text.
enum SettingsTarget: FuzzTarget {
    static let name = "settings"

    static var seeds: [[UInt8]] {
        let texts = [
            #"{"urls":[{"domain":"*.example.com","pathPrefix":"/a","function":"f:q","stripPrefix":true,"cors":"#
                + #"{"AllowOrigins":["*"],"AllowMethods":["GET"],"MaxAge":86400,"AllowCredentials":true}}],"#
                + #""defaults":{"payloadFormat":"1.0","invokeMode":"RESPONSE_STREAM","authType":"AWS_IAM"}}"#,
            #"{"payloadFormat":"2.0","decodeBase64":false,"cors":{"ExposeHeaders":["x-a"],"AllowHeaders":["x-b"]}}"#,
            #"[{"accessKeyId":"AKID","secretAccessKey":"s3cr3tword","functions":["f*","*:prod"],"expiration":"#
                + #""2030-01-01T00:00:00Z","accountId":"123456789012","userArn":"arn:x","sessionToken":"t"}]"#,
            #"{"events":["INVOKE","SHUTDOWN"],"configurationKeys":null}"#,
            #"{"schemaVersion":"2022-12-13","types":["platform","function"],"destination":{"protocol":"HTTP","URI":"#
                + #""http://sandbox.localdomain:8080/x"},"buffering":{"maxItems":1000,"maxBytes":262144,"timeoutMs":25}}"#,
            #"{"statusCode":"200","headers":{"a":"b","n":1},"multiValueHeaders":{"x":["y"]},"cookies":["c"],"body":"aGk=","#
                + #""isBase64Encoded":true}"#,
        ]
        return texts.enumerated().map { [UInt8($0)] + $1.utf8 }
    }

    static func run(_ input: FuzzInput) {
        var input = input
        let kind = input.byte() % 6
        let text = ByteBuffer(bytes: input.all())
        switch kind {
        case 0: self.functionURLs(text)
        case 1: self.attempt(SettingsFileError.self) { () throws(SettingsFileError) in _ = try FunctionURLFile.url(text) }
        case 2: self.accessKeys(text)
        case 3: self.attempt(RuntimeAPIRejection.self) { () throws(RuntimeAPIRejection) in
                _ = try ExtensionRegistration(text)
            }
        case 4:
            _ = try? TelemetrySubscription.parse(text, for: .telemetry)
            _ = try? TelemetrySubscription.parse(text, for: .logs)
        default: self.responses(text)
        }
    }

    private static func attempt<Failure: Error>(_ kind: Failure.Type, _ body: () throws(Failure) -> Void) {
        do throws(Failure) { try body() } catch { check(!"\(error)".isEmpty, "an error without a word") }
    }

    private static func functionURLs(_ text: ByteBuffer) {
        guard let file = try? FunctionURLFile(text) else { return }
        var table = FunctionURLTable()
        for entry in file.entries { check(table.add(entry), "the same place twice: \(entry)") }
        for host in ["a.example.com", "example.com:80", "[::1]:9", ""] {
            _ = table.match(host: host, path: "/a/b%20c")
        }
        _ = table.match(path: "/a//b/")
    }

    private static func accessKeys(_ text: ByteBuffer) {
        do {
            _ = try AccessKeys.parse(text)
        } catch {
            check(!"\(error)".contains("s3cr3t"), "the error shows the secret: \(error)")
        }
    }

    /// No response splits what is written, or frames it otherwise.
    private static func responses(_ text: ByteBuffer) {
        let all = [PayloadV2Response.read(text), PayloadV1Response.read(text, decodesBase64: true)].compactMap { $0 }
        for response in all {
            check((200...599).contains(response.status), "\(response.status)")
            for field in response.fields {
                check(field.value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 9 }, "\(field)")
                check(!["content-length", "transfer-encoding", "connection"].contains(field.name.lowercased()), "\(field)")
            }
        }
    }
}
