"""What Tests/Benchmarks/run runs: reads the arguments, measures part by part, prints the table."""
import argparse
import pathlib
import signal
import sys

import endurance
import measurements
from system import Candidate, Failure
from table import Table

PARTS = {
    "throughput": measurements.throughput, "latency": measurements.latency, "fairness": measurements.fairness,
    "start-up": measurements.start_up, "memory": measurements.memory, "payloads": measurements.payloads,
    "environments": measurements.environments, "large": measurements.large,
    "endurance": endurance.endurance, "idle": endurance.idle,
}
LONG = ("endurance", "idle")


def candidate(text):
    label, separator, path = text.partition("=")
    if not separator or not label or not pathlib.Path(path).is_file():
        raise argparse.ArgumentTypeError(f"not LABEL=FILE: {text}")
    return Candidate(label, path)


def main():
    # So that what was started is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    parser = argparse.ArgumentParser(prog="Tests/Benchmarks/run")
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--daemon", action="append", type=candidate, required=True)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_intermixed_args()
    unknown = [part for part in arguments.parts if part not in PARTS]
    if unknown or arguments.pairs < 1:
        parser.error(f"no such part: {' '.join(unknown)}" if unknown else "--pairs has to be 1 at least")
    ours, *others = arguments.daemon
    table, failed = Table(ours.label), False
    for part in arguments.parts or [part for part in PARTS if part not in LONG]:
        print(f"== {part}", file=sys.stderr, flush=True)
        try:
            PARTS[part](table, ours, others, arguments.pairs)
        except Failure as failure:
            failed = True
            print(f"error: {part}: {failure}", file=sys.stderr, flush=True)
    print(table.text())
    if arguments.json:
        arguments.json.write_text(table.json())
    sys.exit(0 if table.is_good and not failed else 1)


main()
