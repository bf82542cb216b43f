"""Uses the application of web_function.py as a browser would, with urllib, and prints what it saw as JSON.

usage: web_client.py URL [HOST]     HOST: what to say in the field Host
"""

import hashlib
import http.cookiejar
import json
import os
import sys
import urllib.error
import urllib.request

base = sys.argv[1]
jar = http.cookiejar.CookieJar()
opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
seen = {}


def request(path, body=None, method=None, **headers):
    request = urllib.request.Request(base + path, data=body, method=method)
    if len(sys.argv) > 2:
        request.add_header("Host", sys.argv[2])
    for name, value in headers.items():
        request.add_header(name.replace("_", "-"), value)
    try:
        return opener.open(request, timeout=20)
    except urllib.error.HTTPError as error:
        return error


def text(path, *arguments, **headers):
    with request(path, *arguments, **headers) as answer:
        return f"{answer.status} {answer.read().decode()}"


def digest(data):
    return {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


with request("/") as page:
    seen["page"] = f"{page.status} {page.headers['Content-Type']} {'<form' in page.read().decode()}"
with request("/", method="HEAD") as head:
    seen["head"] = f"{head.status} {int(head.headers['Content-Length']) > 100} {len(head.read())}"
seen["form"] = text("/form", b"name=Zo%C3%AB+%26+co&x=1", Content_Type="application/x-www-form-urlencoded")
seen["json"] = text("/json", json.dumps({"a": ["é", 1]}).encode(), Content_Type="application/json")

data = os.urandom(300_000)
boundary = "----boundary-7MA4YWxkTrZu0gW"
parts = (f'--{boundary}\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'
         f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n'
         f"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n").encode()
with request("/upload", parts + data + f"\r\n--{boundary}--\r\n".encode(),
             Content_Type=f"multipart/form-data; boundary={boundary}") as answer:
    uploaded = json.load(answer)
seen["upload"] = uploaded == {"note": digest(b"hello"), "a.bin": digest(data)}
large = os.urandom(4_400_000)
with request("/raw", large, "PUT", Content_Type="image/png") as answer:
    seen["large upload"] = json.load(answer) == digest(large)
seen["too large"] = text("/raw", os.urandom(5_000_000), "PUT", Content_Type="image/png")

with request("/download?blocks=8192") as answer:
    seen["download"] = answer.read() == bytes(range(256)) * 8192
    seen["download type"] = f"{answer.headers['Content-Type']} {answer.headers['Content-Disposition']}"

# The redirect is followed, with the cookies that it has set.
seen["redirect"] = text("/login")
seen["cookies"] = sorted(f"{cookie.name}={cookie.value}" for cookie in jar)
seen["missing"] = text("/no/such%2Fpage")
seen["failure"] = text("/fails")
seen["splitting"] = text("/splits")

with request("/environ?a=1&a=b+c&%C3%A9=%2F", X_Own="1", X_Forwarded_For="9.9.9.9",
             X_Amzn_Trace_Id="Root=1-5759e988-bd862e3fe1be46a994272793") as answer:
    environ = json.load(answer)
    ids = answer.headers["x-amzn-RequestId"], answer.headers["X-Amzn-Trace-Id"]
seen["query"] = environ["QUERY_STRING"]
seen["forwarded"] = [environ[name] for name in ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_OWN")]
seen["trace"] = environ["HTTP_X_AMZN_TRACE_ID"] == ids[1] and "Root=1-5759e988-bd862e3fe1be46a994272793;" in ids[1]
seen["id"] = len(ids[0])
print(json.dumps({name: value if isinstance(value, str) else json.dumps(value) for name, value in seen.items()}))
