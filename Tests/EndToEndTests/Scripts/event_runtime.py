"""A Lambda runtime for events: it notes each attempt in a file, and fails as often as its event says.

{"file": F}        appends the request id, and the time, as a line of F
{"fail": N}        reports a function error in the first N attempts of its request id
{"ms": T}          answers after that time
{"die": true}      kills the daemon, as an event does that eats all memory
"""

import http.client
import json
import os
import signal
import time

api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
base = "/2018-06-01/runtime/invocation/"


def ask(method, path, body=None):
    api.request(method, base + path, body)
    response = api.getresponse()
    return response, response.read()


def attempts(path, request_id):
    with open(path) as file:
        return sum(line.startswith(request_id) for line in file)


def act(request_id, event):
    if "file" in event:
        with open(event["file"], "a") as file:
            file.write(f"{request_id} {time.time()}\n")
    if event.get("die"):
        os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(event.get("ms", 0) / 1000)
    if "fail" in event and attempts(event["file"], request_id) <= event["fail"]:
        return "error", {"errorType": "Scripted", "errorMessage": "not yet"}
    return "response", event


while True:
    response, body = ask("GET", "next")
    request_id = response.headers["Lambda-Runtime-Aws-Request-Id"]
    event = json.loads(body)
    route, result = act(request_id, event) if isinstance(event, dict) else ("response", event)
    ask("POST", f"{request_id}/{route}", json.dumps(result))
