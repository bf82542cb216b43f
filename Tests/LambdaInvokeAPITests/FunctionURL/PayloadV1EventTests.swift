import LambdaProtocol
import NIOCore
import Testing

@testable import LambdaInvokeAPI

/// Contract 12.5, row by row.
@Suite struct PayloadV1EventTests {
    @Test func theEventIsARESTAPIsToTheLetter() {
        let request = FunctionURLRequest.test(fields: [
            ("Content-Type", "application/json"), ("X-Twice", "1"), ("x-twice", "2"), ("Cookie", "a=1; b=2"),
        ])
        let expected = #"{"version":"1.0","resource":"/{proxy+}","path":"/pa2%Fth/1","httpMethod":"POST","#
            + #""headers":{"Content-Type":"application/json","X-Twice":"2","Cookie":"a=1; b=2"},"#
            + #""multiValueHeaders":{"Content-Type":["application/json"],"X-Twice":["1","2"],"Cookie":["a=1; b=2"]},"#
            + #""queryStringParameters":{"a":"1","b":"/bar"},"#
            + #""multiValueQueryStringParameters":{"a":["1"],"b":["foo","/bar"]},"#
            + #""pathParameters":{"proxy":"pa2%Fth/1"},"stageVariables":null,"requestContext":{"#
            + #""accountId":"012345678912","apiId":"shop","authorizer":null,"deploymentId":"$default","#
            + #""domainName":"abc.example.org","domainPrefix":"abc","#
            + #""extendedRequestId":"11111111-1111-4111-8111-111111111111","httpMethod":"POST","#
            + #""identity":{"accessKey":null,"accountId":null,"caller":null,"cognitoAuthenticationProvider":null,"#
            + #""cognitoAuthenticationType":null,"cognitoIdentityId":null,"cognitoIdentityPoolId":null,"#
            + #""principalOrgId":null,"sourceIp":"192.0.2.1","user":null,"userAgent":null,"userArn":null},"#
            + #""path":"/shop/pa2%25Fth/1","protocol":"HTTP/1.1","requestId":"11111111-1111-4111-8111-111111111111","#
            + #""requestTime":"04/Mar/2020:19:03:58 +0000","requestTimeEpoch":1583348638390,"#
            + #""resourceId":"ANY /{proxy+}","resourcePath":"/{proxy+}","stage":"$default"},"#
            + #""body":"{\"n\": 1}","isBase64Encoded":false}"#
        #expect(String(buffer: PayloadV1Event.make(request)) == expected)
    }

    @Test func whatIsNotThereIsNull() {
        let event = PayloadV1Event.make(.test(fields: [], body: "", path: "/", query: ""))
        for name in [
            "headers", "multiValueHeaders", "queryStringParameters", "multiValueQueryStringParameters", "pathParameters",
            "stageVariables", "body",
        ] {
            #expect(event[name] == .null, "\(name)")
        }
        #expect(event["resource"] == .string("/"))
        #expect(event["isBase64Encoded"] == .bool(false))
    }

    @Test func bytesAreBase64() {
        let event = PayloadV1Event.make(.test(fields: [("content-type", "multipart/form-data; boundary=x")]))
        #expect(event["body"] == .string("eyJuIjogMX0="))
        #expect(event["isBase64Encoded"] == .bool(true))
    }
}
