"""Judges a book: did each call end in exactly one outcome, and what is to blame for what was not expected? Pure."""

import collections
from dataclasses import dataclass, field

# Seconds after a fault's end, when its daemons consume again, in which callers may still feel it; and clocks' grain.
RECOVERY, GRAIN = 2.0, 0.2
# Seconds from a fault's end until all daemons and the gateway serve again: a lost attempt to connect, and a pause.
MAX_RECOVERY = 8.0
# Outcomes that say that the function did not run (the table of the wire contract).
NEVER_RAN = ("400 ", "404 ", "413 ", "429 ", "503 ", "408 RequestExpiredException")
NO_ANSWER = "408 NoAnswerException"
# Losses of daemons that end a call which does not expire.
LOST_TOO_OFTEN = 4


@dataclass
class Verdict:
    counts: collections.Counter = field(default_factory=collections.Counter)
    outcomes: collections.Counter = field(default_factory=collections.Counter)
    # Executions beyond a call's first, and replies beyond its first, by the fault that explains them.
    again: collections.Counter = field(default_factory=collections.Counter)
    replies: collections.Counter = field(default_factory=collections.Counter)
    faults: collections.Counter = field(default_factory=collections.Counter)
    # Outcomes that a fault has caused, by outcome and fault.
    caused: collections.Counter = field(default_factory=collections.Counter)
    # The longest recovery of each kind of fault, in seconds.
    recoveries: dict = field(default_factory=dict)
    # What no fault explains: text for whoever looks into it.
    lost: list = field(default_factory=list)
    unexpected: list = field(default_factory=list)
    unexplained: list = field(default_factory=list)

    @property
    def is_clean(self):
        return not (self.lost or self.unexpected or self.unexplained)


