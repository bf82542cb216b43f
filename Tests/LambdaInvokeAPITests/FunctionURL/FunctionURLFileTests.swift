import LambdaProtocol
import NIOCore
import Testing

@testable import LambdaInvokeAPI

@Suite struct FunctionURLFileTests {
    private func read(_ text: String) throws(SettingsFileError) -> FunctionURLFile {
        try FunctionURLFile(ByteBuffer(string: text))
    }

    private func error(_ text: String) -> String {
        do throws(SettingsFileError) {
            _ = try self.read(text)
            return "no error"
        } catch {
            return error.description
        }
    }

    @Test func everyMemberIsRead() throws {
        let file = try self.read(
            #"{"urls":[{"domain":"Shop.example.org","pathPrefix":"/api","stripPrefix":true,"function":"shop:prod","#
                + #""payloadFormat":"1.0","invokeMode":"RESPONSE_STREAM","authType":"AWS_IAM","decodeBase64":false,"cors":{"#
                + #""AllowCredentials":true,"AllowHeaders":["X-A","*"],"AllowMethods":["GET","*"],"#
                + #""AllowOrigins":["https://App.example:8443"],"ExposeHeaders":["X-B"],"MaxAge":86400}}]}"#)
        var cors = CORSPolicy()
        cors.allowsCredentials = true
        cors.allowedHeaders = ["x-a", "*"]
        cors.allowedMethods = ["GET", "*"]
        cors.allowedOrigins = ["https://app.example:8443"]
        cors.exposedHeaders = ["X-B"]
        cors.maxAge = 86_400
        let url = FunctionURL(
            payloadFormat: .v1, invokeMode: .streaming, authType: .iam, decodesBase64: false, cors: cors)
        #expect(
            file.entries == [
                FunctionURLEntry(
                    domain: DomainPattern("shop.example.org"), pathPrefix: try #require(PathPrefix("/api")),
                    stripsPrefix: true, target: .function(FunctionName(name: "shop", qualifier: "prod")), url: url)
            ])
    }

