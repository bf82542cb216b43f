"""An external extension that subscribes to telemetry and notes each event in a file, one JSON object a line.

usage: telemetry_extension.py NAME PROTOCOL FILE
Over HTTP it uses the Telemetry API, over TCP the Logs API. What it gets is parsed strictly; what is wrong is noted as
an event of the type "problem".
"""

import http.client
import http.server
import json
import os
import socket
import sys
import threading
import time

name, protocol, file = sys.argv[1:]
api = os.environ["AWS_LAMBDA_RUNTIME_API"]
print(name, "starts", flush=True)


def note(event):
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(descriptor, (json.dumps(event) + "\n").encode())
    os.close(descriptor)


def received(text, is_batch):
    def no_constant(constant):
        raise ValueError(constant)

    try:
        events = json.loads(text, parse_constant=no_constant)
        for event in events if is_batch else [events]:
            if set(event) != {"time", "type", "record"}:
                raise ValueError(f"members {sorted(event)}")
            for member, value in (event["record"].get("metrics", {}) if isinstance(event["record"], dict) else {}).items():
                if type(value) is not (float if member in ("durationMs", "initDurationMs") else int):
                    raise ValueError(f"{member} is {value!r}")
            note(event)
    except ValueError as error:
        note({"type": "problem", "record": f"{error}: {text!r}"})


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        if (self.path, self.headers["content-type"]) != ("/logs", "application/json"):
            note({"type": "problem", "record": f"{self.path} {self.headers['content-type']}"})
        received(self.rfile.read(int(self.headers["content-length"])), is_batch=True)
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


def listen(listener):
    while True:
        connection, _ = listener.accept()
        for line in connection.makefile("rb"):
            received(line, is_batch=False)


def ask(method, path, body, headers):
    connection = http.client.HTTPConnection(api)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    return answer, json.loads(answer.read())


answer, _ = ask(
    "POST", "/2020-01-01/extension/register", '{"events":["INVOKE","SHUTDOWN"]}', {"Lambda-Extension-Name": name}
)
identity = {"Lambda-Extension-Identifier": answer.headers["Lambda-Extension-Identifier"]}
if protocol == "HTTP":
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    path, destination = "/2022-07-01/telemetry", {"URI": f"http://sandbox.localdomain:{server.server_port}/logs"}
else:
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=listen, args=[listener], daemon=True).start()
    path, destination = "/2020-08-15/logs", {"port": listener.getsockname()[1]}
request = {
    "types": ["platform", "function", "extension"],
    "buffering": {"timeoutMs": 25},
    "destination": {"protocol": protocol, **destination},
}
answer, body = ask("PUT", path, json.dumps(request), identity)
if (answer.status, body) != (200, "OK"):
    note({"type": "problem", "record": f"{answer.status} {body}"})
while True:
    _, event = ask("GET", "/2020-01-01/extension/event/next", None, identity)
    print(name, event["eventType"], flush=True)
    if event["eventType"] == "INVOKE":
        answer, body = ask("PUT", path, json.dumps(request), identity)
        if (answer.status, body["errorType"].split(".")[1]) != (403, "SubscriptionClosed"):
            note({"type": "problem", "record": f"late: {answer.status} {body}"})
        note({"type": "late", "record": body["errorType"]})
    if event["eventType"] == "SHUTDOWN":
        time.sleep(0.5)  # the last events come within the time that a shutdown has
        break
