"""A Lambda extension that does what its words say. usage: extension.py NAME STEP…

What it gets, it notes in the file that NOTES names, one JSON object a line, with its name, its process and the time.

register:EVENTS    registers for events with commas between them; for none at all, or with null, as these words say
next               asks for an event
loop               asks for events until SHUTDOWN, then ends with 0
loop:S             the same, but works for S seconds on each INVOKE
stay               asks for events, and does not mind SHUTDOWN
init-error:TYPE    reports an error during init           exit-error:TYPE    reports one later
sleep:S            sleeps                                 exit:N             ends
probe              makes requests that are to be refused
once:FILE:STEP     does the step only if the file does not exist, and makes it
"""

import http.client
import json
import os
import sys
import time


def note(name, what, **more):
    line = json.dumps({"name": name, "pid": os.getpid(), "time": time.time(), "what": what, **more})
    log = os.open(os.environ["NOTES"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(log, (line + "\n").encode())
    os.close(log)


class Extension:
    def __init__(self, name):
        self.name = name
        self.identifier = None
        self.api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

    def ask(self, method, path, body=None, headers={}):
        if self.identifier:
            headers = {"Lambda-Extension-Identifier": self.identifier, **headers}
        self.api.request(method, "/2020-01-01/extension/" + path, body, headers)
        response = self.api.getresponse()
        return response, json.loads(response.read() or b"null")

    def register(self, events):
        """Registers, without a content type, as the Web Adapter does. Returns the status."""
        headers = {"Lambda-Extension-Name": self.name, "Lambda-Extension-Accept-Feature": "accountId"}
        response, body = self.ask("POST", "register", json.dumps({"events": events}), headers)
        self.identifier = response.headers["Lambda-Extension-Identifier"]
        environment = dict(os.environ)
        note(self.name, "registered", status=response.status, body=body, environment=environment)
        return response.status

    def next(self):
        response, event = self.ask("GET", "event/next")
        identifier = response.headers["Lambda-Extension-Event-Identifier"]
        note(self.name, event.get("eventType", "refused"), status=response.status, body=event, event=identifier,
             type=response.headers["Content-Type"])
        return event

    def report(self, route, error_type):
        response, body = self.ask(
            "POST", route, b'{"errorMessage": "told"}', {"Lambda-Extension-Function-Error-Type": error_type})
        note(self.name, "reported", status=response.status, body=body)

    def loop(self, seconds, stays=False):
        while True:
            event = self.next()
            if event.get("eventType") != "SHUTDOWN":
                time.sleep(seconds)
            elif not stays:
                os._exit(0)

    def probe(self):
        """Requests that no well-behaved extension makes; call it before registering."""
        stranger = {"Lambda-Extension-Identifier": "01234567-89ab-4def-8123-456789abcdef"}
        name = {"Lambda-Extension-Name": self.name}
        for method, path, body, headers in [
            ("POST", "register", "{}", {}),
            ("POST", "register", "{", name),
            ("POST", "register", '{"events": ["RESTORE"]}', name),
            ("POST", "register", '"' + "x" * 70000 + '"', name),
            ("GET", "register", None, name),
            ("GET", "event/next", None, {}),
            ("GET", "event/next", None, {"Lambda-Extension-Identifier": "me"}),
            ("GET", "event/next", None, stranger),
            ("POST", "init/error", "{}", stranger),
            ("POST", "exit/error", "{}", {**stranger, "Lambda-Extension-Function-Error-Type": "E"}),
            ("GET", "nowhere", None, {}),
        ]:
            response, body = self.ask(method, path, body, headers)
            note(self.name, "probed", status=response.status, type=response.headers["Content-Type"], body=body)

    def step(self, word):
        verb, _, value = word.partition(":")
        match verb:
            case "register":
                self.register({"none": [], "null": None}.get(value, value.split(",")))
            case "next":
                self.next()
            case "loop":
                self.loop(float(value or 0))
            case "stay":
                self.loop(0, stays=True)
            case "init-error":
                self.report("init/error", value)
            case "exit-error":
                self.report("exit/error", value)
            case "probe":
                self.probe()
            case "sleep":
                time.sleep(float(value))
            case "exit":
                os._exit(int(value))
            case "once":
                path, _, then = value.partition(":")
                if not os.path.exists(path):
                    open(path, "w").close()
                    self.step(then)
            case _:
                raise SystemExit("no such step: " + word)


if __name__ == "__main__":
    extension = Extension(sys.argv[1])
    for word in sys.argv[2:]:
        extension.step(word)
