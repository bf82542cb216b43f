"""The parts of a benchmark: each adds its lines to the table. Candidates are measured in turn, so that what a machine does
besides meets all of them."""
import random
import time
from collections import defaultdict
from contextlib import ExitStack
from statistics import mean

import system
from system import ECHO, IDEAL, Candidate, Failure
from table import Bar

MEGABYTES_6 = 6_000_000


def in_turn(candidates, pairs, measure):
    """`measure(candidate)` for each in turn, so often; what it returns, as a list for each figure and label."""
    samples = defaultdict(lambda: defaultdict(list))
    for _ in range(pairs):
        for candidate in candidates:
            for name, value in measure(candidate).items():
                samples[name][candidate.label].append(value)
    return samples


def side_by_side(candidates, pairs, runtimes, outstanding, count, loads):
    """Each pair's processes are up together, and take short loads in turn: a shared machine may change its speed within the
    seconds that one long load would take."""
    samples = defaultdict(lambda: defaultdict(list))
    for _ in range(pairs):
        with ExitStack() as stack:
            running = [(each, stack.enter_context(system.started(each, runtimes))) for each in candidates]
            for _, process in running:
                system.warm_up(process)
            found = defaultdict(list)
            for _ in range(loads):
                random.shuffle(running)
                for candidate, process in running:
                    found[candidate.label].append(system.load(process, count // loads, outstanding))
        for label in (each.label for each in candidates):
            parts = found[label]
            samples["rate"][label].append(1 / mean(1 / part["rate"] for part in parts))
            for name in ("p50", "cpu"):
                samples[name][label].append(mean(part[name] for part in parts))
    return samples


def throughput(table, ours, others, pairs):
    """The bars of must-hold 1 of issue 6: against the least that a daemon could do."""
    # On a shared machine one process's rates differ by a factor of two from one load of 1 500 to another: it takes many.
    for runtimes, outstanding, count, loads in ((4, 16, 48000, 32), (4, 1, 8000, 8), (1, 16, 48000, 32)):
        ideal = Candidate(IDEAL.label, IDEAL.path, {"PREFETCH": "5"})
        samples = side_by_side([ours, ideal, *others], pairs, runtimes, outstanding, count, loads)
        what = f"{runtimes} runtime{'s' if runtimes > 1 else ''}, {outstanding} outstanding"
        rate_bar = Bar(0.85, is_least=True) if outstanding > 1 else None
        table.add(f"{what}: invocations/s", samples["rate"], ideal.label, rate_bar)
        table.add(f"{what}: p50, ms", samples["p50"], ideal.label, Bar(1.15) if outstanding == 1 else None)
        cpu_bar = Bar(1.4) if (runtimes, outstanding) == (4, 16) else None
        table.add(f"{what}: daemon's CPU, µs an invocation", samples["cpu"], ideal.label, cpu_bar)


def latency(table, ours, others, pairs):
    for rate in (500, 2000, 5000):

        def measure(candidate):
            with system.started(candidate) as running:
                system.warm_up(running)
                return system.fixed_rate(running, rate * 4, rate)

        samples = in_turn([ours, IDEAL, *others], pairs, measure)
        for quantile in ("p50", "p99", "p99.9"):
            table.add(f"{rate} invocations/s: {quantile}, ms", samples[quantile], IDEAL.label)


def fairness(table, ours, others, pairs):
    """Short invocations of 1 ms beside long ones, on a queue that several daemons share."""
    for daemons, runtimes, long_every, long_milliseconds in ((4, 1, 30, 500), (8, 2, 30, 2000), (4, 1, 10, 500)):

        def measure(candidate):
            queue = f"fair-{time.monotonic_ns()}"
            with ExitStack() as stack:
                running = [
                    stack.enter_context(system.started(candidate, runtimes, queue)) for _ in range(daemons)]
                time.sleep(1)
                system.load(running[0], 400, 32)
                return system.mixed(queue, daemons * runtimes, 1500, 120, long_every, long_milliseconds)

        samples = in_turn([ours, *others], pairs, measure)
        is_overloaded = long_every == 10
        what = f"{daemons} × {runtimes} runtimes, 1 in {long_every} takes {long_milliseconds} ms: short"
        for name in ("mean", "p99"):
            samples[name]["ideal queue"] = samples[f"ideal {name}"][ours.label]
        mean_bar = Bar(1.2) if is_overloaded else Bar(3)
        table.add(f"{what} mean, ms", samples["mean"], "ideal queue", mean_bar)
        p99_bar = None if is_overloaded else Bar(10, of_ratio=False)
        table.add(f"{what} p99, ms", samples["p99"], "ideal queue", p99_bar)


def start_up(table, ours, others, pairs):
    def measure(candidate):
        began = time.monotonic()
        with system.started(candidate, 1) as running:
            system.wait_until_accepting(running.port)
            accepting = time.monotonic()
            system.load(running, 1, 1)
            return {"port": (accepting - began) * 1000, "first": (time.monotonic() - began) * 1000}

    samples = in_turn([ours, *others], max(20, pairs), measure)
    table.add("exec until the Invoke API's port accepts, ms, median of 20", samples["port"], bar=Bar(50, of_ratio=False))
    table.add("exec until the first answer over AMQP, ms", samples["first"])


def memory(table, ours, others, pairs):
    def measure(candidate):
        with system.started(candidate) as running:
            time.sleep(1)
            idle = running.status("VmRSS") / 1000
            system.warm_up(running)
            system.load(running, 30000, 16)
            return {"idle": idle, "loaded": running.status("VmRSS") / 1000}

    samples = in_turn([ours, IDEAL, *others], pairs, measure)
    table.add("resident after start, MB", samples["idle"])
    table.add("resident after 30 000 invocations, MB", samples["loaded"])


def payloads(table, ours, others, pairs):
    """The ideal daemon takes bodies of up to 60 000 B; beyond that the reference is the echo, without any runtime."""
    for byte_count in (1, 64, 10_000, 128_000, 1_000_000, MEGABYTES_6):
        reference = IDEAL if byte_count <= 60_000 else ECHO
        count = max(60, min(10_000, 400_000_000 // byte_count))

        def measure(candidate):
            with system.started(candidate) as running:
                system.warm_up(running, byte_count)
                return system.load(running, count, 16, byte_count)

        samples = in_turn([ours, reference, *others], pairs, measure)
        table.add(f"{size(byte_count)}, 16 outstanding: invocations/s", samples["rate"], reference.label)
        table.add(f"{size(byte_count)}, 16 outstanding: p50, ms", samples["p50"], reference.label)
        table.add(f"{size(byte_count)}, 16 outstanding: CPU, µs", samples["cpu"], reference.label)


def environments(table, ours, others, pairs):
    for runtimes in (1, 2, 4, 8, 16, 32, 64):

        def measure(candidate):
            with system.started(candidate, runtimes) as running:
                system.warm_up(running)
                return system.load(running, 15000, 4 * runtimes)

        samples = in_turn([ours, IDEAL, *others], pairs, measure)
        what = f"{runtimes} runtimes, {4 * runtimes} outstanding"
        table.add(f"{what}: invocations/s", samples["rate"], IDEAL.label)
        table.add(f"{what}: CPU, µs", samples["cpu"], IDEAL.label)


def large(table, ours, others, pairs):
    """Must-hold 2 of issue 6."""
    outstanding = 50
    in_flight = outstanding * MEGABYTES_6 / 1e6
    # The second is the worst case: everything that is in flight is in the daemon.
    for runtimes in (4, outstanding):

        def measure(candidate):
            with system.started(candidate, runtimes, prefetch=outstanding) as running:
                system.warm_up(running)
                before = running.page_faults()
                found = system.load(running, 150, outstanding, MEGABYTES_6)
                found["faults"] = (running.page_faults() - before) / 150
                found["peak"] = running.status("VmHWM") * 1024 / 1e6
                return found

        samples = in_turn([ours, ECHO, *others], pairs, measure)
        what = f"6 MB, {outstanding} in flight, {runtimes} runtimes"
        table.add(f"{what}: invocations/s", samples["rate"], ECHO.label, Bar(0.7, is_least=True))
        table.add(f"{what}: page faults an invocation", samples["faults"], bar=Bar(200, of_ratio=False))
        table.add(f"{what}: resident at most, MB", samples["peak"], bar=Bar(3 * in_flight + 30, of_ratio=False))


def size(byte_count):
    for unit, factor in (("MB", 1_000_000), ("kB", 1000)):
        if byte_count >= factor:
            return f"{byte_count // factor} {unit}"
    return f"{byte_count} B"
