"""Puts gateway, daemons and broker through faults, and counts how every request ended.

usage: faults.py BROKER_COMMAND WORK PROGRAMS FAULT…; see `run`
"""

import os
import signal
import sys
import uuid

import events
import outages
from ledger.play import ledger
from system import Broker

faults = {
    "outages": outages.outages, "alarm": outages.alarm, "pause": outages.pause,
    "events": events.ledger, "backlog": events.backlog, "ledger": ledger,
}


class Report:
    """Prints a fault's figures, and remembers which promise was not kept."""

    def __init__(self):
        self.missed = []

    def line(self, what, figure):
        print(f"{what:<72} {figure}", flush=True)

    def promise(self, what, figure, kept):
        self.line(what, f"{figure}  {'ok' if kept else 'MISSED'}")
        if not kept:
            self.missed.append(what)


# Who is told to end leaves no daemon behind.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

command, work, programs, *wanted = sys.argv[1:]
report = Report()
for name in wanted:
    print(f"== {name}", flush=True)
    function = f"faults-{name}-{uuid.uuid4().hex[:8]}"
    faults[name](report, Broker(command, f"{work}/broker"), work, programs, function)
print("all promises kept" if not report.missed else f"{len(report.missed)} promises MISSED: {report.missed}")
sys.exit(1 if report.missed else 0)
