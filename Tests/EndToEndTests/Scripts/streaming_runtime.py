"""A Lambda runtime that streams its answer byte for byte as Node's runtime client does (chunked, declared trailers).

{"chunks": N, "size": BYTES}   what is streamed; all further members are optional
"pause_ms": N                  waits before each chunk but the first      "type": T    the content type
"fail": "trailer"              ends in an error, told in the trailers     "fail": "swift"   as Swift's client tells it
"exit": N                      ends the process in mid-stream             "hang": true     never ends the stream
"cut": true                    closes the connection in mid-stream        "buffered": true  answers in one piece
"prelude": JSON                stands before the chunks, as HttpResponseStream.from puts it there
"status": true                 answers in one piece with how far it is: {"invocations": …, "last": status of the last post}

The event of a function URL says the same in its query: ?chunks=N&size=BYTES&…
"""

import base64
import json
import os
import socket
import time

import stream_contents

host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
base = "/2018-06-01/runtime/invocation/"
state = {"invocations": 0, "last": None}
PRELUDE_TYPE = "application/vnd.awslambda.http-integration-response"


def connect():
    sock = socket.create_connection((host, int(port)))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock, sock.makefile("rb")


sock, reader = connect()


def send_head(method, path, *fields):
    fields += (f"Host: {host}:{port}", "Connection: keep-alive")
    sock.sendall("\r\n".join([f"{method} {base}{path} HTTP/1.1", *fields, "", ""]).encode())


def read_answer():
    status = int(reader.readline().split()[1])
    headers = {}
    while line := reader.readline().strip():
        name, value = line.decode().split(":", 1)
        headers[name.lower()] = value.strip()
    return status, headers, reader.read(int(headers.get("content-length", 0)))


def post_whole(request_id, body):
    send_head("POST", f"{request_id}/response", "Content-Type: application/json", f"Content-Length: {len(body)}")
    sock.sendall(body)
    return read_answer()[0]


def trailers(kind):
    if kind == "swift":
        error_type, body = "Unhandled", "Requires base64"
    else:
        document = {"errorType": "Error", "errorMessage": "in mid-stream", "trace": ["Error: in mid-stream"]}
        error_type, body = "Error", base64.b64encode(json.dumps(document, separators=(",", ":")).encode()).decode()
    return (f"Lambda-Runtime-Function-Error-Type: {error_type}\r\n"
            f"Lambda-Runtime-Function-Error-Body: {body}\r\n").encode()


def post_stream(request_id, event):
    global sock, reader
    send_head("POST", f"{request_id}/response",
              "Lambda-Runtime-Function-Response-Mode: streaming",
              "Trailer: Lambda-Runtime-Function-Error-Type",
              "Trailer: Lambda-Runtime-Function-Error-Body",
              f"Content-Type: {event.get('type', PRELUDE_TYPE if 'prelude' in event else 'application/octet-stream')}",
              "Transfer-Encoding: chunked")
    if "prelude" in event:
        prelude = event["prelude"].encode()
        # In two pieces, of which neither has all of the delimiter.
        sock.sendall(b"%x\r\n%s\r\n" % (len(prelude) + 3, prelude + bytes(3)))
        sock.sendall(b"5\r\n%s\r\n" % bytes(5))
    for number, chunk in enumerate(stream_contents.chunks(event)):
        if number:
            time.sleep(event.get("pause_ms", 0) / 1000)
        sock.sendall(b"%x\r\n%s\r\n" % (len(chunk), chunk))
    if "exit" in event:
        os._exit(event["exit"])
    if event.get("hang"):
        time.sleep(1000)
    if event.get("cut"):
        sock.close()
        sock, reader = connect()
        return None
    sock.sendall(b"0\r\n" + (trailers(event["fail"]) if "fail" in event else b"") + b"\r\n")
    return read_answer()[0]


while True:
    send_head("GET", "next")
    _, headers, body = read_answer()
    request_id, event = headers["lambda-runtime-aws-request-id"], json.loads(body)
    state["invocations"] += 1
    if isinstance(event, dict) and "rawQueryString" in event:
        event = stream_contents.of_query(event["rawQueryString"])
    if not isinstance(event, dict) or not ("chunks" in event or "status" in event):
        post_whole(request_id, body)
    elif event.get("status"):
        post_whole(request_id, json.dumps(state).encode())
    elif event.get("buffered"):
        state["last"] = post_whole(request_id, b"".join(stream_contents.chunks(event)))
    else:
        state["last"] = post_stream(request_id, event)
