"""What runtime clients send, as a proxy between each of them and this daemon recorded it.

go         aws-lambda-go [815d21f] with Go 1.19.8                  swift  swift-aws-lambda-runtime [72865e4]
node       aws-lambda-ric 3.3.0 (its native part for next,         rust   lambda_runtime 0.8.0 (hyper)
           response and error; node's http for the rest)           cpp    aws-lambda-cpp [b83d8fa] (libcurl)
java       aws-lambda-java-runtime-interface-client [c4dcbab]      python awslambdaric 4.2.2
java-http  java.net.http of JDK 17, which offers HTTP/2            curl   curl 7.88.1, as in bootstraps made of bash
ruby       aws-lambda-ruby-runtime-interface-client [70a2045]

A head's lines end in CR LF on the wire; {host}, {id} and {length} are what they say.
"""

from typing import NamedTuple

API = "/2018-06-01/runtime"
TYPE, BODY = "Lambda-Runtime-Function-Error-Type", "Lambda-Runtime-Function-Error-Body"


class Client(NamedTuple):
    next: str
    response: str
    error: str
    init: str | None = None
    stream: str | None = None
    # The head of a response of 6 000 000 bytes and more.
    large: str | None = None
    # Bytes in each chunk of a body that comes in chunks, and whether errors in mid-stream are told in trailers.
    chunk: int = 32768
    trailers: str | None = None
    # Whether head and body go out together.
    together: bool = False
    # Which posts go over another connection than `next`, which over a new one that is closed behind them.
    other: tuple = ()
    closing: tuple = ()


def head(line, *fields):
    return "\r\n".join([line, *fields, "", ""])


def curl_client(agent, *cause):
    """libcurl as aws-lambda-cpp uses it; Python, Node and Java carry that inside."""
    post = ("Host: {host}", "Accept: */*", "content-type: application/json")
    end = (f"User-Agent: {agent}", "content-length: {length}")
    return (head(f"GET {API}/invocation/next HTTP/1.1", "Host: {host}", "Accept: */*", f"User-Agent: {agent}"),
            head(f"POST {API}/invocation/{{id}}/response HTTP/1.1", *post, *end),
            head(f"POST {API}/invocation/{{id}}/error HTTP/1.1", *post, *cause, *end))


def go():
    agent = ("Host: {host}", "User-Agent: aws-lambda-go/go1.19.8")
    post = agent + ("Transfer-Encoding: chunked", f"Trailer: {BODY},{TYPE}")
    cause = 'Lambda-Runtime-Function-Xray-Error-Cause: {cause}'
    json, gzip = "Content-Type: application/json", "Accept-Encoding: gzip"
    return Client(
        next=head(f"GET {API}/invocation/next HTTP/1.1", *agent, gzip),
        response=head(f"POST {API}/invocation/{{id}}/response HTTP/1.1", *post, json, gzip),
        error=head(f"POST {API}/invocation/{{id}}/error HTTP/1.1", *post, json, cause, gzip),
        stream=head(f"POST {API}/invocation/{{id}}/response HTTP/1.1", *post, "Content-Type: application/octet-stream",
                    gzip),
        trailers=f"{BODY}: {{body}}\r\n{TYPE}: {{type}}\r\n")


def swift():
    agent = ("host: {host}", "user-agent: Swift-Lambda/2.0")
    return Client(
        next=head(f"GET {API}/invocation/next HTTP/1.1", *agent),
        response=head(f"POST {API}/invocation/{{id}}/response HTTP/1.1", *agent, "content-length: {length}"),
        error=head(f"POST {API}/invocation/{{id}}/error HTTP/1.1", *agent,
                   "lambda-runtime-function-error-type: Unhandled", "transfer-encoding: chunked"),
        init=head(f"POST {API}/init/error HTTP/1.1", "content-length: {length}", *agent,
                  "lambda-runtime-function-error-type: Unhandled"),
        large=head(f"POST {API}/invocation/{{id}}/response HTTP/1.1", *agent, "transfer-encoding: chunked"),
        stream=head(f"POST {API}/invocation/{{id}}/response HTTP/1.1", *agent,
                    "Lambda-Runtime-Function-Response-Mode: streaming", f"Trailer: {TYPE}, {BODY}",
                    "transfer-encoding: chunked"),
        chunk=1 << 23, trailers=f"{TYPE}: Unhandled\r\n{BODY}: Requires base64\r\n", together=True)


def node():
    next, response, error = curl_client("AWS_Lambda_Cpp/0.2.8", "lambda-runtime-function-xray-error-cause: {cause}")
    return Client(
        next, response, error,
        init=head(f"POST {API}/init/error HTTP/1.1", "Content-Type: application/json", "Content-Length: {length}",
                  f"{TYPE}: Runtime.UnhandledPromiseRejection", "Host: {host}", "Connection: keep-alive"),
        stream=head(f"POST {API}/invocation/{{id}}/response HTTP/1.1",
                    "Lambda-Runtime-Function-Response-Mode: streaming", f"Trailer: {TYPE}", f"Trailer: {BODY}",
                    "Content-Type: application/octet-stream", "Host: {host}", "Connection: keep-alive",
                    "Transfer-Encoding: chunked"),
        trailers=f"{TYPE}: {{type}}\r\n{BODY}: {{body}}\r\n", other=("init", "stream"))


