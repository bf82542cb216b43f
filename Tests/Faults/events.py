"""Events: none is lost, and none keeps a caller waiting."""

import collections
import json
import os
import random
import threading
import time

import pika
from load import Load
from system import System


def publish(system, keys, milliseconds=0, crash=0.0):
    """Has the gateway take events; only what it has said 202 to counts."""
    accepted, refused = [], collections.Counter()
    for key in keys:
        while True:
            try:
                status = system.post(
                    {"id": key, "ms": milliseconds, "crash": crash}, **{"X-Amz-Invocation-Type": "Event"})[0]
            except OSError:
                status = 0
            if status == 202:
                accepted.append(key)
                break
            refused[status] += 1
            time.sleep(0.05)
    return accepted, refused


class Queue:
    """A queue, looked at or emptied with a connection for each look, since the broker comes and goes."""

    def __init__(self, system, suffix):
        self.uri, self.name = system.broker.uri, system.name + suffix

    def use(self, body):
        connection = pika.BlockingConnection(pika.URLParameters(self.uri))
        try:
            return body(connection.channel())
        finally:
            connection.close()

    def depth(self):
        return self.use(lambda channel: channel.queue_declare(self.name, passive=True).method.message_count)

    def bodies(self):
        def take(channel):
            found = []
            for _, _, body in iter(lambda: channel.basic_get(self.name), (None, None, None)):
                found.append(body)
            return found

        # Not acknowledged: they go back when the connection is closed.
        return self.use(take)


def ledger(report, broker, work, programs, name):
    """Each accepted event ends run, or as a dead letter."""
    count = int(os.environ.get("COUNT", 10_000))
    system = System(
        broker, work, programs, name, daemons=3, slots=2,
        daemon={"EVENT_RETRY_WAITS": "1,2", "AWS_LAMBDA_FUNCTION_TIMEOUT": "10"})
    stopping = threading.Event()
    kills = collections.Counter()

    def hurt():
        # RabbitMQ 3.10 that dies within seconds of a quorum queue's declaration forgets what it has confirmed.
        stopping.wait(5)
        while not stopping.wait(3):
            if random.random() < 0.2:
                broker.run("kill" if kills["broker"] % 2 else "stop")
                broker.run("start")
                kills["broker"] += 1
            else:
                victim = random.choice(system.daemons)
                victim.kill()
                victim.start()
                kills["daemon"] += 1

    hurting = threading.Thread(target=hurt)
    hurting.start()
    keys = [f"event-{number}" for number in range(count)]
    parts = [keys[index::8] for index in range(8)]
    results = []
    threads = [threading.Thread(target=lambda part=part: results.append(publish(system, part, 1, 0.1))) for part in parts]
    started = time.time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    accepted = [key for keys, _ in results for key in keys]
    report.line("events accepted", f"{len(accepted)} in {time.time() - started:.0f} s")
    report.line("refusals before that", dict(sum((refused for _, refused in results), collections.Counter())))
    # What goes wrong goes on until nearly all of them have begun.
    while len({key for key, _ in system.begun()}) < 0.98 * count and time.time() < started + 240:
        time.sleep(1)
    stopping.set()
    hurting.join()
    report.line("daemons killed, brokers killed or restarted", f"{kills['daemon']}, {kills['broker']}")
    letters = settle(system)
    begun = collections.Counter(key for key, _ in system.begun())
    parked = {json.loads(body)["requestPayload"]["id"] for body in letters}
    ended = collections.Counter(key for key, _ in system.ended())
    lost = [key for key in accepted if key not in ended and key not in parked]
    report.promise("accepted events that neither ran to their end nor are dead letters", len(lost), not lost)
    report.line("dead letters", len(letters))
    report.line("runs begun beyond each event's first (retries after crashes, redeliveries)", sum(begun.values()) - len(begun))
    report.line("runs ended beyond each event's first (duplicates)", sum(ended.values()) - len(ended))
    replay(report, system, programs, parked)
    system.close()


def settle(system):
    """Waits until nothing waits, and returns the dead letters."""
    waiting = [Queue(system, suffix) for suffix in (".async", ".retry.1000", ".retry.2000")]
    quiet = 0
    while quiet < 3:
        depths = []
        for queue in waiting:
            try:
                depths.append(queue.depth())
            except pika.exceptions.ChannelClosedByBroker:
                depths.append(0)
        before = len(system.begun())
        time.sleep(3)
        quiet = quiet + 1 if sum(depths) == 0 and len(system.begun()) == before else 0
    return Queue(system, ".dead-letter").bodies()


def replay(report, system, programs, parked):
    import subprocess

    before = len(system.begun())
    tool = f"{programs}/lambda-amqp"
    if not parked or not os.path.exists(tool):
        return report.line("replayed", "nothing: no dead letters, or no lambda-amqp built")
    subprocess.run([tool, "dead-letters", "replay", "--uri", system.broker.uri, system.name, "--all"], check=True,
                   stdout=subprocess.DEVNULL)
    settle(system)
    again = {key for key, _ in system.begun()[before:]}
    report.promise("dead letters that ran when they were replayed", f"{len(again & parked)} of {len(parked)}", parked <= again)


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def backlog(report, broker, work, programs, name):
    """100 000 events of 20 ms wait; a caller is served as if they were not there."""
    count = int(os.environ.get("COUNT", 100_000))
    for slots, reserved, allowance in ((4, 1, 5), (1, 0, 20)):
        system = System(
            broker, work, programs, f"{name}-{slots}", daemons=1, slots=slots,
            daemon={"CALLER_RESERVED_CONCURRENCY": str(reserved), "MIN_CONCURRENCY": str(slots)})
        time.sleep(1)
        idle = measure(system)
        fill(system, count)
        loaded = measure(system)
        left = Queue(system, ".async").depth()
        report.line(f"{slots} slots: events left of {count} after the measurement", left)
        report.line(f"{slots} slots: idle p50, p99, ms", f"{percentile(idle, 0.5):.2f} {percentile(idle, 0.99):.2f}")
        report.promise(
            f"{slots} slots, {reserved} kept: p50, p99 with the backlog, ms (p99 at most idle + {allowance})",
            f"{percentile(loaded, 0.5):.2f} {percentile(loaded, 0.99):.2f}",
            left > 0 and percentile(loaded, 0.99) <= percentile(idle, 0.99) + allowance)
        Queue(system, ".async").use(lambda channel: channel.queue_purge(f"{name}-{slots}.async"))
        system.close()


def measure(system):
    """What one caller waits, in ms, over 15 s."""
    load = Load(system, 1, pause=0.005)
    time.sleep(15)
    load.stop()
    return [(answered - sent) * 1000 for sent, answered, kind, _ in load.requests if kind == "200"]


def fill(system, count):
    def publish(channel):
        for number in range(count):
            channel.basic_publish(
                "", system.name + ".async", json.dumps({"id": f"backlog-{number}", "ms": 20}),
                pika.BasicProperties(delivery_mode=2, content_type="application/json"))

    Queue(system, ".async").use(publish)
    # What was published is in the queue once the broker counts it.
    queue = Queue(system, ".async")
    while queue.depth() < count * 0.9:
        time.sleep(0.2)
