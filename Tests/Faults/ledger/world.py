"""What is put through the ledger's faults: a broker, daemons and a gateway, each behind a proxy route of its own."""

import http.client
import json
import os
import subprocess
import sys
import threading
import time

import pika
from system import Process, free_port

from .schedule import DAEMONS

here = os.path.dirname(os.path.abspath(__file__))
HEARTBEAT = 3
SLOTS = 4
# Users of the broker, so that one's permissions can be withdrawn and not the others'.
USERS = {"daemons": "ledger-daemon", "gateway": "ledger-gateway"}


class Network:
    """The proxy, a program of its own."""

    def __init__(self, port, routes):
        self.lock = threading.Lock()
        self.process = subprocess.Popen(
            [sys.executable, f"{here}/proxy.py", str(port), *routes], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.ports = json.loads(self.process.stdout.readline())

    def tell(self, do, route, **options):
        with self.lock:
            self.process.stdin.write(json.dumps({"do": do, "route": route, **options}).encode() + b"\n")
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class World:
    def __init__(self, broker, work, programs, name, queue_type):
        self.broker, self.name, self.queue_type = broker, name, queue_type
        self.notes, self.fail_flags = f"{work}/{name}.notes", {}
        open(self.notes, "w").close()
        self.address = broker.uri.rsplit("@", 1)[1]
        names = [f"daemon-{index}" for index in range(DAEMONS)]
        self.network = Network(int(self.address.rsplit(":", 1)[1]), [*names, "gateway", "clients"])
        version = broker.ask("ctl", "version")
        self.forgets_consumers = version.startswith("3.") and queue_type == "quorum"
        for user in USERS.values():
            self.make_user(user)
        self.make_queue()
        self.port = free_port()
        self.daemons = {daemon: self.start_daemon(daemon, work, programs) for daemon in names}
        self.gateway = Process(
            [f"{programs}/lambda-gateway"], f"{work}/{name}.gateway.log", PORT=str(self.port), INVOKE_TIMEOUT="15",
            AMQP_URI=self.uri("gateway", USERS["gateway"]), EVENT_LOOPS="2")
        # Daemons that a fault has taken are its own to bring back; any other that ends is started again.
        self.taken, self.deaths = set(), 0
        self.is_closing = False
        self.nurse = threading.Thread(target=self.look_after, name="nurse")
        self.nurse.start()

    def uri(self, route, user):
        port = self.network.ports[route]
        return f"amqp://{user}:secret@127.0.0.1:{port}?heartbeat={HEARTBEAT}&connection_timeout=3000"

    @property
    def client_uri(self):
        return f"amqp://guest:guest@127.0.0.1:{self.network.ports['clients']}/%2F?heartbeat={HEARTBEAT}"

    def start_daemon(self, daemon, work, programs):
        self.fail_flags[daemon] = f"{work}/{self.name}.{daemon}.fails"
        return Process(
            [f"{programs}/lambda-runtime-api-daemon", sys.executable, "-I", "-S", f"{here}/runtime.py"],
            f"{work}/{self.name}.{daemon}.log", AMQP_URI=self.uri(daemon, USERS["daemons"]),
            AWS_LAMBDA_FUNCTION_NAME=self.name, AWS_LAMBDA_FUNCTION_TIMEOUT="20", MAX_CONCURRENCY=str(SLOTS),
            MIN_CONCURRENCY="2", PORT=str(free_port()), RUNTIME_API_PORT=str(free_port()), PRINT_REPORTS="false",
            NOTES=self.notes, DAEMON=daemon, FAIL=self.fail_flags[daemon])

    def control(self, *arguments):
        self.broker.run("ctl", *arguments)

    def make_user(self, user):
        try:
            self.control("add_user", user, "secret")
        except subprocess.CalledProcessError:
            # It is there from the round before.
            self.control("change_password", user, "secret")
        self.permit(user)

    def permit(self, user):
        self.control("set_permissions", user, ".*", ".*", ".*")

    # With a connection of its own, past the proxy.

    def with_channel(self, body):
        connection = pika.BlockingConnection(pika.URLParameters(f"amqp://guest:guest@{self.address}/%2F"))
        try:
            return body(connection.channel())
        finally:
            if connection.is_open:
                connection.close()

    def make_queue(self, delete=False, **other):
        """Declares the function's queue, as it is to be or with other arguments."""
        def make(channel):
            if delete:
                channel.queue_delete(self.name)
            arguments = {"x-queue-type": self.queue_type, **other}
            try:
                channel.queue_declare(self.name, durable=True, arguments=arguments)
                return True
            except pika.exceptions.ChannelClosedByBroker:
                # A daemon was faster.
                return False

        return self.with_channel(make)

    def is_consumed(self):
        """Whether every daemon consumes, and takes what is there."""
        def ask(channel):
            queue = channel.queue_declare(self.name, passive=True).method
            return queue.consumer_count >= DAEMONS and queue.message_count < 50

        try:
            return self.with_channel(ask)
        except pika.exceptions.AMQPError:
            return False

    def gateway_is_ready(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/ready")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def until_served(self, within=30):
        """Waits until every daemon consumes, and every loop of the gateway is ready."""
        end = time.time() + within
        while not (self.is_consumed() and self.gateway_is_ready()):
            if time.time() > end:
                return False
            time.sleep(0.1)
        return True

    def until_busy(self, daemon, within=3):
        """Waits until a daemon is in the middle of an invocation that takes its time."""
        end = time.time() + within
        while time.time() < end:
            if any(time.time() - begun > 0.025 for begun in self.running(daemon)):
                return
            time.sleep(0.01)

    def running(self, daemon):
        """When a daemon's executions began that have not ended."""
        with open(self.notes, "rb") as file:
            file.seek(max(0, os.path.getsize(self.notes) - 50_000))
            lines = [line.split() for line in file.read().decode().splitlines()[1:]]
        begun = {}
        for fields in lines:
            if len(fields) == 6 and fields[2] == daemon:
                begun.pop(fields[1], None)
                if fields[5] == "begun" and os.path.exists(f"/proc/{fields[3]}"):
                    begun[fields[1]] = float(fields[4])
        return begun.values()

    def look_after(self):
        while not self.is_closing:
            time.sleep(0.1)
            for name, daemon in self.daemons.items():
                if name not in self.taken and daemon.process.poll() is not None:
                    self.deaths += 1
                    daemon.start()

    def runtimes(self, daemon):
        """Processes of a daemon's runtimes."""
        parent = self.daemons[daemon].process.pid
        with open(f"/proc/{parent}/task/{parent}/children") as file:
            children = {int(word) for word in file.read().split()}
        for thread in os.listdir(f"/proc/{parent}/task"):
            with open(f"/proc/{parent}/task/{thread}/children") as file:
                children |= {int(word) for word in file.read().split()}
        return sorted(children)

    def close(self):
        self.is_closing = True
        self.nurse.join()
        for process in [self.gateway, *self.daemons.values()]:
            process.stop()
        self.network.close()
