"""Callers over HTTP: threads, each with a connection to the gateway that it keeps while it can."""

import http.client
import itertools
import threading
import time

from .book import Call
from .plans import plan

# Numbers of their own, so that callers over AMQP have pairs of theirs.
FIRST = 10_000_000
# The gateway answers before that.
PATIENCE = 60


class HTTPCallers:
    def __init__(self, book, seed, port, function, rate, callers=8):
        self.book, self.seed, self.port = book, seed, port
        self.path = f"/2015-03-31/functions/{function}/invocations"
        self.pause = callers / rate
        self.numbers = itertools.count(FIRST)
        self.is_stopping = False
        self.threads = [threading.Thread(target=self.run, name=f"http-{index}") for index in range(callers)]
        for thread in self.threads:
            thread.start()

    def run(self):
        connection, due = None, time.monotonic()
        while not self.is_stopping:
            # A caller that has waited for an answer does not make up for it.
            due = max(due + self.pause, time.monotonic() - self.pause)
            time.sleep(max(0, due - time.monotonic()))
            what = plan(self.seed, next(self.numbers))
            connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            connection = self.ask(connection, what)
            if connection is None:
                time.sleep(0.1)

    def ask(self, connection, what):
        event = what.event
        call = self.book.enter(Call(what, "http", time.time(), is_confirmed=True))
        try:
            connection.request("POST", self.path, event)
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            call.finish("none", f"{type(error).__name__}: {error}")
            return None
        call.request_id = response.headers.get("x-amzn-RequestId", "")
        outcome = f"{response.status} {response.headers.get('x-amzn-ErrorType', '?')}"
        if response.status == 200:
            outcome = "function error" if response.headers.get("X-Amz-Function-Error") else "ok"
        if outcome == "ok" and body != (event or b"{}"):
            outcome = "another's answer"
        call.finish(outcome, "" if outcome == "ok" else body[:200].decode(errors="replace"))
        if outcome.startswith("503"):
            self.book.refuse()
            # Who is refused at once does not ask a thousand times a second.
            time.sleep(0.1)
        if response.will_close:
            connection.close()
            return None
        return connection

    def stop_calling(self):
        self.is_stopping = True

    def close(self):
        for thread in self.threads:
            thread.join()
