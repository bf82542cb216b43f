import LambdaProtocol
import NIOCore

/// The event of a function URL: payload format 2.0 (contract 12.1).
enum PayloadV2Event {
    static func make(_ request: FunctionURLRequest) -> ByteBuffer {
        let body = request.eventBody
        var writer = JSONWriter(capacity: 4096 + request.body.readableBytes)
        writer.object { event in
            event.member("version", "2.0")
            event.member("routeKey", "$default")
            event.member("rawPath", request.path)
            event.member("rawQueryString", request.query)
            self.writeCookies(request, to: &event)
            event.object("headers") { headers in
                for (name, values) in ValueGroups(request.fields.filter { !self.isCookie($0) }).groups {
                    headers.member(named: name.lowercased(), values.joined(separator: ","))
                }
            }
            self.writeParameters(request, to: &event)
            event.object("requestContext") { self.writeContext(request, to: &$0) }
            switch body {
            case .none: break
            case .text(let text): event.member("body", utf8: text)
            case .base64(let text): event.member("body", plain: text)
            }
            event.member("isBase64Encoded", body.isBase64)
        }
        return writer.bytes
    }

    private static func writeContext(_ request: FunctionURLRequest, to context: inout JSONWriter) {
        context.member("accountId", request.caller?.accountID ?? "anonymous")
        context.member("apiId", request.functionName)
        if let caller = request.caller {
            context.object("authorizer") { $0.object("iam") { self.write(caller, to: &$0) } }
        }
        context.member("domainName", request.domainName)
        context.member("domainPrefix", request.domainPrefix)
        context.object("http") { http in
            http.member("method", request.method)
            http.member("path", FunctionURLRequest.decoded(request.path))
            http.member("protocol", "HTTP/1.1")
            http.member("sourceIp", request.sourceIP)
            http.member("userAgent", request.field("user-agent") ?? "")
        }
        context.member("requestId", request.requestID)
        context.member("routeKey", "$default")
        context.member("stage", "$default")
        context.member("time", request.time.commonLogFormat)
        context.member("timeEpoch", request.time.millisecondsSinceEpoch)
    }

    /// A key file knows no ids of callers but those of their keys.
    private static func write(_ caller: RequestCaller, to iam: inout JSONWriter) {
        iam.member("accessKey", caller.accessKeyID)
        iam.member("accountId", caller.accountID)
        iam.member("callerId", caller.accessKeyID)
        iam.member("cognitoIdentity", nil)
        iam.member("principalOrgId", nil)
        iam.member("userArn", caller.userARN)
        iam.member("userId", caller.accessKeyID)
    }

    /// Not among the headers; absent without cookies.
    private static func writeCookies(_ request: FunctionURLRequest, to event: inout JSONWriter) {
        let cookies = request.fields.filter { self.isCookie($0) }.flatMap { field in
            field.value.split(separator: ";").map { String($0.drop { $0 == " " }) }.filter { !$0.isEmpty }
        }
        guard !cookies.isEmpty else { return }
        event.array("cookies") { elements in
            for cookie in cookies { elements.element(cookie) }
        }
    }

    private static func isCookie(_ field: HTTPField) -> Bool { field.name.lowercased() == "cookie" }

    /// Absent without a query.
    private static func writeParameters(_ request: FunctionURLRequest, to event: inout JSONWriter) {
        let parameters = ValueGroups(FormDecoding.parameters(request.query))
        guard !parameters.isEmpty else { return }
        event.object("queryStringParameters") { members in
            for (name, values) in parameters.groups { members.member(named: name, values.joined(separator: ",")) }
        }
    }
}
