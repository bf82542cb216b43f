import LambdaProtocol
import NIOCore

/// JSON from callers, runtimes, functions and files.
///
/// What the check passes is read, and is the same when it is written and read again, compacted, or taken apart.
enum JSONTarget: FuzzTarget {
    static let name = "json"

    static var seeds: [[UInt8]] {
        [
            #"{"a":[1,-2.5e+3,true,false,null],"b":{"c":"d"}}"#, #"["\u00e9\ud83d\ude00\n\"\\\/\b\f\r\t"]"#, "\"\\ud83d\"",
            " [ ] ", "{ }", "0", "-0.0E-0", "\"é\u{1F600}\"", #"{"a":1,"a":2,"":{}}"#, "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]",
            String(repeating: "[", count: 33) + String(repeating: "]", count: 33), "\u{FEFF}1", "[1,]", "nul",
        ].map { Array($0.utf8) }
    }

    static func run(_ input: FuzzInput) {
        let text = ByteBuffer(bytes: input.rest)
        if let failure = JSONValidator.validate(text) {
            check(failure.line >= 1 && failure.column >= 1 && failure.line <= input.rest.count + 1, "\(failure)")
            guard case .failure(failure) = JSONValue.parse(text) else { fatalError("read, and not valid: \(failure)") }
            return
        }
        let compact = JSONCompaction.compact(text)
        check(JSONValidator.validate(compact) == nil, "compacted: \(String(buffer: compact))")
        guard case .success(let value) = JSONValue.parse(text) else { return }
        check(JSONValue.parse(compact) == .success(value), "compacted: \(String(buffer: compact))")
        let written = ByteBuffer(string: self.write(value))
        check(JSONValue.parse(written) == .success(value), "written: \(String(buffer: written))")
        self.checkParts(of: value, text)
    }

    private static func write(_ value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool(let flag): flag ? "true" : "false"
        case .number(let text): text
        case .string(let text): JSONText.string(text)
        case .array(let elements): "[" + elements.map(self.write).joined(separator: ",") + "]"
        case .object(let members): JSONText.object(members.map { ($0.key, self.write($0.value)) })
        }
    }

    private static func checkParts(of value: JSONValue, _ text: ByteBuffer) {
        switch value {
        case .object(let members):
            let parts = JSONMembers(text)
            check(parts.map { Set($0.all.map(\.name)) } == Set(members.keys), "\(String(describing: parts?.all))")
            for (name, member) in members {
                check(parts?[name].map { JSONValue.parse($0) } == .success(member), "member \(name)")
            }
        case .array(let elements):
            let parts = JSONMembers.elements(text)
            check(parts?.map { try? JSONValue.parse($0).get() } == elements, "\(String(describing: parts))")
        case .string(let string):
            var writer = JSONWriter()
            writer.object { $0.member(named: string, string) }
            check(JSONValue.parse(writer.bytes) == .success(.object([string: value])), "\(string)")
        default:
            check(JSONMembers(text) == nil && JSONMembers.elements(text) == nil, "parts of \(value)")
        }
    }
}
