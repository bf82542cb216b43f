import LambdaProtocol
import NIOCore
import Testing

@testable import LambdaSignature

@Suite struct AccessKeysTests {
    private func parse(_ text: String) -> Result<AccessKeys, AccessKeysError> {
        Result { () throws(AccessKeysError) in try AccessKeys.parse(ByteBuffer(string: text)) }
    }

    private func key(_ members: String) -> String {
        #"[{"accessKeyId": "AKID1", "secretAccessKey": "s3cr3t", "functions": ["*"]\#(members)}]"#
    }

    @Test func everyMemberIsRead() throws {
        let keys = try self.parse(
            self.key(
                #", "sessionToken": "token", "accountId": "123456789012", "userArn": "arn:aws:iam::123456789012:user/eve","#
                    + #""expiration": "2026-01-02T03:04:05Z""#)
        ).get()
        let key = try #require(keys["AKID1"])
        #expect(keys.count == 1)
        #expect(key.secret == "s3cr3t")
        #expect(key.sessionToken == "token")
        #expect(key.expiration == Signed.now)
        #expect(key.caller.userARN == "arn:aws:iam::123456789012:user/eve")
        #expect("\(key)" == "key AKID1")
    }

    @Test func accountAndUserHaveDefaults() throws {
        let key = try #require(try self.parse(self.key("")).get()["AKID1"])
        #expect(key.caller.accountID == "000000000000")
        #expect(key.caller.userARN == "arn:aws:iam::000000000000:user/AKID1")
        #expect(key.sessionToken == nil)
    }

    @Test(arguments: [
        ("", "not JSON"), ("{}", "not a JSON list"), ("[]", "empty"), ("[1]", "key 1: not a JSON object"),
        (#"[{"secretAccessKey": "s3cr3t", "functions": []}]"#, "key 1: accessKeyId is missing"),
        (#"[{"accessKeyId": "A", "functions": []}]"#, "key 1: secretAccessKey is missing"),
        (#"[{"accessKeyId": "A", "secretAccessKey": "s3cr3t"}]"#, "key 1: functions is missing"),
        (#"[{"accessKeyId": "A/B", "secretAccessKey": "s3cr3t", "functions": []}]"#, "key 1: accessKeyId is not one"),
        (#"[{"accessKeyId": "A", "secretAccessKey": "", "functions": []}]"#, "key 1: secretAccessKey is not a text"),
        (#"[{"accessKeyId": "A", "secretAccessKey": 7, "functions": []}]"#, "key 1: secretAccessKey is not a text"),
        (#"[{"accessKeyId": "A", "secretAccessKey": "s3cr3t", "functions": "*"}]"#, "key 1: functions is not a list"),
        (#"[{"accessKeyId": "A", "secretAccessKey": "s3cr3t", "functions": ["a*b"]}]"#, "key 1: functions has 'a*b'"),
        (#"[{"accessKeyId": "A", "secretAccessKey": "s3cr3t", "function": ["a"]}]"#, "key 1: there is no member function"),
        (
            #"[{"accessKeyId": "A", "secretAccessKey": "s3cr3t", "functions": []}, {"accessKeyId": "A", "secretAccessKey": "s3cr3t", "functions": []}]"#,
            "key 2: accessKeyId A stands twice"
        ),
        (
            #"[{"accessKeyId": "A", "secretAccessKey": "s3cr3t", "functions": [], "accountId": "12"}]"#,
            "key 1: accountId is not"
        ),
        (
            #"[{"accessKeyId": "A", "secretAccessKey": "s3cr3t", "functions": [], "expiration": "soon"}]"#,
            "key 1: expiration is not"
        ),
        (
            #"[{"accessKeyId": "A", "secretAccessKey": "s3cr3t", "functions": [], "userArn": "me"}]"#,
            "key 1: userArn does not"
        ),
    ])
    func whatIsWrongIsToldWithItsPlaceAndWithoutASecret(text: String, problem: String) {
        guard case .failure(let error) = self.parse(text) else {
            Issue.record("it was accepted: \(text)")
            return
        }
        #expect(error.description.contains(problem), "\(error)")
        #expect(!error.description.contains("s3cr3t"))
    }
}
