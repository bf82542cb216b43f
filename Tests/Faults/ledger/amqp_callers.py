"""Callers over AMQP, as the wire contract wants them: one thread, several connections, nothing that ever blocks."""

import heapq
import itertools
import sys
import threading
import time

import pika
from pika.adapters.select_connection import IOLoop

from .book import Call
from .plans import plan

# How long a caller waits whose request expires, and one whose does not; the first has time to be told.
BOUNDED, TELLING, UNBOUNDED = 12, 3, 30
MAX_OUTSTANDING = 200
# Seconds after which an attempt to connect is given up.
OPENING = 7


def outcome_of(headers):
    """What a reply's headers say that became of its request."""
    headers = headers or {}
    status = headers.get("StatusCode")
    if headers.get("X-Amz-Function-Error"):
        return "function error" if status == 200 else f"{status} with a function error"
    return "ok" if status == 200 else f"{status} {headers.get('X-Amzn-ErrorType', '?')}"


class Caller:
    """One connection, opened anew whenever it is lost, with a reply queue that dies with it or stays."""

    def __init__(self, pool, kind, name):
        self.pool, self.kind, self.name = pool, kind, name
        self.is_durable = kind == "durable"
        self.connection = self.channel = None
        self.reply_queue = None
        self.is_ready = self.is_blocked = self.is_closing = False
        # By correlation id; every call that was ever sent, so that a second reply is known for what it is.
        self.calls = {}
        self.attempt = 0
        self.outstanding = set()
        self.unconfirmed, self.last_tag = {}, 0

    def open(self):
        if self.is_closing:
            return
        self.attempt += 1
        attempt = self.attempt
        self.connection = pika.SelectConnection(
            self.pool.parameters, self.opened, self.lost, self.lost, custom_ioloop=self.pool.loop)
        self.pool.loop.call_later(OPENING, lambda: self.give_up(attempt))

    def give_up(self, attempt):
        """Another attempt, where this one never said how it ended."""
        if attempt == self.attempt and not self.is_ready:
            self.open()

    def opened(self, connection):
        if connection is not self.connection:
            return connection.close()
        connection.add_on_connection_blocked_callback(lambda *_: self.block(True))
        connection.add_on_connection_unblocked_callback(lambda *_: self.block(False))
        connection.channel(on_open_callback=self.channel_opened)

    def block(self, is_blocked):
        self.is_blocked = is_blocked

    def channel_opened(self, channel):
        self.channel = channel
        channel.add_on_close_callback(self.channel_closed)
        channel.add_on_return_callback(self.returned)
        channel.confirm_delivery(self.confirmed)
        channel.queue_declare(
            self.name if self.is_durable else "", durable=self.is_durable, exclusive=not self.is_durable,
            callback=self.declared)

    def declared(self, frame):
        self.reply_queue = frame.method.queue
        self.channel.basic_consume(
            self.reply_queue, self.replied, auto_ack=not self.is_durable, callback=self.consuming)

    def consuming(self, _):
        self.unconfirmed, self.last_tag = {}, 0
        self.is_ready, self.is_blocked = True, False

    def channel_closed(self, channel, reason):
        if self.connection.is_open:
            if not self.is_closing:
                self.pool.book.wonder(f"a caller's channel was closed: {reason}")
            self.connection.close()

    def lost(self, connection, reason):
        if connection is not self.connection:
            return
        was_ready, self.is_ready = self.is_ready, False
        if self.is_closing:
            return
        if was_ready:
            self.pool.losses.append((time.time(), f"{self.kind}: {reason!r}"))
            # A reply queue that stays still gets what was asked for.
            if not self.is_durable:
                for call in list(self.outstanding):
                    self.finish(call, "408 NoAnswerException", "connection went")
        self.pool.loop.call_later(0.2, self.open)

    def publish(self, number):
        what = plan(self.pool.seed, number)
        call = self.pool.book.enter(Call(what, self.kind, time.time(), request_id=what.request_id))
        correlation = f"twin-{number // 2}" if what.is_twin else str(number)
        self.calls.setdefault(correlation, []).append(call)
        properties = pika.BasicProperties(
            content_type="application/json", reply_to=self.reply_queue, correlation_id=correlation,
            message_id=what.request_id, delivery_mode=2 if what.is_persistent or self.is_durable else 1,
            expiration=str(BOUNDED * 1000) if what.is_bounded else None)
        self.outstanding.add(call)
        try:
            self.channel.basic_publish("", self.pool.queue, what.event, properties, mandatory=True)
        except pika.exceptions.AMQPError as error:
            return self.finish(call, "503 ServiceUnavailableException", f"not sent: {error}")
        self.last_tag += 1
        self.unconfirmed[self.last_tag] = call
        self.pool.expect(call, BOUNDED + TELLING if what.is_bounded else UNBOUNDED, self)

    def confirmed(self, frame):
        method = frame.method
        first = min(self.unconfirmed, default=method.delivery_tag) if method.multiple else method.delivery_tag
        for tag in range(first, method.delivery_tag + 1):
            if (call := self.unconfirmed.pop(tag, None)) is None:
                continue
            if isinstance(method, pika.spec.Basic.Ack):
                call.is_confirmed = True
            else:
                self.finish(call, "429 TooManyRequestsException", "refused by the broker")

    def returned(self, channel, method, properties, body):
        for call in self.calls.get(properties.correlation_id, []):
            if call.outcome is None and call.plan.event == body:
                return self.finish(call, "404 ResourceNotFoundException", method.reply_text)
        self.pool.book.wonder(f"a message came back that is nobody's: {properties.correlation_id}")

    def replied(self, channel, method, properties, body):
        if self.is_durable:
            channel.basic_ack(method.delivery_tag)
        outcome = outcome_of(properties.headers)
        calls = self.calls.get(properties.correlation_id)
        if not calls:
            return self.pool.book.wonder(f"a reply to nobody: {properties.correlation_id} {outcome}")
        # Of twins it is the one whose event it is, as far as it tells; else the first that still waits.
        if len(calls) > 1 and outcome == "ok":
            calls = [call for call in calls if body == call.plan.event] or calls
        call = next((call for call in calls if call.outcome is None), calls[0])
        if call.outcome is None:
            if outcome == "ok" and body != (call.plan.event or b"{}"):
                outcome = "another's answer"
            detail = "" if outcome == "ok" else bytes(body[:200]).decode(errors="replace")
            self.finish(call, outcome, detail)
        elif not method.redelivered:
            call.further.append((time.time(), outcome))

    def finish(self, call, outcome, detail=""):
        if call.outcome is None:
            call.finish(outcome, detail)
        self.outstanding.discard(call)

    def close(self):
        self.is_closing = True
        if self.connection is not None and self.connection.is_open:
            self.connection.close()


