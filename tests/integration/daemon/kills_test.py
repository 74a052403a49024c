"""The daemon is killed in each phase of an exit and started again. Kills at random instants: tools/break."""

import time
import unittest

from running_gate import APPROACH, BARRIER, CART_LANE, OPEN_LIMIT, SAFETY, Gate, chain_findings, eventually


class Kills(unittest.TestCase):
    def killed_in(self, phase, prepare):
        """One exit, killed in `phase`; the gate runs again when this yields its only receipt."""
        with Gate(close_delay_ms=1500) as gate:
            session = gate.backend.close_session()
            prepare(gate)
            # Until it is on the disk nothing has opened on it, and it may go with the process.
            eventually(lambda: gate.api("GET", "/api/v1/receipts?state=open")[1]["receipts"], "the receipt is durable")
            gate.until_phase(phase)
            inside = gate.module.inputs.get(CART_LANE + SAFETY, False)
            gate.kill()
            written = len(gate.module.writes)
            gate.start()
            if inside:
                gate.until_phase("recovering")
                time.sleep(0.5)  # somebody stands in the gate: nothing may close
                self.assertFalse(gate.module.coil(CART_LANE + BARRIER), "open for the one inside")
                self.assertNotIn((CART_LANE + BARRIER, True), [w[1:] for w in gate.module.writes[written:]])
                gate.eye(CART_LANE, SAFETY, False)
            gate.eye(CART_LANE, APPROACH, False)
            gate.until_idle()
            receipts = gate.until_stored(1)
            self.assertEqual([("cart", "unknown", session)], [(r["kind"], r["outcome"], r["session_id"]) for r in receipts if r["kind"] == "cart"])
            chain_findings(self, receipts)
            self.assertEqual(0, gate.cli("receipts", "verify").returncode)
            return receipts

    def test_killed_while_the_barrier_opens_the_shopper_gets_out(self):
        def prepare(gate):
            gate.module.barriers[CART_LANE + BARRIER].travel_s = 2
            gate.cart_comes()
        self.killed_in("admitting", prepare)

    def test_killed_with_somebody_in_the_gate_nothing_closes_on_them(self):
        def prepare(gate):
            gate.cart_comes()
            gate.until_limit(CART_LANE, OPEN_LIMIT)
            gate.eye(CART_LANE, SAFETY, True)
        self.killed_in("passing", prepare)

    def test_killed_behind_somebody_the_barrier_closes_after_the_restart(self):
        def prepare(gate):
            gate.cart_comes()
            gate.until_open(CART_LANE)
            gate.walk_through()
        receipt = self.killed_in("clearing", prepare)[0]
        self.assertEqual(1, receipt["passages"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
