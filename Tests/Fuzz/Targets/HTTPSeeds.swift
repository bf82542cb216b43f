/// Requests as clients and runtimes send them.
enum HTTPSeeds {
    /// What gateway and daemon serve.
    static let invoke: [String] = [
        post("/2015-03-31/functions/echo/invocations", #"{"a":1}"#),
        post("/2015-03-31/functions/scripted/invocations", "1", "X-Amz-Log-Type: Tail\r\nX-Amz-Client-Context: e30=\r\n"),
        post("/2015-03-31/functions/echo:prod/invocations?Qualifier=prod", "{}", "X-Amz-Invocation-Type: Event\r\n"),
        post("/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Aecho/invocations", "[]"),
        post("/2015-03-31/functions/fails/invocations", "null", "X-Amz-Invocation-Type: DryRun\r\n"),
        post("/2021-11-15/functions/streams/response-streaming-invocations", "{}"),
        post("/2021-11-15/functions/streamfails/response-streaming-invocations", "{}"),
        post("/2014-11-13/functions/busy/invoke-async/", "{}"), post("/2015-03-31/functions/slow/invocations", "{}"),
        post("/2015-03-31/functions/nobody/invocations", "{}", "X-Amz-Tenant-Id: t\r\nX-Lambda-Idempotency-Key: k\r\n"),
        chunked("/2015-03-31/functions/echo/invocations", ["{", "\"a\":", "2}"]),
        "GET /_/health HTTP/1.1\r\nHost: h\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /v1/a%20b/../c?x=1&x=2&y HTTP/1.1\r\nHost: h\r\nCookie: a=b; c=d\r\nX-A: 1\r\nx-a: 2\r\n\r\n",
        "HEAD /f/scripted/x HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: api.example\r\nOrigin: https://a.example\r\n\r\n",
        "OPTIONS /a HTTP/1.1\r\nHost: api.example:80\r\nOrigin: https://a.example\r\n"
            + "Access-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: x-a\r\n\r\n",
        "PUT /s/x HTTP/1.1\r\nHost: a.stream.example\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc",
        "GET /secret HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 1.2.3.4, [::1]:2\r\nForwarded: for=\"[::1]\";proto=https\r\n\r\n",
        "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\nrest", "\r\n\r\nGET http://h/f/echo?q HTTP/1.1\r\nHost: h\r\n\r\n",
    ]

    /// What a runtime and extensions send.
    static let runtime: [String] = [
        "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: h\r\nUser-Agent: aws-lambda-python/3.13\r\n\r\n",
        post("/2018-06-01/runtime/invocation/\(id)/response", #"{"ok":true}"#),
        post("/2018-06-01/runtime/invocation/\(id)/error", "{}", "Lambda-Runtime-Function-Error-Type: My.Error\r\n"),
        post("/2018-06-01/runtime/init/error", #"{"errorMessage":"e"}"#, "Lambda-Runtime-Function-Error-Type: A.B\r\n"),
        "POST /2018-06-01/runtime/invocation/\(id)/response HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
            + "Lambda-Runtime-Function-Response-Mode: streaming\r\nTrailer: Lambda-Runtime-Function-Error-Type, "
            + "Lambda-Runtime-Function-Error-Body\r\n\r\n3\r\nabc\r\n0\r\nLambda-Runtime-Function-Error-Type: T\r\n"
            + "Lambda-Runtime-Function-Error-Body: e30=\r\n\r\n",
        "GET /2018-06-01/ping HTTP/1.1\r\nHost: h\r\n\r\n",
        post("/2020-01-01/extension/register", #"{"events":["INVOKE","SHUTDOWN"]}"#,
            "Lambda-Extension-Name: e\r\nLambda-Extension-Accept-Feature: accountId\r\n"),
        "GET /2020-01-01/extension/event/next HTTP/1.1\r\nHost: h\r\nLambda-Extension-Identifier: \(unknown)\r\n\r\n",
        post("/2020-01-01/extension/init/error", "{}",
            "Lambda-Extension-Identifier: \(unknown)\r\nLambda-Extension-Function-Error-Type: E.F\r\n"),
        post("/2020-01-01/extension/exit/error", "{}", "Lambda-Extension-Identifier: \(unknown)\r\n"),
    ]

    /// Fields that matter.
    static let fields = [
        "Content-Length: 0", "Content-Length: 3", "Content-Length: 99999999", "Transfer-Encoding: chunked",
        "Transfer-Encoding: gzip, chunked", "Connection: close", "Connection: keep-alive", "Expect: 100-continue",
        "Host: api.example", "Host: x.stream.example", "Upgrade: h2c", "X-Amz-Client-Context: e30=",
        "X-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793", "X-Amz-Invocation-Type: Event",
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate: a=b",
        "X-Amz-Log-Type: Tail", "Cookie: a=b", "Lambda-Runtime-Function-Response-Mode: streaming",
        "Lambda-Runtime-Function-Error-Type: A", "X-Forwarded-For: 1.2.3.4", "Origin: https://a.example", "",
    ]

    /// The invocation that a runtime is given first.
    static let id = "00000000-0000-4000-8000-000000000001"
    /// Stands for the identifier that an extension was given.
    static let unknown = "99999999-9999-4999-8999-999999999999"

    private static func post(_ path: String, _ body: String, _ fields: String = "") -> String {
        "POST \(path) HTTP/1.1\r\nHost: h\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private static func chunked(_ path: String, _ parts: [String]) -> String {
        let chunks = parts.map { "\(String($0.utf8.count, radix: 16));x=\"y\"\r\n\($0)\r\n" }.joined()
        return "POST \(path) HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks)0\r\nA: b\r\n\r\n"
    }
}
