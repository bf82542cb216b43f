"""A broker that goes away, under load."""

import signal
import time

from load import Load
from system import System

allowed = {"200", "503 ServiceUnavailableException", "408 NoAnswerException", "408 RequestExpiredException"}


def tell(report, load, alive):
    for kind, count in sorted(load.outcomes.items()):
        report.line(f"requests that ended as {kind}", count)
    strange = {kind: count for kind, count in load.outcomes.items() if kind not in allowed}
    report.promise("requests that ended in any other way", sum(strange.values()), not strange)
    report.promise("answers that were another request's", load.wrong, load.wrong == 0)
    report.promise("callers that hang", len(alive), not alive)


def tell_of_gateway(report, system, before):
    waiting = system.metric("lambda_gateway_calls_waiting")
    report.promise("calls that the gateway still waits for", int(waiting), waiting == 0)
    after = system.gateway.resident_kilobytes()
    report.promise("gateway's resident memory, first and last, kB", f"{before} {after}", after < before + 20_000)


def outages(report, broker, work, programs, name):
    """SIGKILL, five times."""
    system = System(broker, work, programs, name)
    load = Load(system, 16)
    time.sleep(3)
    before = system.gateway.resident_kilobytes()
    for round in range(1, 6):
        broker.run("kill")
        time.sleep(2)
        broker.run("start")
        back = load.first_success_after(time.time())
        report.promise(
            f"outage {round}: from the broker's return to the first answer, s",
            "never" if back is None else f"{back:.2f}", back is not None and back < 3)
        time.sleep(3)
    alive = load.stop()
    tell(report, load, alive)
    tell_of_gateway(report, system, before)
    system.close()


def alarm(report, broker, work, programs, name):
    """A memory alarm of ten seconds: publishers are blocked, and callers told so at once."""
    system = System(broker, work, programs, name, gateway={"INVOKE_TIMEOUT": "5"})
    load = Load(system, 16)
    time.sleep(3)
    before = system.gateway.resident_kilobytes()
    broker.run("ctl", "set_vm_memory_high_watermark", "0.0001")
    began = time.time()
    time.sleep(10)
    ended = time.time()
    broker.run("ctl", "set_vm_memory_high_watermark", "0.4")
    back = load.first_success_after(time.time())
    report.promise("from the alarm's end to the first answer, s", f"{back:.2f}" if back else "never", back and back < 3)
    time.sleep(2)
    alive = load.stop()
    tell(report, load, alive)
    within = [request for request in load.requests if began + 1 < request[0] < ended - 1]
    slow = [request for request in within if request[1] - request[0] > 0.5 and not request[2].startswith("408")]
    report.promise("refusals during the alarm that took over 0.5 s, of", f"{len(slow)} of {len(within)}", not slow)
    tell_of_gateway(report, system, before)
    system.close()


def pause(report, broker, work, programs, name):
    """SIGSTOP for 90 s: the broker neither answers nor goes away."""
    timeout = 15
    system = System(
        broker, work, programs, name, gateway={"INVOKE_TIMEOUT": str(timeout)}, uri_options="?heartbeat=10")
    load = Load(system, 16)
    time.sleep(3)
    before = system.gateway.resident_kilobytes()
    broker.signal(signal.SIGSTOP)
    stopped = time.time()
    time.sleep(90)
    broker.signal(signal.SIGCONT)
    continued = time.time()
    back = load.first_success_after(continued)
    report.promise("from SIGCONT to the first answer, s", f"{back:.2f}" if back else "never", back and back < 5)
    time.sleep(3)
    alive = load.stop()
    tell(report, load, alive)
    refused = [request for request in load.requests if stopped < request[0] and request[2].startswith("503")]
    first = min(request[1] for request in refused) - stopped if refused else 999
    report.promise("from SIGSTOP to the first 503, s (at most 20)", f"{first:.1f}", first <= 21)
    slow = [r for r in refused if r[0] > stopped + 22 and r[1] - r[0] > 0.5]
    report.promise("refusals after that which took over 0.5 s", len(slow), not slow)
    longest = max(answered - sent for sent, answered, _, _ in load.requests)
    report.promise("longest wait of a caller, s", f"{longest:.1f}", longest < timeout + 2)
    # Allowed: the five seconds by which hosts' clocks may differ.
    sent = {request[3]: request[0] for request in load.requests}
    late = [key for key, at in system.begun() if key in sent and at > sent[key] + timeout + 5]
    report.promise("runs begun after their caller's deadline and the allowance", len(late), not late)
    tell_of_gateway(report, system, before)
    system.close()