    @Test func whatIsLeftOutIsAWSsDefaultOrTheFilesOwn() throws {
        let plain = try self.read(#"{"urls":[{"function":"a"}]}"#)
        #expect(plain.entries == [.all(of: FunctionName(name: "a"), FunctionURL())])
        #expect(plain.defaults == FunctionURL())
        let file = try self.read(
            #"{"defaults":{"payloadFormat":"1.0","invokeMode":"RESPONSE_STREAM"},"#
                + #""urls":[{"function":"a","invokeMode":"BUFFERED"}]}"#)
        #expect(file.entries.map(\.url) == [FunctionURL(payloadFormat: .v1)])
        #expect(file.defaults == FunctionURL(payloadFormat: .v1, invokeMode: .streaming))
        #expect(try self.read(#"{"urls":[]}"#).entries.isEmpty)
    }

    @Test(arguments: [
        ("", "not JSON: Unexpected end-of-input at [line: 1, column: 1]"), ("[]", "must be an object"),
        ("{}", "urls: is missing"), (#"{"urls":{}}"#, "urls: must be an array"),
        (#"{"urls":[],"url":[]}"#, "url: there is no such member"), (#"{"urls":[],"urls":[]}"#, "urls: stands twice"),
        (#"{"urls":[1]}"#, "urls[0]: must be an object"), (#"{"urls":[{}]}"#, "urls[0].function: is missing"),
        (#"{"urls":[{"function":1}]}"#, "urls[0].function: must be a string"),
        (#"{"urls":[{"function":"a.b"}]}"#, "urls[0].function: 'a.b' is no NAME or NAME:QUALIFIER of a function"),
        (#"{"urls":[{"function":"a%62"}]}"#, "urls[0].function: 'a%62' is no NAME or NAME:QUALIFIER of a function"),
        (
            #"{"urls":[{"function":"a"},{"function":"b","domain":"a_b.c!"}]}"#,
            "urls[1].domain: 'a_b.c!' is neither a host name nor *.NAME"
        ),
        (
            #"{"urls":[{"function":"a","pathPrefix":"api/"}]}"#,
            "urls[0].pathPrefix: 'api/' is no path: it begins with a slash, ends without one, "
                + "and has nothing to be percent-encoded"
        ),
        (#"{"urls":[{"function":"a","stripPrefix":"yes"}]}"#, "urls[0].stripPrefix: must be true or false"),
        (#"{"urls":[{"function":"a","payloadFormat":2.0}]}"#, "urls[0].payloadFormat: must be a string"),
        (#"{"urls":[{"function":"a","payloadFormat":"3.0"}]}"#, "urls[0].payloadFormat: '3.0' is not 2.0 or 1.0"),
        (
            #"{"urls":[{"function":"a","invokeMode":"stream"}]}"#,
            "urls[0].invokeMode: 'stream' is not BUFFERED or RESPONSE_STREAM"
        ),
        (#"{"urls":[{"function":"a","authType":"IAM"}]}"#, "urls[0].authType: 'IAM' is not NONE or AWS_IAM"),
        (#"{"urls":[{"function":"a","invokemode":"BUFFERED"}]}"#, "urls[0].invokemode: there is no such member"),
        (
            #"{"urls":[{"function":"a","pathPrefix":"/x"},{"function":"b"},{"function":"c","pathPrefix":"/x"}]}"#,
            "urls[2]: has the same domain and pathPrefix as urls[0]"
        ),
        (#"{"urls":[{"function":"a","cors":[]}]}"#, "urls[0].cors: must be an object"),
        (#"{"urls":[{"function":"a","cors":{"allowOrigins":[]}}]}"#, "urls[0].cors.allowOrigins: there is no such member"),
        (#"{"urls":[{"function":"a","cors":{"MaxAge":86401}}]}"#, "urls[0].cors.MaxAge: must be a whole number from 0 to 86400"),
        (
            #"{"urls":[{"function":"a","cors":{"AllowMethods":["OPTIONS"]}}]}"#,
            "urls[0].cors.AllowMethods[0]: 'OPTIONS' is not allowed here"
        ),
        (
            #"{"urls":[{"function":"a","cors":{"AllowMethods":["GET","GET"]}}]}"#,
            "urls[0].cors.AllowMethods[1]: 'GET' stands twice"
        ),
        (
            #"{"urls":[{"function":"a","cors":{"AllowMethods":["GET","PUT","HEAD","POST","PATCH","DELETE","*"]}}]}"#,
            "urls[0].cors.AllowMethods: has 7 elements, of which 6 are allowed"
        ),
        (
            #"{"urls":[{"function":"a","cors":{"AllowOrigins":["app.example"]}}]}"#,
            "urls[0].cors.AllowOrigins[0]: 'app.example' is not allowed here"
        ),
        (
            #"{"urls":[{"function":"a","cors":{"AllowOrigins":["https://app.example/"]}}]}"#,
            "urls[0].cors.AllowOrigins[0]: 'https://app.example/' is not allowed here"
        ),
        (
            #"{"urls":[{"function":"a","cors":{"ExposeHeaders":["X A"]}}]}"#,
            "urls[0].cors.ExposeHeaders[0]: 'X A' is not allowed here"
        ),
        (#"{"defaults":{"function":"a"},"urls":[]}"#, "defaults.function: there is no such member"),
    ])
    func whatIsWrongIsNamedWithItsPlace(text: String, problem: String) {
        #expect(self.error(text) == problem)
    }

    @Test func theDaemonsFileHasNoFunction() throws {
        let url = try FunctionURLFile.url(ByteBuffer(string: #"{"invokeMode":"RESPONSE_STREAM"}"#))
        #expect(url == FunctionURL(invokeMode: .streaming))
        #expect(throws: SettingsFileError("function", "there is no such member")) {
            try FunctionURLFile.url(ByteBuffer(string: #"{"function":"a"}"#))
        }
    }
}
