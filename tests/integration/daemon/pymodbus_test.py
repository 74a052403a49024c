"""Whole exits through a module played by pymodbus: the wire is Modbus as others have written it."""

import unittest

from pymodbus_module import PymodbusModule, PymodbusSerialModule
from running_gate import BARRIER, CART_LANE, CLOSED_LIMIT, WALKOUT_LANE, APPROACH, Gate, chain_findings, eventually


# An interpreter on a busy machine does not answer within the 100 ms that a gate's module must keep.
PATIENT = {"stale_ms": 2000, "device_lost_ms": 3000}


class Pymodbus(unittest.TestCase):
    def leaves(self, gate, cart_id, tag):
        """A cart leaves; the backend then has one receipt of it."""
        session = gate.backend.close_session(cart_id=cart_id, tag=tag)
        gate.cart_exit(cart_id, tag)
        self.assertTrue(gate.module.coil(CART_LANE + BARRIER), "energised again: closed")
        gate.until_limit(CART_LANE, CLOSED_LIMIT)
        eventually(lambda: self.of_session(gate, session), "its receipt is stored")
        gate.until_clear()
        chain_findings(self, gate.stored())
        mine = self.of_session(gate, session)
        self.assertEqual([("cart", "passed", 1, cart_id)], [(r["kind"], r["outcome"], r["passages"], r["cart_id"]) for r in mine])

    @staticmethod
    def of_session(gate, session):
        return [r for r in gate.stored() if r.get("session_id") == session]

    def exit_stop_exit(self, module, device=None):
        with Gate(module=module, device=device, **PATIENT) as gate:
            self.leaves(gate, 117, "a1b2c3d4e5f6")
            opened = [value for _, coil, value in module.writes if coil == CART_LANE + BARRIER]
            self.assertEqual([True, False, True], [v for i, v in enumerate(opened) if i or v], "closed at the start, opened once, closed again")
            module.stop()
            gate.until_fault("device_down")
            gate.until_phase("faulted", lane="1")
            gate.until_phase("faulted", lane="2")
            self.assertEqual("lane_down", next(f["severity"] for f in gate.status()["faults"] if f["code"] == "device_down"))
            module.start()
            gate.until_fault("device_down", stands=False)
            gate.until_idle()
            self.assertIsNone(gate.process.poll(), "the same process")
            self.leaves(gate, 118, "0000000000bb")

    def test_over_tcp_a_cart_leaves_and_another_after_the_module_was_gone(self):
        self.exit_stop_exit(PymodbusModule())

    def test_over_rtu_a_cart_leaves_and_another_after_the_module_was_gone(self):
        module = PymodbusSerialModule()
        self.exit_stop_exit(module, 'driver = "modbus-rtu"\npath = "%s"\nbaud = 115200\nresponse_ms = 1000' % module.path)

    def test_over_tcp_somebody_expected_walks_out(self):
        with Gate(module=PymodbusModule(), **PATIENT) as gate:
            session = gate.backend.admin("POST", "sessions", {"kind": "walkout", "state": "closed"})["session_id"]
            gate.backend.admin("POST", "arrivals", {"lane_id": "2", "session_id": session, "push_expected": True})
            gate.eye(WALKOUT_LANE, APPROACH, True)
            gate.until_open(WALKOUT_LANE)
            gate.walk_through(WALKOUT_LANE)
            gate.until_phase("idle", lane="2")
            receipt, = gate.until_stored(1)
            self.assertEqual(("walkout", session, "passed", 1), tuple(receipt[n] for n in ("kind", "session_id", "outcome", "passages")))


if __name__ == "__main__":
    unittest.main(verbosity=2)
