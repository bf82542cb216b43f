import Crypto
import LambdaProtocol
import NIOCore
import Testing

@testable import LambdaSignature

/// The vector of contract 13.3, which botocore has made, and botocore's own rules letter by letter.
@Suite struct SignatureVectorTests {
    @Test func theVectorIsAccepted() throws {
        var verifier = Signed.verifier()
        #expect(try verifier.verify(Signed.vector, body: Signed.body) == .success(Signed.caller))
    }

    @Test func everyStepOfTheVectorIsBotocores() throws {
        let vector = try Signed.vector
        let text = CanonicalRequest.text(
            of: vector.request, signedHeaders: vector.signature.signedHeaders,
            payloadHash: "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862")
        #expect(
            text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) == [
                "POST", "/2015-03-31/functions/hello%253Aprod/invocations", "Qualifier=%24LATEST",
                "host:127.0.0.1:8080", "x-amz-date:20260102T030405Z", "x-amz-invocation-type:RequestResponse", "",
                "host;x-amz-date;x-amz-invocation-type",
                "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862",
            ])
        #expect(
            HexDigits.text(SHA256.hash(data: Array(text.utf8)))
                == "0be7dacfcb938d0b3c1424a166cc6049408d9f473446aef5a9de7516961a6220")
    }

    @Test(arguments: [
        ("", "/"), ("/", "/"), ("/a/b", "/a/b"), ("/a%3Ab", "/a%253Ab"), ("/a:b", "/a%3Ab"), ("//a///b", "/a/b"),
        ("/a/./b/../c", "/a/c"), ("/../../a", "/a"), ("/a/", "/a/"), ("/a~b_c-d.e", "/a~b_c-d.e"), ("/%C3%A9", "/%25C3%25A9"),
        ("/a/..", "/"),
    ])
    func aPathIsNormalizedAndEncodedOnceMore(path: String, canonical: String) {
        #expect(CanonicalRequest.path(path) == canonical)
    }

    @Test(arguments: [
        ("", ""), ("b=2&a=1", "a=1&b=2"), ("a=2&a=1", "a=1&a=2"), ("a", "a="), ("a=", "a="), ("a=x+y", "a=x%2By"),
        ("a=x%20y", "a=x%20y"), ("a=x%2fy", "a=x%2Fy"), ("a=b=c", "a=b%3Dc"), ("a=%zz", "a=%25zz"), ("a=1&&b=2", "a=1&b=2"),
        ("X-Amz-Signature=00&a=1", "a=1"), ("a=~", "a=~"), ("a=%7e", "a=~"), ("a=%FF", "a=%FF"), ("aa=1&a=2", "a=2&aa=1"),
    ])
    func aQueryIsSortedAndEncodedAsItShouldBe(query: String, canonical: String) {
        #expect(CanonicalRequest.query(query) == canonical)
    }

    @Test func repeatedFieldsAreJoinedAndWhiteSpaceIsSqueezed() {
        let request = SignableRequest(
            method: "GET", path: "/", query: "",
            headers: [
                (name: "Host", value: "h"), (name: "X-Amz-B", value: "  two   words "), (name: "x-amz-a", value: "1"),
                (name: "X-AMZ-A", value: "2"),
            ], arrival: Signed.now)
        let text = CanonicalRequest.text(of: request, signedHeaders: ["x-amz-b", "host", "x-amz-a"], payloadHash: "-")
        #expect(text == "GET\n/\n\nhost:h\nx-amz-a:1,2\nx-amz-b:two words\n\nhost;x-amz-a;x-amz-b\n-")
    }

    @Test(arguments: [
        ("20260102T030405Z", 1_767_323_045), ("19700101T000000Z", 0), ("20240229T235959Z", 1_709_251_199),
        ("21000301T000000Z", 4_107_542_400),
    ])
    func datesAreReadAndWritten(text: String, seconds: Int64) {
        let date = SignatureDate(basicISO8601: text)
        #expect(date?.secondsSinceEpoch == seconds)
        #expect(date?.text == text)
        #expect(date?.day == String(text.prefix(8)))
    }

    @Test(arguments: ["", "20260102T030405", "20261302T030405Z", "20260230T030405Z", "20260102T240000Z", "2026-01-02T03:04:05Z", "20260102T030405ZZ"])
    func whatIsNoDateIsNone(text: String) {
        #expect(SignatureDate(basicISO8601: text) == nil)
    }

    @Test func httpsOwnDateIsReadToo() {
        #expect(SignatureDate(http: "Fri, 02 Jan 2026 03:04:05 GMT")?.text == "20260102T030405Z")
        #expect(SignatureDate(http: "Fri, 02 Foo 2026 03:04:05 GMT") == nil)
        #expect(SignatureDate(extendedISO8601: "2026-01-02T03:04:05Z")?.text == "20260102T030405Z")
    }
}
