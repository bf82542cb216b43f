/// What a key's signature is good for: `20260102/us-east-1/lambda/aws4_request`.
struct SignatureScope: Hashable {
    static let service = "lambda"
    static let terminator = "aws4_request"

    let day: String
    let region: String
    let service: String
    let terminator: String

    var text: String { "\(self.day)/\(self.region)/\(self.service)/\(self.terminator)" }

    /// Why it is not good for requests to this service; `nil` when it is.
    ///
    /// - Parameters:
    ///   - region: The one that counts; `nil`: any.
    ///   - date: The signature's.
    func refusal(region: String?, date: SignatureDate) -> SignatureRefusal? {
        var problems: [String] = []
        if region.map({ $0 != self.region }) ?? !Self.isRegion(self.region) {
            problems.append("Credential should be scoped to a valid region.")
        }
        if self.service != Self.service {
            problems.append("Credential should be scoped to correct service: '\(Self.service)'.")
        }
        if self.terminator != Self.terminator {
            problems.append("Credential should be scoped with a valid terminator: '\(Self.terminator)'.")
        }
        if !problems.isEmpty { return .invalid(problems.joined(separator: " ")) }
        guard self.day != date.day else { return nil }
        return .invalid(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                + "'\(self.day)' != '\(date.day)', from '\(date.text)'.")
    }

    private static func isRegion(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
