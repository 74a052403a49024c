"""What judges the real faults (tools/break) sees every kind of miss. No daemon runs here."""

import contextlib
import importlib.machinery
import io
import os
import struct
import subprocess
import sys
import types
import unittest

sys.path.insert(0, os.path.join(os.environ["EXITGATE_SOURCE_DIR"], "tools/real_faults"))
from running_gate import BARRIER, CART_LANE, SAFETY, WALKOUT_LANE  # noqa: E402
from running_backend import seal  # noqa: E402
from store_run import Exit, Row, StoreRun  # noqa: E402
from watched_module import WatchedModule  # noqa: E402


def chain(*receipts):
    previous = "0" * 64
    for sequence, receipt in enumerate(receipts, 1):
        receipt.update({"receipt_id": str(sequence), "chain_id": "c", "sequence": sequence, "previous_hash": previous, "passages": 1})
        receipt.setdefault("flags", [])
        receipt["authorised_at"] = "2026-11-23T18:06:%02d.000Z" % sequence
        previous = receipt["hash"] = seal(receipt)
    return list(receipts)


def cart(session, outcome="passed", lane="1", flags=()):
    return {"kind": "cart", "lane_id": lane, "session_id": session, "outcome": outcome, "flags": list(flags)}


class Judge(unittest.TestCase):
    def run_of(self, *exits):
        run = types.SimpleNamespace(exits=list(exits), take_first=StoreRun.take_first, repeats=StoreRun.repeats)
        run.cli = lambda *_: subprocess.CompletedProcess([], 0, "", "")
        return run

    def counts(self, run, receipts, kills=True):
        return StoreRun.lost_and_doubled(run, receipts, kills)

    def test_an_exit_without_a_receipt_is_lost_and_one_that_was_not_opened_is_not(self):
        run = self.run_of(Exit(CART_LANE, "a", opened=True), Exit(CART_LANE, "b", opened=True), Exit(CART_LANE, "c"))
        self.assertEqual((1, 0), self.counts(run, chain(cart("a"))))

    def test_a_second_receipt_is_doubled_unless_the_first_was_not_used_and_nothing_was_killed(self):
        run = self.run_of(Exit(CART_LANE, "a", opened=True))
        self.assertEqual((0, 1), self.counts(run, chain(cart("a"), cart("a", "unknown"))))
        self.assertEqual((0, 0), self.counts(run, chain(cart("a", "not_used"), cart("a")), kills=False))
        self.assertEqual((0, 1), self.counts(run, chain(cart("a", "not_used"), cart("a"))))

    def test_what_ended_unknown_at_a_restart_may_be_repeated_at_its_lane_once(self):
        run = self.run_of(Exit(CART_LANE, "a", opened=True))
        unknown, again = cart("a", "unknown"), cart("a", flags=["after_restart"])
        self.assertEqual((0, 0), self.counts(run, chain(dict(unknown), dict(again))))
        self.assertEqual((0, 1), self.counts(run, chain(dict(unknown), dict(again), dict(again))))
        self.assertEqual((0, 1), self.counts(run, chain(cart("a"), dict(again))))
        self.assertEqual((0, 1), self.counts(run, chain(dict(unknown), cart("a", lane="2", flags=["after_restart"]))))
        self.assertEqual((0, 1), self.counts(run, chain(dict(unknown), cart("a"))))

    def test_a_nameless_receipt_stands_for_one_walkout_and_no_more(self):
        nameless = {"kind": "walkout", "lane_id": "2", "outcome": "passed"}
        run = self.run_of(Exit(WALKOUT_LANE, "w", opened=True), Exit(WALKOUT_LANE, "x", opened=True))
        self.assertEqual((1, 0), self.counts(run, chain(dict(nameless))))
        self.assertEqual((0, 1), self.counts(run, chain(dict(nameless), dict(nameless), dict(nameless))))

    def test_gaps_and_broken_links_are_seen_and_what_was_told_is_no_gap(self):
        run, receipts = self.run_of(), chain(cart("a"), cart("b"), cart("c"))
        self.assertEqual(0, StoreRun.gaps(run, list(receipts), set(), Row("")))
        self.assertEqual(1, StoreRun.gaps(run, [receipts[0], receipts[2]], set(), Row("")))
        self.assertEqual(0, StoreRun.gaps(run, [receipts[0], receipts[2]], {("c", 2)}, Row("")))
        receipts[1]["passages"] = 2
        row = Row("")
        StoreRun.gaps(run, receipts, set(), row)
        self.assertFalse(row.chain)

    def test_a_barrier_closed_on_somebody_or_unread_is_seen(self):
        module = WatchedModule()
        self.addCleanup(module.close)
        close, read = struct.pack(">BHH", 5, BARRIER, 0xFF00), struct.pack(">BHH", 2, 0, 8)
        reopen = struct.pack(">BHH", 5, BARRIER, 0)
        module.answer(close)
        self.assertEqual([(BARRIER, None)], module.closed_on_somebody)
        for blocked, seen in ((False, 1), (True, 2)):
            module.answer(reopen)
            module.set_input(SAFETY, blocked)
            module.answer(read)
            module.answer(close)
            self.assertEqual(seen, len(module.closed_on_somebody))
        module.answer(close)  # a repetition moves nothing
        self.assertEqual(2, len(module.closed_on_somebody))

    def command(self):
        loader = importlib.machinery.SourceFileLoader("break_command", os.environ["EXITGATE_SOURCE_DIR"] + "/tools/break")
        command = types.ModuleType(loader.name)
        command.__file__ = loader.path
        loader.exec_module(command)
        return command

    def test_the_command_breaks_everything_unless_told_what(self):
        command = self.command()
        everything = ("kills", "links", "disk", "damage")
        for words, what in (([], everything), (["all", "--short"], everything), (["disk", "kills"], ("disk", "kills"))):
            self.assertEqual(what, command.arguments(words).what)

    def test_a_name_chooses_faults_and_one_that_none_has_is_told_with_those_that_there_are(self):
        command = self.command()

        def chosen(*words):
            said = io.StringIO()
            with contextlib.redirect_stderr(said):
                return [names for names, _ in command.chosen(command.arguments(words))], said.getvalue()

        self.assertEqual(([["H4 link: frozen"]], ""), chosen("--only", "H4 link: frozen"))
        found, said = chosen("damage", "--only", "running: file zeroed")
        self.assertEqual((1, ""), (len(found), said))
        self.assertIn("database running: file zeroed", found[0])
        found, said = chosen("kills", "links", "--short", "--only", "xyz")
        self.assertEqual([], found)
        self.assertIn("--only xyz: no fault of kills, links in the short form", said)
        self.assertEqual(8, said.count("\n  "))


if __name__ == "__main__":
    unittest.main(verbosity=2)
