"""The book: what was asked, what it ended in, what was run, and what went wrong meanwhile."""

import threading
import time
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Call:
    """One invocation, from its caller's side."""

    plan: object
    # "exclusive", "durable": over AMQP, by the kind of its reply queue; "http"; "gone": its caller leaves.
    via: str
    sent: float
    # The broker has it: its confirm. Over HTTP: it was sent.
    is_confirmed: bool = False
    ended: float | None = None
    outcome: str | None = None
    detail: str = ""
    request_id: str = ""
    # When further replies came, beside the one that it ended in.
    further: list = field(default_factory=list)

    def finish(self, outcome, detail=""):
        self.ended, self.outcome, self.detail = time.time(), outcome, detail


@dataclass(slots=True)
class Execution:
    number: int
    daemon: str
    process: int
    begun: float


@dataclass(slots=True)
class Fault:
    """Something that went wrong."""

    kind: str
    # Whom it hit: "daemon-0", "gateway", "clients"; empty: all.
    targets: tuple
    # What may come of it, as `schedule.CAUSES` has it.
    causes: frozenset
    began: float
    # When it was over, and when everybody had recovered from it.
    healed: float | None = None
    ended: float | None = None
    note: str = ""


class Book:
    def __init__(self):
        self.calls, self.faults = [], []
        # Replies and messages that belong to no call, as text.
        self.strange = []
        self.lock = threading.Lock()
        self.refused = 0

    def enter(self, call):
        with self.lock:
            self.calls.append(call)
        return call

    def wonder(self, what):
        with self.lock:
            self.strange.append(what)

    def refuse(self):
        with self.lock:
            self.refused += 1

    def progress(self):
        """Calls that were not refused before they could leave: those are no work."""
        return len(self.calls) - self.refused

    def open_calls(self):
        return [call for call in self.calls if call.outcome is None]


def executions(path, by_request_id):
    """What the runtimes have noted.

    `by_request_id`: numbers of those calls whose event cannot tell it, since it is empty.
    """
    found, unknown = [], 0
    with open(path) as file:
        for line in file:
            fields = line.split()
            if len(fields) != 6 or fields[5] != "begun":
                continue
            number = int(fields[0]) if fields[0] != "-" else by_request_id.get(fields[1])
            if number is None:
                unknown += 1
                continue
            found.append(Execution(number, fields[2], int(fields[3]), float(fields[4])))
    return found, unknown
