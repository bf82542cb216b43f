"""Carries out the steps of a schedule, and writes each into the book: when it was, and what may come of it."""

import os
import signal
import time

import pika

from .amqp_callers import outcome_of
from .book import Call, Fault
from .plans import Plan
from .schedule import DAEMONS, causes
from .world import HEARTBEAT, USERS

# Numbers of those calls that a fault makes itself.
FIRST = 20_000_000
# Seconds within which a daemon without work notices that it was forgotten: up to two looks, and a third to make sure.
FORGOTTEN = 23


class Wreck:
    def __init__(self, world, book):
        self.world, self.book = world, book
        self.next_number = FIRST

    def carry_out(self, step):
        """One fault, from its begin until everybody has recovered."""
        targets = () if not step.target else (
            tuple(f"daemon-{index}" for index in range(DAEMONS)) if step.target == "daemons" else (step.target,))
        if step.target in self.world.daemons:
            self.world.until_busy(step.target)
        may_cause = frozenset(causes(step.kind, step.target, self.world.queue_type))
        fault = Fault(step.kind, targets, may_cause, time.time(), note=step.variant)
        with self.book.lock:
            self.book.faults.append(fault)
        getattr(self, step.kind.replace(" ", "_"))(step, fault)
        fault.healed = time.time()
        served = self.world.until_served()
        fault.ended = time.time()
        if not served:
            self.book.wonder(f"the function was not served again after: {step.kind} {step.target} {step.variant}")

    # The broker

    def broker_killed(self, step, fault):
        self.world.broker.run("kill")
        time.sleep(step.seconds)
        self.world.broker.run("start")

    def broker_restarted(self, step, fault):
        self.world.broker.run("stop")
        self.world.broker.run("start")

    def broker_paused(self, step, fault):
        self.world.broker.signal(signal.SIGSTOP)
        time.sleep(step.seconds)
        self.world.broker.signal(signal.SIGCONT)

    def memory_alarm(self, step, fault):
        self.world.control("set_vm_memory_high_watermark", "0.00001")
        time.sleep(step.seconds)
        self.world.control("set_vm_memory_high_watermark", "0.6")

    def queue_deleted(self, step, fault):
        if step.variant == "made again at once" or self.world.queue_type != "classic":
            self.world.make_queue(delete=True)
            self.remember_consumers()
        else:
            self.world.with_channel(lambda channel: channel.queue_delete(self.world.name))
            time.sleep(0.3)

    def remember_consumers(self):
        """RabbitMQ 3.10 forgets the consumers of a quorum queue that takes another's place, and its daemons notice.

        It still counts them, and takes some messages for delivered: the queue looks as if it were served.
        """
        if self.world.forgets_consumers:
            time.sleep(FORGOTTEN)

    def declare_mismatch(self, step, fault):
        other = {"x-max-length": 1_000_000}
        if step.variant == "other type":
            other = {"x-queue-type": "quorum" if self.world.queue_type == "classic" else "classic"}
        for attempt in range(20):
            if self.world.make_queue(delete=True, **other):
                break
        self.remember_consumers()
        time.sleep(step.seconds)
        for attempt in range(20):
            if self.world.make_queue(delete=True):
                break
        self.remember_consumers()
        # RabbitMQ 3.10 that dies within seconds of a quorum queue's declaration forgets what it has confirmed.
        time.sleep(3)

    def permission_withdrawn(self, step, fault):
        self.world.control("clear_permissions", USERS[step.target])
        time.sleep(step.seconds)
        self.world.permit(USERS[step.target])

    # The wires

    def reset(self, step, fault):
        self.world.network.tell("cut", step.target, how="rst")

    def closed(self, step, fault):
        self.world.network.tell("cut", step.target, how="fin")

    def black_hole(self, step, fault):
        self.disturb(step, "swallow", step.variant)
        # It is not over before everybody has given up the connections that have lost bytes: by their heartbeats.
        end = time.time() + 8 * HEARTBEAT
        while self.world.network.tell("dead", step.target)["dead"]:
            if time.time() > end:
                return self.book.wonder(f"a dead connection was not given up: {step.target} {step.variant}")
            time.sleep(0.1)

    def delay(self, step, fault):
        self.disturb(step, int(step.variant), "both")

    def stall(self, step, fault):
        self.disturb(step, "hold", step.variant)

    def disturb(self, step, mode, ways):
        modes = {way: mode for way in ("up", "down") if ways in (way, "both")}
        self.world.network.tell("set", step.target, **modes)
        time.sleep(step.seconds)
        self.world.network.tell("set", step.target)

    def cut_before_confirm(self, step, fault):
        self.arm(step, "confirm")

    def cut_before_ack(self, step, fault):
        self.arm(step, "ack")

    def arm(self, step, what):
        network = self.world.network
        network.tell("arm", step.target, **{"for": what})
        end = time.time() + 5
        while not network.tell("fired", step.target)["fired"]:
            if time.time() > end:
                network.tell("fired", step.target, disarm=True)
                return self.book.wonder(f"nothing to cut came by: {step.kind} {step.target}")
            time.sleep(0.02)

    # Daemons and runtimes

    def daemon_killed(self, step, fault):
        self.without(step.target, lambda daemon: daemon.kill(), step.seconds)

    def daemon_drained(self, step, fault):
        def drain(daemon):
            daemon.process.terminate()
            status = daemon.process.wait(30)
            if status != 0:
                self.book.wonder(f"a daemon ended with {status} on SIGTERM")

        self.without(step.target, drain, 0)

    def without(self, name, end, seconds):
        self.world.taken.add(name)
        end(self.world.daemons[name])
        time.sleep(seconds)
        self.world.daemons[name].start()
        self.world.taken.discard(name)

    def runtime_killed(self, step, fault):
        for process in self.world.runtimes(step.target):
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.5)

    def runtime_cannot_start(self, step, fault):
        flag = self.world.fail_flags[step.target]
        open(flag, "w").close()
        self.runtime_killed(step, fault)
        time.sleep(step.seconds)
        os.remove(flag)
        # The pause before the next start has grown meanwhile.
        time.sleep(3)

    # Callers

    def plan(self, do="", milliseconds=0, is_bounded=True):
        self.next_number += 1
        return Plan(self.next_number, do, milliseconds, 100, is_bounded, False, False)

    def enter(self, plan, via):
        return self.book.enter(Call(plan, via, time.time(), is_confirmed=True, request_id=plan.request_id))

    def properties(self, plan, reply_to, expiration=None):
        return pika.BasicProperties(
            content_type="application/json", reply_to=reply_to, correlation_id=str(plan.number),
            message_id=plan.request_id, expiration=expiration)

    def caller_gone(self, step, fault):
        """A caller whose connection closes while its calls run and wait."""
        def call(channel):
            reply_queue = channel.queue_declare("", exclusive=True).method.queue
            calls = []
            for _ in range(40):
                plan = self.plan(milliseconds=100)
                calls.append(self.enter(plan, "gone"))
                channel.basic_publish("", self.world.name, plan.event, self.properties(plan, reply_queue))
            # An answer from the broker: it has them all.
            channel.queue_declare(reply_queue, passive=True)
            time.sleep(0.15)
            for call in calls:
                call.finish("caller gone")

        self.world.with_channel(call)

    def poison(self, step, fault):
        """A call that kills every daemon that runs it."""
        plan = self.plan("poison", is_bounded=step.variant == "expires")
        call = self.enter(plan, "exclusive")
        deaths = self.world.deaths

        def ask(channel):
            reply_queue = channel.queue_declare("", exclusive=True).method.queue
            expiration = str(int(step.seconds * 1000)) if plan.is_bounded else None
            channel.basic_publish(
                "", self.world.name, plan.event, self.properties(plan, reply_queue, expiration))
            for _, properties, body in channel.consume(
                    reply_queue, auto_ack=True, inactivity_timeout=step.seconds + 3 if plan.is_bounded else 30):
                if properties is None:
                    return call.finish("408 NoAnswerException", "own timer")
                return call.finish(outcome_of(properties.headers), body.decode())

        self.world.with_channel(ask)
        fault.note = f"{step.variant}: {self.world.deaths - deaths} daemons died"
