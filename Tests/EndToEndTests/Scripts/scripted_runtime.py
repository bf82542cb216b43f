"""A Lambda runtime that does what its event says, and otherwise sends the event's bytes back untouched.

{"do": "sleep", "ms": N}   answers after that time          {"do": "exit", "code": N}   ends without an answer
{"do": "who"}              says which instance and process  {"do": "kill"}              dies by SIGKILL
{"do": "who", "ms": N}     the same, after that time        {"do": "error"}             reports a function error
{"do": "kill daemon"}      kills whoever started it
{"do": "print", "tag": T, "processes": P, "lines": N}   prints N lines in each of P processes, and a last one
"""

import http.client
import json
import os
import signal
import time

api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
base = "/2018-06-01/runtime/invocation/"


def ask(method, path, body=None, headers={}):
    api.request(method, base + path, body, headers)
    response = api.getresponse()
    return response, response.read()


def act(event):
    """Returns the route and the body that answer the event, or None for its own bytes."""
    match event:
        case {"do": "sleep", "ms": ms}:
            time.sleep(ms / 1000)
        case {"do": "exit", "code": code}:
            os._exit(code)
        case {"do": "kill"}:
            os.kill(os.getpid(), signal.SIGKILL)
        case {"do": "kill daemon"}:
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(60)
        case {"do": "error"}:
            return "error", {"errorType": "Scripted", "errorMessage": "as the event wants it"}
        case {"do": "print", "tag": tag, "processes": processes, "lines": lines}:
            print_lines(tag, processes, lines)
        case {"do": "who", **options}:
            time.sleep(options.get("ms", 0) / 1000)
            return "response", {"instance": os.environ.get("INSTANCE"), "pid": os.getpid()}


def print_lines(tag, processes, lines):
    """Every line names its invocation; standard output and standard error take turns."""
    children = []
    for process in range(processes):
        child = os.fork()
        if child == 0:
            for line in range(lines):
                text = f"tag={tag} process={process} line={line} {'x' * 60}\n"
                os.write(1 + line % 2, text.encode())
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    os.write(1, f"tag={tag} last\n".encode())


while True:
    response, body = ask("GET", "next")
    try:
        answer = act(json.loads(body))
    except ValueError:
        answer = None
    route, result = ("response", body) if answer is None else (answer[0], json.dumps(answer[1]))
    ask("POST", f"{response.headers['Lambda-Runtime-Aws-Request-Id']}/{route}", result, {"Content-Type": "application/json"})
