"""A Lambda runtime that fails as its event says, and otherwise sends the event's bytes back.

{"fail": HOW}      error, exit0, exit3, kill, segv, abort, memory (takes all there is), hang, large (one byte too many),
                   mode (an unknown response mode), truncated (half a body)
  "child": true    starts a process of its own first            "cause": N   with error: a header of N bytes
  "write": PATH    writes a file first
{"say": WHAT}      headers (the event's), process (its id, and whether "file" is there), last (what "after" brought)
{"sleep": MS}      answers after that time                      {"print": N}   prints N bytes
{"respond": N}     answers with N bytes                         {"take": MB}   has so much memory for a while
{"probe": [[METHOD, PATH, HEADERS, BODY] …], "after": […]}      asks these of the Runtime API, before and after it answers
                   with what came of the first; {id} stands for the invocation's id

The file NOTES gets a line for each start, each execution, and each end at the moment at which it comes. While there is a
file INIT_FAILS, init ends as it says: error or a status; at hang it does not end, but does so only once.
"""

import ctypes
import http.client
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time

address = os.environ["AWS_LAMBDA_RUNTIME_API"]
base = "/2018-06-01/runtime/"
api = http.client.HTTPConnection(address)
notes = os.open(os.environ["NOTES"], os.O_WRONLY | os.O_CREAT | os.O_APPEND) if "NOTES" in os.environ else None
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
last = []


def note(what, **more):
    if notes is not None:
        os.write(notes, (json.dumps({"what": what, "pid": os.getpid(), "time": time.time(), **more}) + "\n").encode())


def ask(method, path, body=None, headers={}, connection=api):
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    return response, response.read()


def probe(requests, request_id):
    """What came of requests, each on a connection of its own."""
    results = []
    for method, path, headers, body in requests:
        connection = http.client.HTTPConnection(address)
        response, answer = ask(method, path.replace("{id}", request_id), body, headers, connection)
        results.append({"status": response.status, "type": response.headers.get("Content-Type"), "body": answer.decode(),
                        "id": response.headers.get("Lambda-Runtime-Aws-Request-Id")})
        connection.close()
    return results


def truncated(request_id):
    host, port = address.split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(f"POST {base}invocation/{request_id}/response HTTP/1.1\r\nHost: {address}\r\n"
                           "Content-Length: 100\r\n\r\nonly half".encode())
        note("ends")
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(4096):
            pass


def fail(how, event, request_id):
    path = f"{base}invocation/{request_id}/"
    if "write" in event:
        open(event["write"], "w").close()
    if event.get("child"):
        note("child", child=subprocess.Popen(["sleep", "60"]).pid)
    match how:
        case "error":
            headers = {"Lambda-Runtime-Function-XRay-Error-Cause": "x" * event["cause"]} if "cause" in event else {}
            note("ends")
            ask("POST", path + "error", json.dumps({"errorMessage": "on purpose", "errorType": "Exception", "requestId":
                request_id, "stackTrace": []}, indent=1), headers)
        case "exit0" | "exit3":
            note("ends")
            os._exit(int(how[-1]))
        case "kill" | "abort":
            note("ends")
            os.kill(os.getpid(), signal.SIGKILL if how == "kill" else signal.SIGABRT)
        case "segv":
            note("ends")
            ctypes.string_at(0)
        case "memory":
            everything = []
            while True:
                everything.append(bytearray(b"x" * (1 << 20)))
        case "hang":
            time.sleep(1000)
        case "large":
            response, body = ask("POST", path + "response", "x" * 6291557)
            note("ends")
            last[:] = [{"status": response.status, "body": body.decode()}] + probe(
                [["POST", path + "error", {}, "{}"]], request_id)
        case "mode":
            response, body = ask("POST", path + "response", "{}", {"Lambda-Runtime-Function-Response-Mode": "buffered"})
            note("ends")
            last[:] = [{"status": response.status, "body": body.decode()}]
        case "truncated":
            truncated(request_id)


def answer(event, body, headers, request_id):
    """The bytes that answer an event."""
    match event:
        case {"say": "headers"}:
            return json.dumps({name.lower(): value for name, value in headers.items()})
        case {"say": "process"}:
            return json.dumps({"pid": os.getpid(), "file": os.path.exists(event.get("file", ""))})
        case {"say": "last"}:
            return json.dumps(last)
        case {"sleep": milliseconds}:
            time.sleep(milliseconds / 1000)
        case {"print": count}:
            os.write(1, b"x" * (count - 1) + b"\n")
        case {"respond": count}:
            return "x" * count
        case {"take": megabytes}:
            taken = bytearray(b"x" * (megabytes << 20))
            del taken
        case {"probe": requests}:
            return json.dumps(probe(requests, request_id))
    return body


note("init")
if os.path.exists(os.environ.get("INIT_FAILS", "")):
    how = open(os.environ["INIT_FAILS"]).read()
    if how == "hang":
        os.remove(os.environ["INIT_FAILS"])
        time.sleep(1000)
    note("ends")
    if how == "error":
        ask("POST", base + "init/error", json.dumps({"errorMessage": "no init", "errorType": "Init", "requestId": ""}))
    os._exit(1 if how == "error" else int(how))
while True:
    response, body = ask("GET", base + "invocation/next")
    request_id = response.headers["Lambda-Runtime-Aws-Request-Id"]
    note("execution", id=request_id)
    try:
        event = json.loads(body)
    except ValueError:
        event = None
    if isinstance(event, dict) and "fail" in event:
        fail(event["fail"], event, request_id)
        continue
    ask("POST", f"{base}invocation/{request_id}/response", answer(event, body, response.headers, request_id))
    if isinstance(event, dict) and "after" in event:
        last[:] = probe(event["after"], request_id)
