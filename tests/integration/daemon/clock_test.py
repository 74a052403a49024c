"""The box's clock is wrong: at 1970 from the start, and a day off while it runs. The monotonic clock is right, as it always is."""

import os
import struct
import time
import unittest

from running_gate import APPROACH, CART_LANE, RED, WALKOUT_LANE, Gate, chain_findings, eventually

DAY_S = 86400


class FakedGate(Gate):
    """Its daemon's wall clock is off by what set_clock() said last."""

    def __init__(self, **more):
        super().__init__(start=False, trust="kernel", **more)
        with open(self.path("clock"), "wb") as file:
            file.write(bytes(16))
        asan = ":".join(o for o in (os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0") if o)
        self.environment = {"LD_PRELOAD": os.environ["EXITGATE_WALL_CLOCK_SHIM"], "EXITGATE_WALL_CLOCK": self.path("clock"),
                            "ASAN_OPTIONS": asan}

    def up(self):
        self.start()
        self.until_idle()
        self.until_online()

    def set_clock(self, off_by_s, synchronised=True):
        with open(self.path("clock"), "r+b", buffering=0) as file:
            file.write(struct.pack("<qq", off_by_s, synchronised))

    def at_1970(self):
        """As a box with an empty battery starts."""
        self.set_clock(1000 - int(time.time()), synchronised=False)

    def until_reason(self, reason):
        eventually(lambda: self.api("GET", "/api/v1/lanes/1")[1]["reason"] == reason, "lane 1 shows " + reason)

    def stored_but(self, before):
        return [r for r in self.stored() if r["receipt_id"] not in before]

    def walkout_leaves(self):
        self.eye(WALKOUT_LANE, APPROACH, True)
        self.until_open(WALKOUT_LANE, within_s=5)
        self.walk_through(WALKOUT_LANE)
        self.until_phase("idle", lane="2")

    def paid_walkout_leaves(self):
        session = self.backend.admin("POST", "sessions", {"kind": "walkout", "state": "closed"})["session_id"]
        self.backend.admin("POST", "arrivals", {"lane_id": "2", "session_id": session, "push_expected": False})
        self.walkout_leaves()
        return session


class Clock(unittest.TestCase):
    def test_a_box_that_wakes_up_in_1970_lets_people_out_and_tells_of_them_once_its_clock_is_right(self):
        with FakedGate() as gate:
            gate.set_clock(0)
            gate.up()
            self.assertEqual("synchronised", gate.status()["clock"])
            closed = gate.backend.close_session(push=True)
            unpaid = "0000000000bb"
            gate.cart_exit(118, self.known(gate, 118, "0000000000cc"))
            gate.until_stored(1)
            self.assertEqual(0, gate.terminate()[0])

            gate.at_1970()
            gate.start()
            gate.until_fault("clock_wrong")
            gate.until_idle()
            self.assertEqual("unsynchronised", gate.status()["clock"])
            self.assertNotIn("clock_unsynchronised", gate.faults(), "one word for one cause")
            # Certificates are not valid yet, so nobody can be asked.
            gate.until_fault("backend_credentials")
            gate.until_fault("backend_offline")
            gate.cart_exit()
            gate.walkout_leaves()
            gate.cart_comes(119, unpaid)
            gate.until_reason("see_staff")
            self.assertTrue(gate.module.wait_coil(CART_LANE + RED, True, 2))
            self.assertEqual(200, gate.command("open")[0])
            gate.walk_through()
            gate.radio.carts = {}
            gate.until_idle()
            eventually(lambda: gate.status()["receipts"]["queued"] >= 3, "three receipts wait")

            gate.set_clock(0)
            gate.until_fault("clock_wrong", stands=False)
            self.assertEqual("synchronised", gate.status()["clock"])
            receipts = gate.until_stored(4, within_s=90)
            gate.until_online()
            gate.until_fault("backend_credentials", stands=False, within_s=75)
            chain_findings(self, receipts)
            told = [(r["kind"], r.get("basis"), r["outcome"], r["clock"]) for r in receipts]
            self.assertEqual([("cart", "confirmed", "passed", "synchronised"), ("cart", "prefetched", "passed", "unsynchronised"),
                              ("walkout", "offline_policy", "passed", "unsynchronised"), ("staff", "staff", "passed", "unsynchronised")],
                             [t for t in told if t[0] != "fault"])
            self.assertEqual(closed, [r for r in receipts if r.get("basis") == "prefetched"][0]["session_id"])
            self.leaves_confirmed(gate, 120, "0000000000dd")
            self.assertEqual(0, gate.cli("receipts", "verify").returncode)

    def test_a_clock_that_steps_back_a_day_and_returns_stops_nobody(self):
        with FakedGate() as gate:
            gate.set_clock(0)
            gate.up()
            self.leaves_confirmed(gate, 117, "a1b2c3d4e5f6")
            gate.set_clock(-DAY_S)
            gate.until_fault("clock_wrong")
            # What has a connection is asked, and carts are heard by the last time known.
            self.leaves_confirmed(gate, 118, "0000000000bb")
            gate.set_clock(0)
            gate.until_fault("clock_wrong", stands=False)
            self.leaves_confirmed(gate, 119, "0000000000cc")
            self.all_told(gate, 3)

    def test_a_clock_that_steps_ahead_a_day_and_returns_stops_nobody_for_long(self):
        with FakedGate() as gate:
            gate.set_clock(0)
            gate.up()
            first = gate.paid_walkout_leaves()
            gate.until_stored(1)
            gate.set_clock(DAY_S)
            # A clock that the kernel calls right can't be known to be wrong: all evidence seems old, and staff open.
            gate.cart_comes(118, self.known(gate, 118, "0000000000bb"))
            gate.until_fault("cart_clock")
            gate.until_reason("see_staff")
            self.assertEqual(200, gate.command("open", lane="2")[0])
            gate.walk_through(WALKOUT_LANE)
            gate.until_phase("idle", lane="2")
            gate.set_clock(0)
            # Now it looks as if it were behind, until the backend says what time it is, which it is asked within a minute.
            gate.until_open(CART_LANE, within_s=90)
            gate.walk_through()
            gate.radio.carts = {}
            gate.until_fault("clock_wrong", stands=False)
            gate.until_idle()
            receipts = self.all_told(gate, 3)
            self.assertEqual([("walkout", "confirmed", first), ("staff", "staff", None), ("cart", "confirmed", receipts[2]["session_id"])],
                             [(r["kind"], r["basis"], r.get("session_id")) for r in receipts])

    def test_a_new_box_that_has_never_known_the_time_lets_walkouts_out_and_tells_of_them_later(self):
        with FakedGate() as gate:
            gate.at_1970()
            gate.start()
            gate.until_idle()
            gate.until_fault("clock_unsynchronised")
            self.assertNotIn("clock_wrong", gate.faults())
            self.assertEqual("unsynchronised", gate.status()["clock"])
            gate.until_fault("backend_credentials")
            gate.walkout_leaves()
            # The clock is set while the backend is still away: the outage is minutes old, not decades.
            gate.backend.faults(down=True)
            gate.set_clock(0)
            gate.until_fault("clock_unsynchronised", stands=False)
            gate.walkout_leaves()
            gate.backend.faults(clear=True)
            receipts = self.all_told(gate, 2)
            self.assertEqual(["unsynchronised", "synchronised"], [r["clock"] for r in receipts])
            self.leaves_confirmed(gate, 117, "a1b2c3d4e5f6")

    @staticmethod
    def known(gate, cart_id, tag):
        gate.backend.close_session(cart_id=cart_id, tag=tag)
        return tag

    def leaves_confirmed(self, gate, cart_id, tag):
        before = {r["receipt_id"] for r in gate.stored()}
        session = gate.backend.close_session(cart_id=cart_id, tag=tag)
        gate.cart_exit(cart_id, tag)
        eventually(lambda: gate.stored_but(before), "its receipt is stored", 90)
        self.assertEqual([("cart", session, "confirmed", "passed", 1)],
                         [(r["kind"], r["session_id"], r["basis"], r["outcome"], r["passages"]) for r in gate.stored_but(before)])

    def all_told(self, gate, count):
        receipts = gate.until_stored(count, within_s=90)
        self.assertEqual(count, len(receipts))
        self.assertEqual({"passed"}, {r["outcome"] for r in receipts})
        chain_findings(self, receipts)
        self.assertEqual(0, gate.cli("receipts", "verify").returncode)
        return receipts


if __name__ == "__main__":
    unittest.main(verbosity=2)
