"""The programs under test: a broker node, daemons and a gateway, and the means to hurt them."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time

here = os.path.dirname(os.path.abspath(__file__))


def settings(folder):
    with open(f"{folder}/settings") as file:
        return dict(line.strip().split("=", 1) for line in file if "=" in line)


class Broker:
    """A node that `Support/broker` keeps in a folder."""

    def __init__(self, command, folder):
        self.command, self.folder = command, folder
        self.uri = settings(folder)["uri"]

    def run(self, verb, *arguments):
        subprocess.run([self.command, verb, self.folder, *arguments], check=True, stdout=subprocess.DEVNULL)

    def ask(self, verb, *arguments):
        """The same for what it prints."""
        command = [self.command, verb, self.folder, *arguments]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout

    def signal(self, number):
        with open(f"{self.folder}/pid") as file:
            os.kill(int(file.read()), number)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Process:
    """A program with its settings; it can be started again with the same."""

    def __init__(self, command, log, **variables):
        self.command, self.log, self.variables = command, log, variables
        self.start()

    def start(self):
        environment = {"PATH": os.environ["PATH"], "LOG_LEVEL": "error", **self.variables}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, env=environment, stdout=log, stderr=log)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    def resident_kilobytes(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


class System:
    """A gateway, and daemons that serve one function."""

    def __init__(self, broker, work, programs, name, daemons=2, slots=2, gateway=None, daemon=None, uri_options=""):
        self.broker, self.name = broker, name
        self.notes = f"{work}/{name}.notes"
        uri = broker.uri + uri_options
        self.port, self.metrics_port = free_port(), free_port()
        open(self.notes, "w").close()
        self.daemons = [
            Process(
                [f"{programs}/lambda-runtime-api-daemon", sys.executable, f"{here}/runtime.py"],
                f"{work}/{name}.daemon-{index}.log", AMQP_URI=uri, AWS_LAMBDA_FUNCTION_NAME=name, NOTES=self.notes,
                PORT=str(free_port()), RUNTIME_API_PORT=str(free_port()), MAX_CONCURRENCY=str(slots),
                PRINT_REPORTS="false", **(daemon or {}))
            for index in range(daemons)
        ]
        self.gateway = Process(
            [f"{programs}/lambda-gateway"], f"{work}/{name}.gateway.log", AMQP_URI=uri, PORT=str(self.port),
            METRICS_PORT=str(self.metrics_port), **(gateway or {}))
        self.until_served()

    def until_served(self, within=30):
        end = time.monotonic() + within
        while time.monotonic() < end:
            try:
                if self.post({"id": "ready"})[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise SystemExit(f"{self.name} is not served within {within} s")

    def post(self, event, **headers):
        import json

        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=100)
        try:
            connection.request(
                "POST", f"/2015-03-31/functions/{self.name}/invocations", json.dumps(event), headers)
            response = connection.getresponse()
            return response.status, response.read(), response.headers
        finally:
            connection.close()

    def metric(self, name):
        """The sum of a metric of the gateway over its labels."""
        connection = http.client.HTTPConnection("127.0.0.1", self.metrics_port, timeout=10)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        values = [float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
                  if line.startswith((name + "{", name + " "))]
        if not values:
            raise SystemExit(f"the gateway has no metric {name}")
        return sum(values)

    def begun(self, what="begun"):
        """Ids in the order in which their runs began, each with its time."""
        with open(self.notes) as file:
            notes = [line.split() for line in file]
        return [(note[0], float(note[1])) for note in notes if len(note) == 3 and note[2] == what]

    def ended(self):
        """Ids in the order in which their runs came to their end, each with its time."""
        return self.begun("ended")

    def close(self):
        for process in [self.gateway, *self.daemons]:
            process.stop()
