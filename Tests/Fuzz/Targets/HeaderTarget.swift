import LambdaProtocol
import NIOCore

/// The words that requests and messages carry in their headers, paths and queries.
///
/// Input: which word, then its text.
enum HeaderTarget: FuzzTarget {
    static let name = "headers"

    static var seeds: [[UInt8]] {
        let texts = [
            ["aGVsbG8=", "aGVsbG8", "AA==", "/+"], ["e30=", "eyJhIjoiXHUwMGU5In0="],
            ["Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1", "Self=1-2;Root=1-3"],
            ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\na=b", "01-\(String(repeating: "1", count: 32))-"],
            ["hello", "hello%3Aprod", "arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST", "123456789012:f", "f\nq"],
            ["f*", "f:q", "*", "f:*"], ["a=b&c=%20+&=", "Qualifier=%24LATEST"], ["tenant-1@x", "key", "Tail", "Event"],
        ]
        return texts.enumerated().flatMap { index, texts in texts.map { [UInt8(index)] + $0.utf8 } }
    }

    static func run(_ input: FuzzInput) {
        var input = input
        let word = input.byte() % 8
        let bytes = input.all()
        let text = String(decoding: bytes, as: UTF8.self)
        let lines = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        switch word {
        case 0: self.base64(text, bytes)
        case 1: self.clientContext(text)
        case 2: self.trace(text, nil)
        case 3: self.trace(nil, TraceContext(traceparent: lines[0], tracestate: lines.count > 1 ? lines[1] : nil))
        case 4: self.functionName(lines[0], qualifier: lines.count > 1 ? lines[1] : nil)
        case 5: _ = FunctionPattern(text)?.matches("hello", qualifier: "prod")
        case 6: self.query(text)
        default: self.others(text)
        }
    }

    private static func base64(_ text: String, _ bytes: [UInt8]) {
        check(Base64.decode(Base64.encode(bytes)) == bytes, "\(bytes)")
        guard let decoded = Base64.decode(text) else { return }
        let again = Base64.encode(decoded)
        // Padding may be left out, nothing else may differ.
        check(again.prefix { $0 != "=" } == text.prefix { $0 != "=" }, "'\(text)' is \(decoded), which is '\(again)'")
    }

    private static func clientContext(_ text: String) {
        guard case .success(let context) = ClientContext.decode(text, limits: LambdaLimits()) else { return }
        check(context.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }, "no header field: \(context)")
        check(JSONValidator.validate(ByteBuffer(string: context)) == nil, "no JSON: \(context)")
    }

    private static func trace(_ header: String?, _ context: TraceContext?) {
        let now = EpochClock.Instant(millisecondsSinceEpoch: 1_767_323_045_000)
        let complete = TraceHeader.complete(header, context: context, now: now)
        check(complete.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }, "no header field: \(complete)")
        check(complete.utf8.count <= 256 && complete.contains("Root="), complete)
        if let context { check(complete == context.traceHeader, "\(complete) of \(context)") }
    }

    private static func functionName(_ segment: String, qualifier: String?) {
        guard case .success(let name) = FunctionName.parse(segment: segment, qualifier: qualifier) else { return }
        check(!name.name.isEmpty && name.name.utf8.count <= 256, name.name)
        check(name.name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") }, name.name)
        // In the name a qualifier may be too long to exist, as the name itself; as a parameter it may not.
        guard name.qualifier.map({ $0.utf8.count <= LambdaLimits().qualifierByteCount }) ?? true else { return }
        guard case .success(let again) = FunctionName.parse(segment: name.name, qualifier: name.qualifier) else {
            fatalError("\(name) is no name")
        }
        check(again.name == name.name && again.qualifier == name.qualifier, "\(name), then \(again)")
    }

    private static func query(_ text: String) {
        let pieces = text.utf8.split(separator: UInt8(ascii: "&"))
        check(FormDecoding.parameters(text).count == pieces.count, text)
        _ = PercentEncoding.queryParameter("Qualifier", in: text)
        if let decoded = PercentEncoding.decode(text) { check(decoded.utf8.count <= text.utf8.count, decoded) }
    }

    private static func others(_ text: String) {
        if case .success(let id?) = TenantID.check(text) { check(id.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }, id) }
        if case .success(let key?) = IdempotencyKey.check(text) { check(key.utf8.count <= 256, key) }
        if case .failure(let error) = InvocationType.parse(text) { check(error.kind.status == 400, "\(error)") }
        if case .failure(let error) = LogType.wantsTail(text) { check(error.kind.status == 400, "\(error)") }
        _ = RequestID.isValid(text)
    }
}
