"""The runtime of the ledger's function: notes every execution in the file NOTES, and does what the event says.

A line is `EVENT-ID REQUEST-ID DAEMON PROCESS TIME begun`, or `… ended` before the answer is given.

{"id": I, "ms": T}            answers with the event's own bytes after T ms
{"id": I, "do": "error"}      reports a function error
{"id": I, "do": "exit"}       ends in the middle of it
{"id": I, "do": "kill"}       dies of SIGKILL in the middle of it, as for want of memory
{"id": I, "do": "exit after"} ends when it has answered         {"id": I, "do": "kill after"}   the same by SIGKILL
{"id": I, "do": "poison"}     kills its daemon
While the file FAIL is there, it ends before it asks for anything.
"""

import json
import os
import signal
import socket
import sys
import time

BASE = "/2018-06-01/runtime/invocation/"
host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
notes = os.open(os.environ["NOTES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
me = f"{os.environ['DAEMON']} {os.getpid()}"


def ask(api, method, path, body=b""):
    head = f"{method} {BASE}{path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    api.sendall(head + body if len(body) < 10_000 else head)
    if len(body) >= 10_000:
        api.sendall(body)
    data = bytearray()
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += receive(api)
    fields = {}
    for line in bytes(data[:end]).split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        fields[name.lower()] = value.strip()
    del data[:end + 4]
    length = int(fields.get(b"content-length", 0))
    while len(data) < length:
        data += receive(api)
    return fields, bytes(data)


def receive(api):
    data = api.recv(1 << 20)
    if not data:
        os._exit(0)
    return data


def note(event, request, what):
    os.write(notes, f"{event} {request} {me} {time.time():.6f} {what}\n".encode())


def end(how):
    if how.startswith("kill"):
        os.kill(os.getpid(), signal.SIGKILL)
    os._exit(3)


def main():
    if os.path.exists(os.environ["FAIL"]):
        sys.exit(1)
    api = socket.create_connection((host, int(port)))
    while True:
        fields, body = ask(api, "GET", "next")
        request = fields[b"lambda-runtime-aws-request-id"].decode()
        # A large event has its members at its beginning, so that parsing it costs nothing.
        event = json.loads(body if len(body) < 1000 else body[:body.index(b',"x"')] + b"}")
        do = event.get("do", "")
        note(event.get("id", "-"), request, "begun")
        if event.get("ms"):
            time.sleep(event["ms"] / 1000)
        if do == "poison":
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(60)
        if do in ("exit", "kill"):
            end(do)
        note(event.get("id", "-"), request, "ended")
        if do == "error":
            ask(api, "POST", request + "/error", b'{"errorType": "Wanted", "errorMessage": "as the event says"}')
        else:
            ask(api, "POST", request + "/response", body)
        if do.endswith(" after"):
            end(do)


main()
