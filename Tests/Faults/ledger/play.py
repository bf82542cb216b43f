"""Plays rounds of faults under load, and judges what became of every call."""

import os
import shutil
import sys
import time

from .amqp_callers import AMQPCallers
from .audit import Audit, Verdict
from .book import Book, executions
from .http_callers import HTTPCallers
from .schedule import long_round, short_round
from .table import add, show, store
from .world import World
from .wreck import Wreck

# Seconds without a fault after each, and before the first.
CALM = 1.0


class Settings:
    def __init__(self, environment):
        def number(name, default):
            return int(environment.get(name) or default)

        self.is_short = bool(environment.get("SHORT"))
        self.seed = number("SEED", 1)
        self.rounds = range(number("ROUNDS", 1 if self.is_short else 3))
        if environment.get("ROUND"):
            self.rounds = [number("ROUND", 0)]
        self.count = number("COUNT", 5000 if self.is_short else 34_000)
        self.rate = number("RATE", 120 if self.is_short else 250)
        self.queue_type = environment.get("QUEUE_TYPE") or "classic"
        # Where each round's verdict is kept, and what is there already counts.
        self.results = environment.get("RESULTS")


def ledger(report, broker, work, programs, name):
    """Every call ends in exactly one typed outcome."""
    settings = Settings(os.environ)
    sum_up = Verdict()
    for number in settings.rounds:
        verdict = play(broker, work, programs, f"{name}-{number}", settings, number)
        folder = settings.results or work
        os.makedirs(folder, exist_ok=True)
        store(f"{folder}/round-{number}.json", verdict)
        if not verdict.is_clean:
            # What the broker has to say to it would go with the broker.
            shutil.copytree(f"{broker.folder}/log", f"{folder}/round-{number}-broker", dirs_exist_ok=True)
    for entry in sorted(os.listdir(settings.results or work)):
        if entry.startswith("round-") and entry.endswith(".json"):
            add(f"{settings.results or work}/{entry}", sum_up)
    report.line("seed, queue type", f"{settings.seed}, {settings.queue_type}")
    show(report, sum_up)


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def play(broker, work, programs, name, settings, number):
    seed = settings.seed * 1000 + number
    steps = (short_round if settings.is_short else long_round)(settings.seed, number)
    world = World(broker, work, programs, name, settings.queue_type)
    book = Book()
    if not world.until_served():
        raise SystemExit("no daemon serves")
    amqp = AMQPCallers(book, seed, world.client_uri, name, settings.rate * 2 / 3)
    http = HTTPCallers(book, seed, world.port, name, settings.rate / 3)
    wreck = Wreck(world, book)
    try:
        for index, step in enumerate(steps):
            reach(book, settings.count * index // len(steps))
            time.sleep(CALM)
            say(f"round {number}, {book.progress()} calls: {step.kind} {step.target} {step.variant}")
            wreck.carry_out(step)
        reach(book, settings.count)
    finally:
        amqp.stop_calling()
        http.stop_calling()
        say("waiting for the last outcomes")
        http.close()
        end = time.time() + 60
        while book.open_calls() and time.time() < end:
            time.sleep(0.1)
        # Second replies are waited for, too.
        time.sleep(2)
        amqp.close()
        world.close()
    ids = {call.request_id: call.plan.number for call in book.calls if call.plan.byte_count == 0}
    runs, unknown = executions(world.notes, ids)
    return Audit(book, runs, amqp.losses, unknown).judge()


def reach(book, count):
    """Waits until so many calls were made."""
    while book.progress() < count:
        time.sleep(0.05)
