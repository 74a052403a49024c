"""People leave: what they, staff, the backend and the supervision see of it."""

import json
import time
import unittest

from radio_peer import SHOPPING
from running_gate import APPROACH, BARRIER, CART_LANE, GREEN, RED, WALKOUT_LANE, Events, Gate, chain_findings, eventually


class Exits(unittest.TestCase):
    def check_receipt(self, receipt, **expected):
        self.assertEqual(expected, {name: receipt.get(name) for name in expected})

    def test_a_cart_whose_closure_was_pushed_leaves_prefetched(self):
        with Gate() as gate:
            events = Events(gate)
            session = gate.backend.close_session(push=True, total={"amount_minor": 4599, "currency": "USD"})
            gate.cart_exit()
            receipt, = gate.until_stored(1)
            self.check_receipt(receipt, kind="cart", session_id=session, session_tag="a1b2c3d4e5f6", cart_id=117, lane_id="1", outcome="passed",
                               passages=1, party_size=1, total={"amount_minor": 4599, "currency": "USD"}, flags=[], gate_id="front")
            self.assertEqual("prefetched", receipt["basis"])
            chain_findings(self, [receipt])
            writes = [value for _, coil, value in gate.module.writes if coil == CART_LANE + BARRIER]
            self.assertEqual([True, False, True], writes, "closed at the start, opened once, closed again")
            eventually(lambda: any(e.get("state") == "delivered" for e in events.of("receipt")), "the delivery is told")
            phases = [e["phase"] for e in events.of("phase", "1")]
            order = [p for p in ("admitting", "passing", "clearing", "closing", "idle") if p in phases]
            self.assertEqual(["admitting", "passing", "clearing", "closing", "idle"], order)
            self.assertEqual(1, len(events.of("passage", "1")))
            self.assertEqual("admit", events.of("verdict", "1")[-1]["decision"])
            events.close()

    def test_a_cart_nobody_told_of_leaves_confirmed(self):
        with Gate() as gate:
            session = gate.backend.close_session()
            gate.cart_exit()
            receipt, = gate.until_stored(1)
            self.check_receipt(receipt, kind="cart", session_id=session, basis="confirmed", outcome="passed", passages=1)

    def test_a_cart_not_paid_is_refused_and_leaves_once_it_is_paid(self):
        with Gate() as gate:
            gate.backend.close_session(state="open")
            gate.cart_comes(state=SHOPPING)
            gate.until_phase("refused")
            self.assertEqual("finish_on_cart", gate.api("GET", "/api/v1/lanes/1")[1]["reason"])
            self.assertTrue(gate.module.wait_coil(CART_LANE + RED, True, 2))
            self.assertTrue(gate.module.coil(CART_LANE + BARRIER), "shut")
            gate.backend.close_session(push=True)
            gate.cart_comes()
            gate.until_open(CART_LANE, within_s=2)
            self.assertTrue(gate.module.wait_coil(CART_LANE + GREEN, True, 2))
            gate.walk_through()
            self.assertEqual("passed", gate.until_stored(1)[0]["outcome"])

    def test_a_group_of_three_leaves_on_one_payment_and_a_fourth_is_a_tailgate(self):
        with Gate() as gate:
            session = gate.backend.admin("POST", "sessions", {"kind": "walkout", "state": "closed", "party_size": 3})["session_id"]
            gate.backend.admin("POST", "arrivals", {"lane_id": "2", "session_id": session, "push_expected": False})
            gate.eye(WALKOUT_LANE, APPROACH, True)
            gate.until_open(WALKOUT_LANE)
            for person in range(4):
                gate.walk_through(WALKOUT_LANE, approach=person == 3)
                # The join gap: a person apart.
                eventually(lambda n=person: self.passages(gate) == n + 1, "passage %d is counted" % (person + 1))
            receipt = gate.until_stored(1)[0]
            self.check_receipt(receipt, kind="walkout", session_id=session, basis="confirmed", outcome="passed", party_size=3)
            self.assertEqual(4, sum(r["passages"] for r in gate.stored()))

    @staticmethod
    def passages(gate):
        return sum(float(line.split()[-1]) for line in gate.api("GET", "/metrics")[1].splitlines() if line.startswith("exitgate_passages_total"))

    def test_a_walkout_expected_here_leaves_prefetched(self):
        with Gate() as gate:
            session = gate.backend.admin("POST", "sessions", {"kind": "walkout", "state": "closed"})["session_id"]
            gate.backend.admin("POST", "arrivals", {"lane_id": "2", "session_id": session, "push_expected": True})
            gate.eye(WALKOUT_LANE, APPROACH, True)
            gate.until_open(WALKOUT_LANE)
            gate.walk_through(WALKOUT_LANE)
            receipt, = gate.until_stored(1)
            self.check_receipt(receipt, kind="walkout", session_id=session, outcome="passed", passages=1)

    def test_nobody_leaves_twice_on_one_session(self):
        with Gate() as gate:
            gate.backend.close_session()
            gate.cart_exit()
            gate.until_stored(1)
            gate.cart_comes()
            gate.until_phase("refused")
            self.assertTrue(gate.module.coil(CART_LANE + BARRIER))

    def test_the_fire_alarm_opens_every_lane_until_staff_resets(self):
        with Gate() as gate:
            gate.module.set_input(32, False)
            gate.until_open(CART_LANE, 1)
            gate.until_open(WALKOUT_LANE, 1)
            gate.until_phase("released")
            self.assertEqual(409, gate.command("reset")[0])
            gate.module.set_input(32, True)
            time.sleep(0.3)  # it must stay so by itself
            self.assertEqual("released", gate.phase("1"))
            eventually(lambda: gate.command("reset", "all")[0] == 200, "the alarm is read as normal and staff resets")
            gate.until_idle()
            self.assertEqual(["released", "released"], [r["kind"] for r in gate.until_stored(2)])


