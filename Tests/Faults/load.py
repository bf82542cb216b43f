"""Callers: threads that invoke through the gateway until they are told to stop, and remember how every request ended."""

import collections
import http.client
import json
import threading
import time


class Load:
    """So many callers, each with a connection of its own that is kept while it can be."""

    def __init__(self, system, callers, milliseconds=0, pause=0.0):
        self.system, self.milliseconds, self.pause = system, milliseconds, pause
        self.lock = threading.Lock()
        self.outcomes = collections.Counter()
        self.wrong = 0
        # (sent at, answered at, what it was) of each request.
        self.requests = []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.call, args=(index,)) for index in range(callers)]
        for thread in self.threads:
            thread.start()

    def call(self, index):
        connection, number = None, 0
        while not self.stopping.is_set():
            number += 1
            event = {"id": f"{index}-{number}", "ms": self.milliseconds, "filling": "x" * (number * 7919 % 300)}
            body = json.dumps(event).encode()
            sent = time.time()
            event_id = event["id"]
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self.system.port, timeout=120)
                connection.request("POST", f"/2015-03-31/functions/{self.system.name}/invocations", body)
                response = connection.getresponse()
                answer = response.read()
                kind = str(response.status)
                if response.headers.get("X-Amz-Function-Error"):
                    kind = "function error"
                elif response.status != 200:
                    kind += " " + response.headers.get("x-amzn-ErrorType", "?")
            except (OSError, http.client.HTTPException) as error:
                connection, answer, kind = None, body, f"no answer at all: {type(error).__name__}"
            with self.lock:
                self.outcomes[kind] += 1
                self.wrong += kind == "200" and answer != body
                self.requests.append((sent, time.time(), kind, event_id))
            # Who is refused at once does not ask a thousand times a second.
            time.sleep(self.pause if kind == "200" else 0.01)

    def first_success_after(self, moment, within=60):
        """Seconds from a moment until the first answer of a request that was sent after it; None: there was none."""
        end = time.time() + within
        while time.time() < end:
            with self.lock:
                done = [answered for sent, answered, kind, _ in self.requests[-5000:] if kind == "200" and sent >= moment]
            if done:
                return min(done) - moment
            time.sleep(0.02)
        return None

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(130)
        return [thread for thread in self.threads if thread.is_alive()]
