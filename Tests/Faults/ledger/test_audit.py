"""The judge is judged: what has to be found is found, and what a fault explains is not.

usage: python -m unittest ledger.test_audit    in Tests/Faults
"""

import unittest

from .audit import MAX_RECOVERY, Audit
from .book import Book, Call, Execution, Fault
from .plans import LIMIT, Plan, plan
from .schedule import CAUSES, causes, long_round


def call(
        number=1, outcome="ok", do="", via="durable", sent=10.0, ended=11.0, detail="", is_bounded=True,
        byte_count=100):
    return Call(
        Plan(number, do, 0, byte_count, is_bounded, False, False), via, sent, is_confirmed=True, ended=ended,
        outcome=outcome, detail=detail)


def fault(kind, *targets, began=10.2, ended=10.8):
    return Fault(kind, targets, frozenset(causes(kind, targets[0] if targets else "")), began, ended, ended)


def run(number=1, daemon="daemon-0", begun=10.1, process=7):
    return Execution(number, daemon, process, begun)


class AuditTests(unittest.TestCase):
    def judge(self, calls, runs=(), faults=(), losses=(), strange=()):
        book = Book()
        book.calls, book.faults, book.strange = list(calls), list(faults), list(strange)
        return Audit(book, list(runs), losses).judge()

    def test_what_ends_as_expected_is_clean(self):
        verdict = self.judge([call(), call(2, "function error", do="exit")], [run(), run(2)])
        self.assertTrue(verdict.is_clean)
        self.assertEqual(verdict.outcomes["ok"], 1)

    def test_a_call_that_never_ended_is_lost_whatever_went_wrong(self):
        verdict = self.judge([call(outcome=None, ended=99)], [run()], [fault("daemon killed", "daemon-0")])
        self.assertEqual(len(verdict.lost), 1)

    def test_silence_is_a_loss_unless_a_fault_may_cause_it(self):
        silent = call(outcome="408 NoAnswerException", detail="own timer", ended=25)
        self.assertEqual(len(self.judge([silent]).lost), 1)
        self.assertEqual(len(self.judge([silent], faults=[fault("reset", "daemon-0")]).lost), 1)
        self.assertTrue(self.judge([silent], faults=[fault("broker killed")]).is_clean)

    def test_a_fault_before_or_after_a_call_explains_nothing(self):
        silent = call(outcome="408 NoAnswerException", detail="own timer", ended=25)
        self.assertFalse(self.judge([silent], faults=[fault("broker killed", began=1, ended=5)]).is_clean)
        self.assertFalse(self.judge([silent], faults=[fault("broker killed", began=26, ended=30)]).is_clean)

    def test_a_cut_of_the_gateway_explains_nothing_to_callers_over_amqp(self):
        cut = [fault("reset", "gateway")]
        self.assertTrue(self.judge([call(outcome="408 NoAnswerException", via="http")], faults=cut).is_clean)
        self.assertFalse(self.judge([call(outcome="408 NoAnswerException")], faults=cut).is_clean)

    def test_a_confirmed_call_with_a_queue_that_stays_is_answered_though_its_caller_was_cut_off(self):
        cut = [fault("reset", "clients")]
        silent = call(outcome="408 NoAnswerException", detail="own timer")
        self.assertEqual(len(self.judge([silent], faults=cut).lost), 1)
        silent.is_confirmed = False
        self.assertTrue(self.judge([silent], faults=cut).is_clean)

    def test_a_second_run_needs_a_fault_of_the_daemon_that_had_the_first(self):
        runs = [run(), run(daemon="daemon-1", begun=10.5)]
        self.assertEqual(len(self.judge([call()], runs).unexplained), 1)
        self.assertEqual(len(self.judge([call()], runs, [fault("reset", "daemon-1")]).unexplained), 1)
        verdict = self.judge([call()], runs, [fault("reset", "daemon-0")])
        self.assertTrue(verdict.is_clean)
        self.assertEqual(verdict.again["reset"], 1)

    def test_a_drain_repeats_nothing(self):
        runs = [run(), run(daemon="daemon-1", begun=10.5)]
        self.assertEqual(len(self.judge([call()], runs, [fault("daemon drained", "daemon-0")]).unexplained), 1)

    def test_a_second_reply_needs_a_fault_that_repeats(self):
        answered = call()
        answered.further.append((10.9, "ok"))
        self.assertEqual(len(self.judge([answered], [run()]).unexplained), 1)
        self.assertTrue(self.judge([answered], [run()], [fault("cut before ack", "daemon-0")]).is_clean)

    def test_who_is_told_that_nothing_ran_is_told_the_truth(self):
        expired = call(outcome="408 RequestExpiredException")
        self.assertTrue(self.judge([expired], faults=[fault("broker paused")]).is_clean)
        self.assertEqual(len(self.judge([expired], [run()], [fault("broker paused")]).unexpected), 1)

    def test_a_refusal_for_want_of_room_needs_a_queue_that_refuses(self):
        refused = call(outcome="429 TooManyRequestsException")
        self.assertEqual(len(self.judge([refused], faults=[fault("queue deleted")]).unexpected), 1)
        deleted = Fault("queue deleted", (), frozenset(causes("queue deleted", "", "quorum")), 10.2, 10.8, 10.8)
        self.assertTrue(self.judge([refused], faults=[deleted]).is_clean)

    def test_a_result_without_a_run_and_a_wrong_answer_are_unexpected(self):
        self.assertEqual(len(self.judge([call()]).unexpected), 1)
        self.assertEqual(len(self.judge([call(outcome="another's answer")], [run()]).unexpected), 1)

    def test_a_result_where_an_error_was_due_is_unexpected(self):
        for do in ("error", "exit", "malformed", "poison"):
            self.assertEqual(len(self.judge([call(do=do)], [run()]).unexpected), 1, do)
        self.assertEqual(len(self.judge([call(byte_count=LIMIT + 1)], [run()]).unexpected), 1)

    def test_a_function_error_of_a_healthy_function_is_unexpected(self):
        failed = call(outcome="function error", detail="Runtime.ExitError")
        self.assertEqual(len(self.judge([failed], [run()]).unexpected), 1)
        self.assertTrue(self.judge([failed], [run()], [fault("runtime killed", "daemon-0")]).is_clean)

    def test_giving_up_needs_four_lost_daemons(self):
        given_up = call(
            outcome="500 ServiceException", detail="was lost, 4 times in a row", is_bounded=False, sent=10, ended=30)
        three = [fault("daemon killed", "daemon-0", began=10 + index, ended=10.5 + index) for index in range(3)]
        self.assertFalse(self.judge([given_up], [run()], three).is_clean)
        self.assertTrue(self.judge([given_up], [run()], three + [fault("reset", "daemon-1")]).is_clean)

    def test_a_lost_connection_needs_a_fault_of_callers_or_broker(self):
        loss = (10.5, "exclusive: silence")
        self.assertEqual(len(self.judge([], losses=[loss]).unexpected), 1)
        self.assertIn("exclusive: silence", self.judge([], losses=[loss]).unexpected[0])
        self.assertEqual(len(self.judge([], losses=[loss], faults=[fault("reset", "gateway")]).unexpected), 1)
        self.assertTrue(self.judge([], losses=[loss], faults=[fault("reset", "clients")]).is_clean)

    def test_a_recovery_that_takes_too_long_is_unexpected(self):
        slow = fault("reset", "daemon-0")
        slow.ended = slow.healed + MAX_RECOVERY + 1
        self.assertEqual(len(self.judge([], faults=[slow]).unexpected), 1)

    def test_a_reply_to_nobody_is_unexpected(self):
        self.assertEqual(len(self.judge([], strange=["a reply to nobody"]).unexpected), 1)


class ScheduleTests(unittest.TestCase):
    def test_the_same_seed_makes_the_same_plans_and_schedules(self):
        self.assertEqual([plan(3, n) for n in range(100)], [plan(3, n) for n in range(100)])
        self.assertEqual(long_round(3, 1), long_round(3, 1))
        self.assertNotEqual(long_round(3, 1), long_round(4, 1))

    def test_three_rounds_have_every_kind_of_fault_three_times(self):
        kinds = [step.kind for number in range(3) for step in long_round(1, number)]
        for kind in CAUSES:
            self.assertGreaterEqual(kinds.count(kind), 3, kind)

    def test_events_have_the_sizes_that_matter(self):
        sizes = {len(plan(1, number).event) for number in range(20_000)}
        self.assertTrue({0, 131_064, LIMIT, LIMIT + 1} <= sizes)


if __name__ == "__main__":
    unittest.main()