class Audit:
    def __init__(self, book, executions, losses=(), unknown_executions=0):
        self.book, self.losses = book, losses
        self.runs = collections.defaultdict(list)
        for execution in sorted(executions, key=lambda execution: execution.begun):
            self.runs[execution.number].append(execution)
        self.verdict = Verdict()
        self.verdict.counts["executions without a known id (empty events)"] = unknown_executions

    def judge(self):
        verdict = self.verdict
        for fault in self.book.faults:
            verdict.faults[fault.kind] += 1
            if fault.ended is not None:
                self.judge_recovery(fault)
        for call in self.book.calls:
            verdict.counts["attempted"] += 1
            verdict.counts["acknowledged"] += call.is_confirmed
            verdict.counts["executions"] += len(self.runs[call.plan.number])
            verdict.outcomes[call.outcome or "none"] += 1
            self.judge_outcome(call)
            self.judge_replies(call)
            self.judge_executions(call)
        verdict.unexpected += self.book.strange
        for moment, reason in self.losses:
            if not self.faults_between(moment, moment, "connections"):
                verdict.unexpected.append(
                    f"a caller lost its connection at {moment:.3f}, and no fault is to blame: {reason}")
        return verdict

    def judge_recovery(self, fault):
        seconds = round(fault.ended - fault.healed, 1)
        slowest = self.verdict.recoveries.get(fault.kind, 0)
        self.verdict.recoveries[fault.kind] = max(slowest, seconds)
        if seconds > MAX_RECOVERY:
            self.verdict.unexpected.append(f"{seconds} s to recover from: {fault.kind} {'/'.join(fault.targets)}")

    # How it ended

    def judge_outcome(self, call):
        if self.is_expected(call):
            return
        blame = self.blame(call)
        if blame is not None:
            self.verdict.caused[call.outcome, blame.kind] += 1
        elif call.outcome in (None, "none", NO_ANSWER):
            self.verdict.lost.append(self.describe(call))
        else:
            self.verdict.unexpected.append(self.describe(call))

    def is_expected(self, call):
        if call.via == "gone":
            return call.outcome == "caller gone"
        if call.plan.do == "poison":
            # One that expires is ended by its time, one way or the other.
            wanted = "408 " if call.plan.is_bounded else "500 ServiceException"
            return call.outcome is not None and call.outcome.startswith(wanted)
        if call.outcome != call.plan.expected:
            return False
        return call.plan.do != "error" or "Wanted" in call.detail

    def blame(self, call):
        """The fault that is to blame for an outcome; `None`: nobody."""
        match call.outcome:
            case "503 ServiceUnavailableException": return self.fault(call, "away")
            case "429 TooManyRequestsException": return self.fault(call, "full")
            case "404 ResourceNotFoundException": return self.fault(call, "missing")
            case "408 RequestExpiredException": return self.fault(call, "expired")
            case "function error": return self.fault(call, "function")
            case "500 ServiceException" if "was lost" in call.detail: return self.blame_for_giving_up(call)
            case "408 NoAnswerException" if call.detail == "connection went":
                return self.fault(call, "connections")
            case "408 NoAnswerException":
                return self.fault(call, "silent") or self.fault(call, "expired")
        return None

    def blame_for_giving_up(self, call):
        if fault := self.fault(call, "given up"):
            return fault
        losses = self.faults_between(call.sent, call.ended, "again")
        return losses[-1] if len(losses) >= LOST_TOO_OFTEN else None

    def fault(self, call, cause):
        found = self.faults_between(call.sent, call.ended, cause)
        return next((fault for fault in found if self.concerns(fault, call)), None)

    def concerns(self, fault, call):
        if fault.targets == ("gateway",):
            return call.via == "http"
        if fault.targets == ("clients",):
            # What the broker has confirmed is answered into a queue that stays; a black hole may outlast its time.
            is_safe = call.via == "durable" and call.is_confirmed and fault.kind != "black hole"
            return call.via != "http" and not is_safe
        return True

    def faults_between(self, first, last, cause):
        return [
            fault for fault in self.book.faults
            if cause in fault.causes and fault.began - GRAIN <= last
            and first <= (fault.ended or float("inf")) + RECOVERY]

    # How often it was answered, and run

    def judge_replies(self, call):
        for moment, outcome in call.further:
            # Its caller had given up; what comes then is dropped.
            if call.outcome == NO_ANSWER and call.detail in ("own timer", "connection went"):
                self.verdict.counts["late replies, dropped"] += 1
            elif blames := self.faults_between(call.sent, moment, "again"):
                self.verdict.replies[blames[-1].kind] += 1
            else:
                self.verdict.unexplained.append(f"a second reply at {moment:.3f}, {outcome}: {self.describe(call)}")

    def judge_executions(self, call):
        runs = self.runs[call.plan.number]
        for before, after in zip(runs, runs[1:]):
            if (blame := self.blame_for_repeating(call, before, after)) is not None:
                self.verdict.again[blame.kind] += 1
                self.verdict.counts["of them by the process that had run it before"] += before.process == after.process
            else:
                self.verdict.unexplained.append(
                    f"run at {before.begun:.3f} by {before.daemon} and at {after.begun:.3f} by {after.daemon}: "
                    + self.describe(call))
        if runs and call.outcome and call.outcome.startswith(NEVER_RAN):
            self.verdict.unexpected.append("it ran, and its caller was told that it did not: " + self.describe(call))
        if not runs and call.outcome in ("ok", "function error") and call.plan.byte_count != 0:
            if not self.fault(call, "function"):
                self.verdict.unexpected.append("its caller has a result, and it never ran: " + self.describe(call))

    def blame_for_repeating(self, call, before, after):
        found = [
            fault for fault in self.faults_between(before.begun, after.begun, "again")
            # A call that does not expire is published again when it is counted: two of it may be under way.
            if not fault.targets or before.daemon in fault.targets or not call.plan.is_bounded]
        return found[-1] if found else None

    def describe(self, call):
        plan = call.plan
        ended = f"{call.ended:.3f}" if call.ended else "never"
        runs = ", ".join(f"{run.begun:.3f} {run.daemon}" for run in self.runs[plan.number]) or "none"
        near = [f"{f.kind} {'/'.join(f.targets)}" for f in self.book.faults
                if f.began <= (call.ended or f.began) and call.sent <= (f.ended or f.began) + 10]
        return (f"{plan.number} {call.via} {plan.do or 'plain'} {plan.milliseconds} ms {plan.byte_count} B "
                f"{'bounded' if plan.is_bounded else 'unbounded'}{' twin' if plan.is_twin else ''} "
                f"{'confirmed' if call.is_confirmed else 'unconfirmed'}, sent {call.sent:.3f} ended {ended}: "
                f"{call.outcome} ({call.detail[:120]}); runs: {runs}; near: {near}")
