import LambdaProtocol
import NIOCore

@testable import LambdaSignature

/// Signed requests: header and query, as a stranger may write them.
///
/// Input: method, path, query and header fields, a line each; an empty line; the body.
enum SignatureTarget: FuzzTarget {
    static let name = "signature"

    static var seeds: [[UInt8]] {
        let scope = "AKIDEXAMPLE/20260102/us-east-1/lambda/aws4_request"
        let signature = "d437afedbdeddee5b4d356387560e6ce1b42046f098098bf18a100ca0311a7c5"
        let head = "POST\n/2015-03-31/functions/hello%3Aprod/invocations\n"
        let fields = "Host: 127.0.0.1:8080\nX-Amz-Invocation-Type: RequestResponse\n"
        let names = "host;x-amz-date;x-amz-invocation-type"
        let signed = "Authorization: AWS4-HMAC-SHA256 Credential=\(scope), SignedHeaders=\(names), Signature=\(signature)\n"
        let query =
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=\(scope)&X-Amz-Date=20260102T030405Z&X-Amz-Expires=60"
            + "&X-Amz-SignedHeaders=host&X-Amz-Signature=\(signature)&a=b&a=%20+c"
        let body = "\n{\"a\":1}"
        return [
            head + "Qualifier=%24LATEST\n" + fields + "X-Amz-Date: 20260102T030405Z\n" + signed + body,
            head + "\n" + fields + "Date: Fri, 02 Jan 2026 03:04:05 GMT\n" + signed + "X-Amz-Security-Token: t\n" + body,
            head + query + "\n" + fields + body, head + "\n" + fields + "Authorization: AWS4-HMAC-SHA256\n" + body,
        ].map { Array($0.utf8) }
    }

    private static let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

    private static let verifier: SignatureVerifier = {
        let caller = RequestCaller(
            accessKeyID: "AKIDEXAMPLE", accountID: "123456789012", userARN: "arn:aws:iam::123456789012:user/tester",
            functions: [])
        let key = AccessKey(caller: caller, secret: secret, sessionToken: nil, expiration: nil)
        return SignatureVerifier(keys: AccessKeys([key]), region: nil)
    }()

    static func run(_ input: FuzzInput) {
        let lines = String(decoding: input.rest, as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count > 3, let empty = lines.dropFirst(3).firstIndex(of: "") else { return }
        let headers = lines[3..<empty].compactMap { line -> (name: String, value: String)? in
            line.firstIndex(of: ":").map {
                (name: String(line[..<$0]), value: String(line[line.index(after: $0)...].drop { $0 == " " }))
            }
        }
        let request = SignableRequest(
            method: lines[0], path: lines[1], query: lines[2], headers: headers,
            arrival: EpochClock.Instant(millisecondsSinceEpoch: 1_767_323_045_000))
        self.verify(request, ByteBuffer(string: lines[(empty + 1)...].joined(separator: "\n")))
        for field in headers {
            for date in [SignatureDate(basicISO8601: field.value), SignatureDate(http: field.value)].compactMap({ $0 }) {
                check(SignatureDate(basicISO8601: date.text) == date, "\(field.value) is \(date.text)")
            }
        }
    }

    private static func verify(_ request: SignableRequest, _ body: ByteBuffer) {
        var verifier = self.verifier
        switch verifier.examine(request) {
        case .failure(let refusal): self.examine(refusal)
        case .success(let unproven):
            switch verifier.verify(unproven, body: body) {
            case .failure(let refusal): self.examine(refusal)
            case .success(let caller):
                // Nobody else can have signed this: the three signatures of the seeds, over what they cover.
                check(caller.accessKeyID == "AKIDEXAMPLE", "\(caller)")
                check(body == ByteBuffer(string: #"{"a":1}"#), "another body is proved by the same signature")
            }
        }
    }

    private static func examine(_ refusal: SignatureRefusal) {
        check((400..<500).contains(refusal.error.kind.status), "\(refusal.error)")
        check(!refusal.error.message.contains(self.secret), "the secret is shown")
    }
}
