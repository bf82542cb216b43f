"""A web application (WSGI) as a Lambda function behind a function URL, in both payload formats."""

import base64
import email.parser
import email.policy
import hashlib
import http.cookies
import io
import json
from urllib.parse import parse_qs, parse_qsl, urlencode

PAGE = """<!doctype html><meta charset="utf-8"><title>A function</title>
<form method="post" action="form"><input name="name" value="Zoë &amp; co"><button id="send">Send</button></form>
<p id="seen"></p>
"""


def answer(start, status, content_type, body, *headers):
    body = body.encode() if isinstance(body, str) else body
    start(status, [("Content-Type", content_type), *headers])
    return [body]


def as_json(start, value, *headers):
    return answer(start, "200 OK", "application/json", json.dumps(value, sort_keys=True), *headers)


def digest(body):
    return {"size": len(body), "sha256": hashlib.sha256(body).hexdigest()}


def upload(environ, body):
    head = f"Content-Type: {environ['CONTENT_TYPE']}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    return {part.get_filename() or part.get_param("name", header="content-disposition"):
            digest(part.get_payload(decode=True)) for part in message.iter_parts()}


def application(environ, start):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    query = parse_qs(environ["QUERY_STRING"])
    match environ["REQUEST_METHOD"], environ["PATH_INFO"]:
        case "GET" | "HEAD", "/":
            return answer(start, "200 OK", "text/html; charset=utf-8", PAGE)
        case "POST", "/form":
            fields = dict(parse_qsl(body.decode()))
            return answer(start, "200 OK", "text/html; charset=utf-8", f"<p id=seen>Hello {fields['name']}</p>")
        case "POST", "/json":
            return as_json(start, {"got": json.loads(body)})
        case "POST", "/upload":
            return as_json(start, upload(environ, body))
        case "PUT", "/raw":
            return as_json(start, digest(body))
        case "GET", "/download":
            contents = bytes(range(256)) * int(query["blocks"][0])
            return answer(start, "200 OK", "application/octet-stream", contents,
                          ("Content-Disposition", 'attachment; filename="bytes.bin"'))
        case "GET", "/login":
            return answer(start, "302 Found", "text/plain", "", ("Location", "cookies"),
                          ("Set-Cookie", "session=s1; Path=/; HttpOnly"), ("Set-Cookie", "theme=dark; Path=/"))
        case "GET", "/cookies":
            cookies = http.cookies.SimpleCookie(environ.get("HTTP_COOKIE", ""))
            return as_json(start, {name: morsel.value for name, morsel in cookies.items()})
        case "GET", "/environ":
            return as_json(start, {name: value for name, value in environ.items() if isinstance(value, str)})
        case "GET", "/fails":
            raise ValueError("a secret of the function")
        case "GET", "/splits":
            return answer(start, "200 OK", "text/plain", "x", ("X-A", "b\r\nX-Injected: 1"))
        case _:
            return answer(start, "404 Not Found", "text/plain", "no such page")


def environment(event):
    body = event.get("body") or ""
    body = base64.b64decode(body) if event["isBase64Encoded"] else body.encode()
    headers = {name.lower(): value for name, value in event["headers"].items()}
    if event["version"] == "2.0":
        request, query = event["requestContext"]["http"], event["rawQueryString"]
        if "cookies" in event:
            headers["cookie"] = "; ".join(event["cookies"])
        method, path = request["method"], request["path"]
    else:
        method, path = event["httpMethod"], event["path"]
        query = urlencode(event["multiValueQueryStringParameters"] or {}, doseq=True)
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "wsgi.input": io.BytesIO(body)}
    for name, value in headers.items():
        name = name.upper().replace("-", "_")
        environ[name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else "HTTP_" + name] = value
    return environ


def handler(event, context):
    head = {}

    def start(status, headers):
        head.update(status=int(status.split()[0]), headers=headers)

    body = b"".join(application(environment(event), start))
    result = {"statusCode": head["status"], "body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    cookies = [value for name, value in head["headers"] if name == "Set-Cookie"]
    result["headers"] = {name: value for name, value in head["headers"] if name != "Set-Cookie"}
    if event["version"] == "2.0":
        result["cookies"] = cookies
    else:
        result["multiValueHeaders"] = {"Set-Cookie": cookies}
    return result