def rust():
    agent = ("user-agent: aws-lambda-rust/0.8.0",)
    return Client(
        next=head(f"GET {API}/invocation/next HTTP/1.1", *agent, "host: {host}"),
        response=head(f"POST {API}/invocation/{{id}}/response HTTP/1.1", *agent, "host: {host}",
                      "content-length: {length}"),
        error=head(f"POST {API}/invocation/{{id}}/error HTTP/1.1", *agent,
                   "lambda-runtime-function-error-type: unhandled", "host: {host}", "content-length: {length}"),
        # An error in mid-stream is text of the body that looks like trailers.
        stream=head(f"POST {API}/invocation/{{id}}/response HTTP/1.1",
                    "content-type: application/vnd.awslambda.http-integration-response",
                    "lambda-runtime-function-response-mode: streaming", "trailer: " + TYPE, "trailer: " + BODY, *agent,
                    "host: {host}", "transfer-encoding: chunked"),
        other=("response", "error", "stream"), together=True)


def java():
    next, response, _ = curl_client("aws-lambda-java/17-2.8.0")
    fields = ("Content-Type: application/json", "User-Agent: aws-lambda-java/17-2.8.0")
    end = ("Host: {host}", "Accept: text/html, image/gif, image/jpeg, */*; q=0.2", "Connection: keep-alive",
           "Content-Length: {length}")
    return Client(
        next, response,
        head(f"POST {API}/invocation/{{id}}/error HTTP/1.1", *fields,
             "Lambda-Runtime-Function-XRay-Error-Cause: {cause}", f"{TYPE}: Runtime.UserException", *end),
        init=head(f"POST {API}/init/error HTTP/1.1", *fields, f"{TYPE}: Runtime.BadFunctionCode", *end),
        other=("error", "init"))


def java_http():
    upgrade = ("Connection: Upgrade, HTTP2-Settings", "Content-Length: {length}", "Host: {host}",
               "HTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA", "Upgrade: h2c",
               "User-Agent: Java-http-client/17.0.15")
    return Client(*[head(f"{route} HTTP/1.1", *upgrade) for route in (
        f"GET {API}/invocation/next", f"POST {API}/invocation/{{id}}/response", f"POST {API}/invocation/{{id}}/error",
        f"POST {API}/init/error")], together=True)


def python():
    next, response, error = curl_client(
        "aws-lambda-python/3.11.7-4.2.2", "lambda-runtime-function-xray-error-cause: {cause}")
    return Client(
        next, response, error,
        init=head(f"POST {API}/init/error HTTP/1.1", "Host: {host}", "Accept-Encoding: identity",
                  "Content-Length: {length}", f"{TYPE}: Runtime.ImportModuleError"),
        closing=("init",))


def cpp():
    next, response, error = curl_client("AWS_Lambda_Cpp/0.2.10")
    return Client(next, response.replace("application/json", "text/html"), error)


def ruby():
    """Net::HTTP: a connection for each request, and a form's content type where none is set."""
    agent = ("User-Agent: aws-lambda-ruby/3.1.2-3.1.3", "Accept-Encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3",
             "Accept: */*", "Host: {host}")
    form = ("Content-Length: {length}", "Content-Type: application/x-www-form-urlencoded")
    cause = "Lambda-Runtime-Function-Xray-Error-Cause: {cause}"
    return Client(
        head(f"GET {API}/invocation/next HTTP/1.1", *agent),
        head(f"POST {API}/invocation/{{id}}/response HTTP/1.1", *agent, *form),
        head(f"POST {API}/invocation/{{id}}/error HTTP/1.1", f"{TYPE}: Function<ArgumentError>", agent[0], cause,
             *agent[1:], *form),
        head(f"POST {API}/init/error HTTP/1.1", f"{TYPE}: Function<UserException>", *agent, *form),
        closing=("next", "response", "error", "init"))


def curl():
    agent = ("Host: {host}", "User-Agent: curl/7.88.1", "Accept: */*")
    post = agent + ("Content-Length: {length}", "Content-Type: application/x-www-form-urlencoded")
    return Client(
        head(f"GET {API}/invocation/next HTTP/1.1", *agent),
        head(f"POST {API}/invocation/{{id}}/response HTTP/1.1", *post, "Expect: 100-continue"),
        head(f"POST {API}/invocation/{{id}}/error HTTP/1.1", *post), head(f"POST {API}/init/error HTTP/1.1", *post),
        closing=("next", "response", "error", "init"))


CLIENTS = {
    "go": go(), "swift": swift(), "node": node(), "rust": rust(), "java": java(), "java-http": java_http(),
    "python": python(), "ruby": ruby(), "cpp": cpp(), "curl": curl(),
}