class Views(unittest.TestCase):
    def test_the_command_line_shows_and_verifies_what_happened(self):
        with Gate() as gate:
            gate.backend.close_session()
            gate.cart_exit()
            receipt, = gate.until_stored(1)
            done = gate.cli("status")
            self.assertEqual(0, done.returncode, done.stderr)
            for word in ("SEA-042", "front", "idle", "io1", "rx1"):
                self.assertIn(word, done.stdout)
            done = gate.cli("--json", "receipts", "list")
            self.assertEqual(0, done.returncode, done.stderr)
            self.assertIn(receipt["receipt_id"], done.stdout)
            self.assertIn('"passed"', gate.cli("--json", "receipts", "show", receipt["receipt_id"]).stdout)
            self.assertEqual(1, gate.cli("receipts", "show", "0193a1b2-0000-7000-8000-000000000000").returncode)
            done = gate.cli("receipts", "verify")
            self.assertEqual((0, True), (done.returncode, done.stdout.startswith("1 sealed receipts checked")), done.stdout + done.stderr)
            exported = gate.cli("receipts", "export")
            self.assertEqual(receipt, json.loads(exported.stdout.splitlines()[0]))
            self.assertEqual(2, gate.cli("receipts", "nonsense").returncode)
            self.assertEqual(2, gate.cli("lane", "1", "open").returncode)
            self.assertEqual((0, 0), (gate.terminate()[0], gate.cli("receipts", "verify", gate.path("state/receipts.db")).returncode))
            self.assertEqual(1, gate.cli("status").returncode, "nobody is there")

    def test_metrics_and_health_tell_of_an_exit(self):
        with Gate() as gate:
            gate.backend.close_session()
            gate.cart_exit()
            gate.until_stored(1)
            status, text = gate.api("GET", "/metrics")
            self.assertEqual(200, status)
            values = dict(line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
            exits = [name for name in values if name.startswith("exitgate_exits_total") and values[name] != "0"]
            self.assertEqual(1, len(exits), exits)
            for word in ('lane="1"', 'kind="cart"', 'basis="confirmed"', 'outcome="passed"'):
                self.assertIn(word, exits[0])
            self.assertEqual("1", values["exitgate_backend_online"])
            self.assertEqual("0", values["exitgate_receipts_queued"])
            self.assertEqual("1", values['exitgate_device_up{device="io1"}'])
            for name in ("lane_phase", "passages_total", "decision_seconds_bucket", "commit_seconds_bucket", "confirm_seconds_bucket",
                         "beacons_total", "device_request_seconds", "receipts_quarantined", "build_info"):
                self.assertIn("exitgate_" + name, text)
            self.assertEqual(200, gate.api("GET", "/healthz")[0])


if __name__ == "__main__":
    unittest.main(verbosity=2)
