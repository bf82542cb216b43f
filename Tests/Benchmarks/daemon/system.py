"""The daemons that are measured: how they are started, driven and looked at from outside."""
import os
import pathlib
import random
import re
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass, field

TOOLS = os.environ["BENCH_BIN"]
FIXED_RATE = os.environ["FIXED_RATE"]
BROKER_PORT = os.environ["BROKER_PORT"]
WORK = pathlib.Path(os.environ["BENCH_WORK"])
RUNTIME = f"{TOOLS}/echo_runtime"


class Failure(Exception):
    """What was to be measured did not work."""


@dataclass
class Candidate:
    """A program that may be measured."""

    label: str
    path: str
    environment: dict = field(default_factory=dict)
    """What it is given besides what every daemon is."""
    is_daemon: bool = True
    """False: an echo without runtimes."""


IDEAL = Candidate("ideal daemon", f"{TOOLS}/ideal_daemon")
ECHO = Candidate("bare echo", f"{TOOLS}/amqp_rpc_echo", is_daemon=False)


def free_port():
    """A port nobody listens on, below those that outgoing connections take."""
    while True:
        port = random.randrange(10240, 19240)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


class Running:
    """One process that serves a queue, as the kernel sees it."""

    def __init__(self, process, queue, port=None):
        self.process = process
        self.pid = process.pid
        self.queue = queue
        self.port = port

    def cpu_seconds(self):
        """The CPU time of the process, without its runtimes'."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def page_faults(self):
        """How often it has touched memory that the kernel had to give it first."""
        return int(pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()[7])

    def status(self, name):
        """A number of /proc/PID/status: VmRSS and VmHWM in kB, Threads, voluntary_ctxt_switches."""
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"^{name}:\s+(\d+)", text, re.MULTILINE)[1])

    def descriptor_count(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def wake_ups(self):
        """How often any of its threads has waited for something."""
        total = 0
        for thread in pathlib.Path(f"/proc/{self.pid}/task").iterdir():
            text = (thread / "status").read_text()
            total += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", text, re.MULTILINE)[1])
        return total

    def runtimes(self):
        """The ids of its children; the kernel lists them by the thread that started them."""
        lists = [file.read_text() for file in pathlib.Path(f"/proc/{self.pid}/task").glob("*/children")]
        return sorted(int(pid) for text in lists for pid in text.split())


@contextmanager
def started(candidate, runtimes=4, queue=None, environment=None, prefetch=300):
    """Starts a candidate on a queue, waits until it serves, and stops it in the end."""
    queue = queue or f"bench-{os.getpid()}-{random.randrange(10**9)}"
    port = free_port()
    if candidate.is_daemon:
        command = [candidate.path, RUNTIME]
    else:
        command = [candidate.path, "localhost", BROKER_PORT, queue, str(prefetch)]
    variables = {
        "AWS_LAMBDA_FUNCTION_NAME": queue,
        "AMQP_URI": f"amqp://guest:guest@localhost:{BROKER_PORT}?connection_attempts=5&retry_delay=1&heartbeat=0",
        "MAX_CONCURRENCY": str(runtimes), "AWS_LAMBDA_FUNCTION_TIMEOUT": "60",
        "LOG_LEVEL": "WARN", "PORT": str(port), "RUNTIME_API_PORT": str(free_port()),
    }
    with open(WORK / f"log-{candidate.label.replace(' ', '-')}", "ab") as log:
        process = subprocess.Popen(
            command, env={**os.environ, **variables, **candidate.environment, **(environment or {})},
            stdout=log, stderr=subprocess.STDOUT)
    try:
        yield Running(process, queue, port)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def output(command):
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        raise Failure(f"{' '.join(command)}: {result.stdout}{result.stderr}")
    return result.stdout


def figures(line):
    """The numbers of a line like `rate 8000/s p50 1.2 ms`, by their names."""
    return {name: float(value) for name, value in re.findall(r"(\b[a-z][a-z0-9.]*) \(?(\d+\.?\d*)", line)}


def load(running, count, outstanding, byte_count=64):
    """So many requests, of which so many are outstanding at any time; every reply is checked.

    `cpu` is microseconds of the daemon's own CPU an invocation.
    """
    before = running.cpu_seconds()
    line = output([
        f"{TOOLS}/amqp_rpc_load", "localhost", BROKER_PORT, running.queue, str(count), str(outstanding), str(byte_count)])
    found = figures(line)
    found["cpu"] = (running.cpu_seconds() - before) * 1e6 / count
    return found


def warm_up(running, byte_count=64):
    """Until every runtime has started, and whatever learns from what it sees has learnt."""
    load(running, 1, 1)
    load(running, 50 if byte_count > 100_000 else 3000, 16, byte_count)


def fixed_rate(running, count, rate, byte_count=64):
    """Requests at a fixed rate: their latencies."""
    return figures(output([FIXED_RATE, BROKER_PORT, running.queue, str(count), str(rate), str(byte_count)]))


def mixed(queue, slots, count, rate, long_every, long_milliseconds):
    """Short and long invocations at a fixed rate: the short ones' latency, and an ideal queue's for the same."""
    line = output([
        f"{TOOLS}/mixed_load", BROKER_PORT, queue, str(slots), str(count), str(rate), str(long_every),
        str(long_milliseconds)])
    found = re.search(r"mean ([\d.]+) ms \(ideal ([\d.]+)\).* p99 ([\d.]+) \(ideal ([\d.]+)\)", line)
    return dict(zip(("mean", "ideal mean", "p99", "ideal p99"), map(float, found.groups())))


def wait_until_accepting(port, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.0005)
    raise Failure(f"nothing accepts on port {port}")