class AMQPCallers:
    """So many calls a second, by turns over all connections that can publish."""

    def __init__(self, book, seed, uri, queue, rate, durable=2, exclusive=2):
        self.book, self.seed, self.queue, self.rate = book, seed, queue, rate
        self.parameters = pika.URLParameters(uri)
        self.parameters.socket_timeout = self.parameters.stack_timeout = 3
        self.loop = IOLoop()
        # When connections were lost, and why; a fault has to be to blame.
        self.losses = []
        self.numbers = itertools.count()
        self.due, self.owed = [], 0.0
        self.is_stopping = self.is_over = False
        kinds = ["durable"] * durable + ["exclusive"] * exclusive
        self.callers = [Caller(self, kind, f"{queue}-replies-{index}") for index, kind in enumerate(kinds)]
        self.turns = itertools.cycle(self.callers)
        self.thread = threading.Thread(target=self.run, name="amqp")
        self.thread.start()

    def run(self):
        for caller in self.callers:
            caller.open()
        self.loop.call_later(0.01, lambda: self.tick(time.monotonic()))
        while not self.is_over:
            try:
                self.loop.start()
            except (OSError, ValueError) as error:
                # pika 1.4 lets some errors of a connection that is reset while it opens come up here.
                print(f"pika: {error}", file=sys.stderr)

    def tick(self, before):
        now = time.monotonic()
        # What could not be sent is not made up for.
        self.owed = min(self.owed + self.rate * (now - before), self.rate * 0.2 + 2)
        while self.owed >= 2 and not self.is_stopping:
            self.owed -= 2
            caller = next((c for c in itertools.islice(self.turns, len(self.callers)) if self.can_publish(c)), None)
            if caller is None:
                break
            # Twins go the same way.
            for _ in range(2):
                caller.publish(next(self.numbers))
        while self.due and self.due[0][0] <= now:
            _, _, call, caller = heapq.heappop(self.due)
            caller.finish(call, "408 NoAnswerException", "own timer")
        self.loop.call_later(0.01, lambda: self.tick(now))

    def can_publish(self, caller):
        return caller.is_ready and not caller.is_blocked and len(caller.outstanding) < MAX_OUTSTANDING

    def expect(self, call, seconds, caller):
        heapq.heappush(self.due, (time.monotonic() + seconds, call.plan.number, call, caller))

    def stop_calling(self):
        self.is_stopping = True

    def close(self):
        def end():
            for caller in self.callers:
                caller.close()
            self.is_over = True
            self.loop.call_later(0.5, self.loop.stop)

        self.loop.add_callback_threadsafe(end)
        self.thread.join()
