"""What does not grow with time: a million invocations, and ten minutes in which nothing happens."""
import os
import time

import system
from table import Bar

# A daemon without work looks at its queue each ten seconds: three times in this time, or once more where a look falls
# on its edge. A timer that was left would wake it each second, or more often.
QUIET_SECONDS = 30
LOOK_WAKE_UPS = 10


def endurance(table, ours, others, pairs):
    """In ten steps; what a step leaves behind, the last one shows."""
    total = int(os.environ.get("INVOCATIONS", 1_000_000))
    for candidate in [ours, *others]:
        with system.started(candidate) as running:
            system.warm_up(running)
            fresh = quiet(running)
            descriptors = running.descriptor_count()
            resident, rates = [], []
            for step in range(10):
                rates.append(system.load(running, total // 10, 16)["rate"])
                resident.append(running.status("VmRSS"))
                print(f"{candidate.label}: {(step + 1) * total // 10} invocations, {resident[-1]} kB", flush=True)
            left = running.descriptor_count() - descriptors
            # A timer that was left behind would wake it.
            woken = quiet(running)
        label = candidate.label
        table.add("endurance: resident after the first tenth, MB", {label: [resident[0] / 1000]})
        table.add(
            "endurance: resident in the end, of that", {label: [resident[-1] / resident[0]]},
            bar=Bar(1.05, of_ratio=False))
        table.add("endurance: rate of the last tenth, of the first", {label: [rates[-1] / rates[0]]})
        table.add("endurance: descriptors left", {label: [left]}, bar=Bar(0, of_ratio=False))
        what = f"endurance: wake-ups in {QUIET_SECONDS} s of quiet"
        table.add(f"{what}, before", {label: [fresh]})
        table.add(f"{what}, after", {label: [woken]}, bar=Bar(fresh + LOOK_WAKE_UPS, of_ratio=False))


def quiet(running):
    """How often a daemon wakes while nobody wants anything."""
    time.sleep(1)
    before = running.wake_ups()
    time.sleep(QUIET_SECONDS)
    return running.wake_ups() - before


def idle(table, ours, others, pairs):
    """Ten minutes, really, in which a runtime waits for the answer to its `next`."""
    seconds = int(os.environ.get("IDLE_SECONDS", 600))
    for candidate in [ours, *others]:
        with system.started(candidate, 1) as running:
            system.load(running, 2000, 4)
            time.sleep(1)
            [runtime] = running.runtimes()
            sockets = connections(runtime)
            before = running.descriptor_count(), running.status("VmRSS"), running.wake_ups(), running.cpu_seconds()
            time.sleep(seconds)
            after = running.descriptor_count(), running.status("VmRSS"), running.wake_ups(), running.cpu_seconds()
            stayed = running.runtimes() == [runtime] and connections(runtime) == sockets
            first = system.load(running, 1, 1)["p50"]
        label = candidate.label
        table.add(f"idle for {seconds} s: the runtime's connection stays", {label: [int(stayed)]}, bar=Bar(
            1, is_least=True, of_ratio=False))
        table.add("idle: descriptors left", {label: [after[0] - before[0]]}, bar=Bar(0, of_ratio=False))
        table.add("idle: resident grown, kB", {label: [after[1] - before[1]]}, bar=Bar(100, of_ratio=False))
        table.add("idle: wake-ups a minute", {label: [(after[2] - before[2]) * 60 / seconds]})
        table.add("idle: CPU, ms", {label: [(after[3] - before[3]) * 1000]})
        table.add("idle: the next invocation, ms", {label: [first]}, bar=Bar(20, of_ratio=False))


def connections(pid):
    """The sockets of a process, by the kernel's numbers for them: a connection made anew has another."""
    found = set()
    for descriptor in os.listdir(f"/proc/{pid}/fd"):
        target = os.readlink(f"/proc/{pid}/fd/{descriptor}")
        if target.startswith("socket:"):
            found.add(target)
    return found
