"""The table that a ledger ends in, and a file of it, so that rounds of different runs can be summed up."""

import json

LISTS = ("lost", "unexpected", "unexplained")
UNKNOWN = "executions without a known id (empty events)"
COUNTERS = ("counts", "outcomes", "again", "replies", "faults", "caused")


def store(path, verdict):
    content = {name: [[key, count] for key, count in getattr(verdict, name).items()] for name in COUNTERS}
    content |= {name: getattr(verdict, name) for name in LISTS}
    content["recoveries"] = verdict.recoveries
    with open(path, "w") as file:
        json.dump(content, file, indent=1)


def add(path, verdict):
    """Adds what was stored to a verdict."""
    with open(path) as file:
        content = json.load(file)
    for name in COUNTERS:
        for key, count in content[name]:
            getattr(verdict, name)[tuple(key) if isinstance(key, list) else key] += count
    for name in LISTS:
        getattr(verdict, name).extend(content[name])
    for kind, seconds in content["recoveries"].items():
        verdict.recoveries[kind] = max(verdict.recoveries.get(kind, 0), seconds)


def show(report, verdict):
    counts, outcomes = verdict.counts, verdict.outcomes
    report.line("faults; the longest recovery, s", sum(verdict.faults.values()))
    for kind, count in sorted(verdict.faults.items()):
        report.line(f"  {kind}", f"{count}; {verdict.recoveries.get(kind, 0):.1f}")
    for what in ("attempted", "acknowledged"):
        report.line(what, counts[what])
    report.line("ok", outcomes["ok"])
    report.line("function error", outcomes["function error"])
    report.line("other outcomes", sum(outcomes.values()) - outcomes["ok"] - outcomes["function error"])
    for outcome, count in sorted(outcomes.items()):
        if outcome not in ("ok", "function error"):
            report.line(f"  {outcome}", count)
    report.line("outcomes that a fault has caused", sum(verdict.caused.values()))
    for (outcome, kind), count in sorted(verdict.caused.items()):
        report.line(f"  {outcome}: {kind}", count)
    report.line("executions", counts["executions"])
    # Of callers over HTTP who had no answer, which would have named the request.
    report.line("  beside them of empty events that nobody can tell apart", counts[UNKNOWN])
    report.line("duplicated executions, explained by", sum(verdict.again.values()))
    for kind, count in sorted(verdict.again.items()):
        report.line(f"  {kind}", count)
    report.line("  of them by the same process", counts["of them by the process that had run it before"])
    report.line("duplicated replies, explained by", sum(verdict.replies.values()))
    for kind, count in sorted(verdict.replies.items()):
        report.line(f"  {kind}", count)
    report.line("late replies, dropped", counts["late replies, dropped"])
    for name, what in (("lost", "lost"), ("unexpected", "unexpected"),
                       ("unexplained", "duplicated executions and replies without an explanation")):
        found = getattr(verdict, name)
        report.promise(what, len(found), not found)
        for text in found[:20]:
            print(f"    {text}", flush=True)
