import LambdaProtocol
import NIOCore
import Testing

@testable import LambdaInvokeAPI

/// Contract 12.1, row by row.
@Suite struct PayloadV2EventTests {
    @Test func theEventIsAFunctionURLsToTheLetter() {
        let request = FunctionURLRequest.test(fields: [
            ("Host", "abc.example.org:8080"), ("Content-Type", "application/json"), ("Cookie", "a=1; b=2"),
            ("X-Twice", "1"), ("x-twice", "2"), ("User-Agent", "curl/8"), ("cookie", "c=\"3\""),
        ])
        let expected = #"{"version":"2.0","routeKey":"$default","rawPath":"/pa2%25Fth/1","#
            + #""rawQueryString":"a=1&b=foo&b=%2Fbar","cookies":["a=1","b=2","c=\"3\""],"#
            + #""headers":{"host":"abc.example.org:8080","content-type":"application/json","x-twice":"1,2","#
            + #""user-agent":"curl/8"},"queryStringParameters":{"a":"1","b":"foo,/bar"},"#
            + #""requestContext":{"accountId":"anonymous","apiId":"shop","domainName":"abc.example.org","#
            + #""domainPrefix":"abc","http":{"method":"POST","path":"/pa2%Fth/1","protocol":"HTTP/1.1","#
            + #""sourceIp":"192.0.2.1","userAgent":"curl/8"},"requestId":"11111111-1111-4111-8111-111111111111","#
            + #""routeKey":"$default","stage":"$default","time":"04/Mar/2020:19:03:58 +0000","#
            + #""timeEpoch":1583348638390},"body":"{\"n\": 1}","isBase64Encoded":false}"#
        #expect(String(buffer: PayloadV2Event.make(request)) == expected)
    }

    @Test func withoutQueryCookiesAndBodyTheirMembersAreAbsent() {
        let event = PayloadV2Event.make(.test(fields: [], body: "", query: ""))
        #expect(event["rawQueryString"] == .string(""))
        #expect(event["queryStringParameters"] == nil)
        #expect(event["cookies"] == nil)
        #expect(event["body"] == nil)
        #expect(event["isBase64Encoded"] == .bool(false))
        #expect(event["headers"] == .object([:]))
        #expect(event["requestContext", "http", "userAgent"] == .string(""))
    }

    @Test func bytesAreBase64() {
        var request = FunctionURLRequest.test(fields: [("content-type", "image/png")])
        request.body = ByteBuffer(bytes: [0xFF, 0xD8, 0x00])
        let event = PayloadV2Event.make(request)
        #expect(event["body"] == .string("/9gA"))
        #expect(event["isBase64Encoded"] == .bool(true))
    }

    @Test(arguments: [
        ("a=b+c", ["a": "b c"]), ("a", ["a": ""]), ("a&&b=", ["a": "", "b": ""]), ("a=1&b=2&a=3", ["a": "1,3", "b": "2"]),
        ("%61=%zz", ["a": "%zz"]), ("a=%ff", ["a": "\u{FFFD}"]), ("a=x=y", ["a": "x=y"]), ("=1", ["": "1"]),
    ])
    func queriesAreReadAsForms(query: String, parameters: [String: String]) {
        let event = PayloadV2Event.make(.test(query: query))
        #expect(event["queryStringParameters"] == .object(parameters.mapValues { .string($0) }))
        #expect(event["rawQueryString"] == .string(query))
    }

    @Test(arguments: [
        ("/a%2Fb", "/a/b"), ("/%zz", "/%zz"), ("/%ff", "/%ff"), ("/ü", "/ü"), ("/a b\"c", "/a b\"c"), ("/", "/"),
    ])
    func thePathIsDecodedOnceWhereThatCanBe(path: String, decoded: String) {
        let event = PayloadV2Event.make(.test(path: path))
        #expect(event["rawPath"] == .string(path))
        #expect(event["requestContext", "http", "path"] == .string(decoded))
    }

    @Test func whoHasSignedIsInTheContext() {
        var request = FunctionURLRequest.test()
        request.caller = RequestCaller(
            accessKeyID: "AKID", accountID: "123456789012", userARN: "arn:aws:iam::123456789012:user/eve", functions: [])
        let event = PayloadV2Event.make(request)
        #expect(event["requestContext", "accountId"] == .string("123456789012"))
        #expect(
            event["requestContext", "authorizer"]
                == .object([
                    "iam": .object([
                        "accessKey": .string("AKID"), "accountId": .string("123456789012"), "callerId": .string("AKID"),
                        "cognitoIdentity": .null, "principalOrgId": .null,
                        "userArn": .string("arn:aws:iam::123456789012:user/eve"), "userId": .string("AKID"),
                    ])
                ]))
        let identity = PayloadV1Event.make(request)["requestContext", "identity"]
        #expect(identity?["accessKey"] == .string("AKID"))
        #expect(identity?["userArn"] == .string("arn:aws:iam::123456789012:user/eve"))
    }

    @Test(arguments: [
        ("localhost:8080", "localhost", "localhost"), ("[::1]:8080", "[::1]", "[::1]"), ("", "", "shop"),
        ("10.0.0.1", "10.0.0.1", "10"),
    ])
    func theDomainIsTheHostWithoutItsPort(host: String, name: String, prefix: String) {
        let event = PayloadV2Event.make(.test(host: host))
        #expect(event["requestContext", "domainName"] == .string(name))
        #expect(event["requestContext", "domainPrefix"] == .string(prefix))
    }
}
