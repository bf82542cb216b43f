import NIOCore
import Testing

@testable import LambdaInvokeAPI

/// Contract 12.4, row by row.
@Suite struct CORSPolicyTests {
    private let origin = "https://app.example"

    private func policy(
        origins: [String] = ["https://app.example"], methods: [String] = ["POST"], headers: [String] = ["x-a", "x-b"],
        credentials: Bool = false
    ) -> CORSPolicy {
        var policy = CORSPolicy()
        policy.allowedOrigins = origins
        policy.allowedMethods = methods
        policy.allowedHeaders = headers
        policy.allowsCredentials = credentials
        policy.exposedHeaders = ["X-Seen", "X-Too"]
        policy.maxAge = 60
        return policy
    }

    private func decide(
        _ policy: CORSPolicy, _ method: String, origin: String?, asks: String? = nil, headers: String? = nil
    ) -> String {
        let asked = CORSPolicy.Asked(method: method, origin: origin, requestMethod: asks, requestHeaders: headers)
        func text(_ fields: [HTTPField]) -> String {
            fields.map { "\($0.name.replacing("Access-Control-", with: "")): \($0.value)" }.joined(separator: "; ")
        }
        switch policy.decide(asked) {
        case .preflight(let fields): return "preflight " + text(fields)
        case .invoke(let fields): return "invoke " + text(fields)
        }
    }

    @Test func aRequestWithoutOriginIsLeftAlone() {
        #expect(self.decide(self.policy(), "POST", origin: nil) == "invoke ")
        #expect(self.decide(self.policy(), "OPTIONS", origin: nil, asks: "POST") == "invoke ")
    }

    @Test func anAllowedPreflightIsAnsweredWithAllThatIsAllowed() {
        #expect(
            self.decide(self.policy(), "OPTIONS", origin: self.origin, asks: "POST", headers: "X-A, x-b")
                == "preflight Allow-Origin: https://app.example; Vary: Origin; Allow-Methods: POST; "
                + "Allow-Headers: x-a,x-b; Max-Age: 60")
    }

    @Test func withCredentialsNothingIsAStar() {
        let policy = self.policy(origins: ["*"], methods: ["*"], headers: ["*"], credentials: true)
        #expect(
            self.decide(policy, "OPTIONS", origin: self.origin, asks: "PUT", headers: "Authorization")
                == "preflight Allow-Origin: https://app.example; Vary: Origin; Allow-Credentials: true; "
                + "Allow-Methods: PUT; Allow-Headers: authorization; Max-Age: 60")
    }

    @Test func everyOriginIsAStarWithoutCredentials() {
        #expect(
            self.decide(self.policy(origins: ["*"]), "GET", origin: "null")
                == "invoke Allow-Origin: *; Expose-Headers: X-Seen,X-Too")
    }

    @Test(arguments: [
        ("https://other.example", "POST", nil), ("https://app.example", "PUT", nil),
        ("https://app.example", "POST", "x-a, x-c"), ("https://app.example:8443", "POST", nil), ("null", "POST", nil),
    ])
    func aPreflightThatIsNotAllowedHasNoFields(origin: String, method: String, headers: String?) {
        #expect(self.decide(self.policy(), "OPTIONS", origin: origin, asks: method, headers: headers) == "preflight ")
    }

    @Test func anOrdinaryRequestOfAnAllowedOriginGetsItsFields() {
        #expect(
            self.decide(self.policy(credentials: true), "POST", origin: self.origin)
                == "invoke Allow-Origin: https://app.example; Vary: Origin; Allow-Credentials: true; "
                + "Expose-Headers: X-Seen,X-Too")
        // No preflight: it does not say for what.
        #expect(self.decide(self.policy(), "OPTIONS", origin: self.origin).hasPrefix("invoke Allow-Origin"))
    }

    @Test func anOrdinaryRequestOfAnotherOriginGetsNothing() {
        #expect(self.decide(self.policy(), "POST", origin: "https://other.example") == "invoke ")
    }

    @Test func whatTheFunctionSaysOfTheSameIsReplaced() throws {
        var response = try #require(
            FunctionURLResponse(
                checking: 200,
                [
                    HTTPField("access-control-allow-origin", "*"), HTTPField("Vary", "Accept"),
                    HTTPField("Access-Control-Max-Age", "5"),
                ], contentType: "a", body: ByteBuffer()))
        response.add(cors: [HTTPField("Access-Control-Allow-Origin", "https://app.example"), HTTPField("Vary", "Origin")])
        #expect(
            response.fields == [
                HTTPField("Content-Type", "a"), HTTPField("Vary", "Accept"), HTTPField("Access-Control-Max-Age", "5"),
                HTTPField("Access-Control-Allow-Origin", "https://app.example"), HTTPField("Vary", "Origin"),
            ])
    }
}
