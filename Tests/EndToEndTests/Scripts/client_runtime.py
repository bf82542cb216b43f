"""client_runtime.py CLIENT [bytes] [init]: a Lambda runtime that sends what that client sends, byte for byte.

bytes    every byte goes out by itself       init    init fails, with the document {"errorType": "Init", ...}

{"do": "error", "document": D}   reports a function error; {"do": "error", "latin1": TEXT} with just these bytes
{"do": "cause", "size": N}       the same, with a header field of N bytes
{"do": "stream", "chunks": N, "size": BYTES}   streams; with "fail": true it fails behind them
{"do": "state"}                  says how often it was invoked and connected; anything else comes back as it is

It insists on what the clients insist on: an answer with another status ends it, as it ends Go's and Java's.
"""

import base64
import json
import os
import socket
import sys
import time

import stream_contents
from client_wire import CLIENTS

client = CLIENTS[sys.argv[1]]
options = sys.argv[2:]
host = os.environ["AWS_LAMBDA_RUNTIME_API"]
state = {"invocations": 0, "connections": 0}


class Connection:
    def __init__(self):
        address, port = host.split(":")
        self.socket = socket.create_connection((address, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = self.socket.makefile("rb")
        state["connections"] += 1

    def send(self, data):
        """One write, or one for each byte."""
        for piece in [data[i:i + 1] for i in range(len(data))] if "bytes" in options else [data]:
            self.socket.sendall(piece)

    def line(self):
        line = self.reader.readline()
        if not line.endswith(b"\r\n"):
            fail(f"the daemon's line ends early: {line!r}")
        return line[:-2].decode("latin-1")

    def answer(self, status):
        first = self.line()
        if not first.startswith(f"HTTP/1.1 {status} "):
            fail(f"expected {status}, got {first}")
        fields = {}
        while line := self.line():
            name, value = line.split(":", 1)
            fields[name.lower()] = value.strip()
        return fields, self.reader.read(int(fields.get("content-length", 0)))


connections = {}


def fail(why):
    print(f"client_runtime: {why}", file=sys.stderr, flush=True)
    os._exit(70)


def connection(kind):
    label = f"new {state['connections']}" if kind in client.closing else "other" if kind in client.other else "main"
    if label not in connections:
        connections[label] = Connection()
    return label, connections[label]


def exchange(kind, pieces, status):
    label, link = connection(kind)
    for piece in pieces:
        if piece is None:
            # Those who wait for "continue" send their bodies all the same after a second; here that is a defect.
            link.socket.settimeout(0.9)
            link.answer(100)
            link.socket.settimeout(None)
        else:
            link.send(piece)
    answer = link.answer(status)
    if kind in client.closing:
        link.socket.close()
        del connections[label]
    return answer


def post(kind, body, request_id="", cause="{}"):
    template = client.large if client.large and kind == "response" and len(body) >= 6_000_000 else getattr(client, kind)
    text = template.replace("{host}", host).replace("{id}", request_id).replace("{cause}", cause)
    head = text.replace("{length}", str(len(body))).encode("latin-1")
    if "chunked" not in text.lower():
        pieces = [head, None, body] if "100-continue" in text else [head, body]
    else:
        size = client.chunk
        chunks = [body[i:i + size] for i in range(0, len(body), size)]
        pieces = [head, *[b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks], b"0\r\n\r\n"]
    exchange(kind, [b"".join(pieces)] if client.together else pieces, 202)


def stream(request_id, event):
    chunks = list(stream_contents.chunks(event))
    end = b"0\r\n\r\n"
    if event.get("fail"):
        document = {"errorMessage": "in mid-stream", "errorType": "Streamed"}
        if client.trailers is None:
            chunks.append(b"Lambda-Runtime-Function-Error-Type: Streamed\r\n")
        else:
            body = base64.b64encode(json.dumps(document).encode()).decode()
            end = f"0\r\n{client.trailers.format(type='Streamed', body=body)}\r\n".encode()
    head = client.stream.replace("{host}", host).replace("{id}", request_id).encode()
    exchange("stream", [head, *[b"%x\r\n%s\r\n" % (len(c), c) for c in chunks], end], 202)


def next_event():
    request = client.next.replace("{host}", host).replace("{length}", "0").encode()
    fields, body = exchange("next", [request], 200)
    # What Rust, Go, C++ and Swift cannot do without.
    request_id, arn = fields["lambda-runtime-aws-request-id"], fields["lambda-runtime-invoked-function-arn"]
    if len(request_id) != 36 or not arn.startswith("arn:"):
        fail(f"not an event: {fields}")
    if int(fields["lambda-runtime-deadline-ms"]) < time.time() * 1000:
        fail(f"the deadline has passed: {fields}")
    return request_id, body


def serve():
    request_id, body = next_event()
    state["invocations"] += 1
    try:
        event = json.loads(body) if len(body) < 1000 else None
    except ValueError:
        event = None
    match event:
        case {"do": "error", "document": document}:
            post("error", json.dumps(document).encode(), request_id)
        case {"do": "error", "latin1": text}:
            post("error", text.encode("latin-1"), request_id)
        case {"do": "cause", "size": size}:
            post("error", b'{"errorType": "Large"}', request_id, cause='{"message":"' + "x" * (size - 14) + '"}')
        case {"do": "stream"}:
            stream(request_id, event)
        case {"do": "state"}:
            post("response", json.dumps(state).encode(), request_id)
        case _:
            post("response", body, request_id)


if "init" in options:
    post("init", b'{"errorType": "Init", "errorMessage": "cannot be loaded"}')
    sys.exit(1)
while True:
    serve()
