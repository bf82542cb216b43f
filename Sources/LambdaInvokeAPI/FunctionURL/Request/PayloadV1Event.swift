import LambdaProtocol
import NIOCore

/// The event of an API in front of a function: payload format 1.0, as API Gateway's REST APIs have it (contract 12.5).
enum PayloadV1Event {
    static func make(_ request: FunctionURLRequest) -> ByteBuffer {
        let body = request.eventBody
        let path = FunctionURLRequest.decoded(request.path)
        let resource = path == "/" ? "/" : "/{proxy+}"
        let headers = ValueGroups(request.fields)
        let parameters = ValueGroups(FormDecoding.parameters(request.query))
        var writer = JSONWriter(capacity: 4096 + request.body.readableBytes)
        writer.object { event in
            event.member("version", "1.0")
            event.member("resource", resource)
            event.member("path", path)
            event.member("httpMethod", request.method)
            self.writeLast(of: headers, "headers", to: &event)
            self.writeAll(of: headers, "multiValueHeaders", to: &event)
            self.writeLast(of: parameters, "queryStringParameters", to: &event)
            self.writeAll(of: parameters, "multiValueQueryStringParameters", to: &event)
            if path == "/" {
                event.member("pathParameters", nil)
            } else {
                event.object("pathParameters") { $0.member("proxy", String(path.drop { $0 == "/" })) }
            }
            event.member("stageVariables", nil)
            event.object("requestContext") { self.writeContext(request, resource, to: &$0) }
            switch body {
            case .none: event.member("body", nil)
            case .text(let text): event.member("body", utf8: text)
            case .base64(let text): event.member("body", plain: text)
            }
            event.member("isBase64Encoded", body.isBase64)
        }
        return writer.bytes
    }

    private static func writeContext(
        _ request: FunctionURLRequest, _ resource: String, to context: inout JSONWriter
    ) {
        context.member("accountId", request.accountID)
        context.member("apiId", request.functionName)
        context.member("authorizer", nil)
        context.member("deploymentId", "$default")
        context.member("domainName", request.domainName)
        context.member("domainPrefix", request.domainPrefix)
        context.member("extendedRequestId", request.requestID)
        context.member("httpMethod", request.method)
        context.object("identity") { self.writeIdentity(request, to: &$0) }
        context.member("path", request.fullPath)
        context.member("protocol", "HTTP/1.1")
        context.member("requestId", request.requestID)
        context.member("requestTime", request.time.commonLogFormat)
        context.member("requestTimeEpoch", request.time.millisecondsSinceEpoch)
        context.member("resourceId", "ANY \(resource)")
        context.member("resourcePath", resource)
        context.member("stage", "$default")
    }

    private static func writeIdentity(_ request: FunctionURLRequest, to identity: inout JSONWriter) {
        identity.member("accessKey", request.caller?.accessKeyID)
        identity.member("accountId", request.caller?.accountID)
        identity.member("caller", request.caller?.accessKeyID)
        identity.member("cognitoAuthenticationProvider", nil)
        identity.member("cognitoAuthenticationType", nil)
        identity.member("cognitoIdentityId", nil)
        identity.member("cognitoIdentityPoolId", nil)
        identity.member("principalOrgId", nil)
        identity.member("sourceIp", request.sourceIP)
        identity.member("user", request.caller?.accessKeyID)
        identity.member("userAgent", request.field("user-agent"))
        identity.member("userArn", request.caller?.userARN)
    }

    /// The last value of each name; null where there is none at all.
    private static func writeLast(of groups: ValueGroups, _ name: StaticString, to event: inout JSONWriter) {
        guard !groups.isEmpty else { return event.member(name, nil) }
        event.object(name) { members in
            for (name, values) in groups.groups { members.member(named: name, values.last ?? "") }
        }
    }

    private static func writeAll(of groups: ValueGroups, _ name: StaticString, to event: inout JSONWriter) {
        guard !groups.isEmpty else { return event.member(name, nil) }
        event.object(name) { members in
            for (name, values) in groups.groups {
                members.array(named: name) { elements in values.forEach { elements.element($0) } }
            }
        }
    }
}
