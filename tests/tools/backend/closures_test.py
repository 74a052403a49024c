"""The closures stream of the reference backend, as gates follow it over mutual TLS."""

import time
import unittest

from running_backend import Backend, at_once


class Closures(unittest.TestCase):
    def test_a_push_arrives_and_a_break_loses_nothing(self):
        with Backend() as backend:
            gate = backend.gate("back")
            with gate.follow() as stream:
                session = backend.close_session(push=True, party_size=2)
                event_id, event, data = stream.next()
                self.assertEqual(("closed", session, 2), (event, data["session_id"], data["party_size"]))
            backend.gate("front").confirm()
            backend.admin("POST", "revoke", {"session_id": session})
            with gate.follow(event_id) as stream:
                self.assertEqual(["claimed", "revoked"], [event for _, event, _ in stream.take(2)])

    def test_a_claim_is_told_to_the_other_gate_and_not_to_its_own(self):
        with Backend() as backend:
            session = backend.close_session()
            front, back = backend.gate("front"), backend.gate("back")
            with front.follow() as mine, back.follow() as theirs:
                front.confirm("admitted", session_id=session)
                self.assertEqual(("claimed", {"session_id": session, "gate_id": "front"}), theirs.next()[1:])
                self.assertEqual(["stored"], front.upload_statuses([front.receipt(session, "not_used", 0)]))
                self.assertEqual(("unclaimed", {"session_id": session, "gate_id": "front"}), theirs.next()[1:])
                backend.admin("POST", "revoke", {"session_tag": "a1b2c3d4e5f6"})
                self.assertEqual("revoked", mine.next()[1])

    def test_the_log_survives_a_restart(self):
        with Backend(database="backend.db") as backend:
            gate = backend.gate()
            with gate.follow() as stream:
                backend.close_session(push=True)
                event_id = stream.next()[0]
            backend.close_session(cart_id=118, push=True)
            self.assertEqual(0, backend.stop())
            backend.start()
            with gate.follow(event_id) as stream:
                self.assertEqual(118, stream.next()[2]["cart_id"])

    def test_an_id_nobody_gave_is_answered_with_reset_or_204(self):
        with Backend() as backend:
            gate = backend.gate()
            for unknown in ["nonsense", "0193a1b2-c3d4-7abc-8def-000000000001.3"]:
                with gate.follow(unknown) as stream:
                    event_id, event, _ = stream.next()
                    self.assertEqual("reset", event)
                    self.assertTrue(event_id)
                    self.assertIsNone(stream.next())
            backend.faults(reset_as_204=True)
            with gate.follow("nonsense") as stream:
                self.assertEqual(204, stream.status)

    def test_a_renewed_log_resets_the_streams_that_are_open(self):
        with Backend() as backend:
            backend.close_session(push=True)
            with backend.gate().follow() as stream:
                self.assertEqual("closed", stream.next()[1])
                backend.admin("POST", "closures/renew", {})
                self.assertEqual("reset", stream.next()[1])
                self.assertIsNone(stream.next())

    def test_what_was_cut_from_the_log_means_reset(self):
        with Backend("--closures-kept", "3") as backend:
            gate = backend.gate()
            with gate.follow() as stream:
                backend.close_session(push=True)
                first = stream.next()[0]
            for cart in range(5):
                backend.close_session(cart_id=cart, push=True)
            with gate.follow(first) as stream:
                self.assertEqual("reset", stream.next()[1])
            with gate.follow() as stream:
                self.assertEqual([2, 3, 4], [data["cart_id"] for _, _, data in stream.take(3)])

    def test_a_gate_that_begins_anew_is_spared_what_has_expired(self):
        with Backend() as backend:
            backend.close_session(cart_id=1, push=True, expires_in_s=-5)
            backend.close_session(cart_id=2, push=True)
            with backend.gate().follow() as stream:
                self.assertEqual(2, stream.next()[2]["cart_id"])

    def test_keepalives_come_in_time_and_without_an_id(self):
        with Backend("--keepalive-ms", "400") as backend, backend.gate().follow() as stream:
            stream.next(keepalives=True)
            for _ in range(3):
                before = time.monotonic()
                self.assertEqual((None, "keepalive", {}), stream.next(keepalives=True))
                # The bound is 400 ms; the rest is for a busy machine.
                self.assertLess(time.monotonic() - before, 2)

    def test_a_gate_that_begins_anew_is_told_of_ten_thousand_closures(self):
        with Backend() as backend:
            session = backend.close_session()
            for _ in range(10000 // 500):
                at_once(*[lambda: [backend.admin("POST", "revoke", {"session_id": session}) for _ in range(100)]] * 5)
            with backend.gate().follow() as stream:
                numbers = [int(event_id.rsplit(".", 1)[1]) for event_id, _, _ in stream.take(10000)]
            self.assertEqual(list(range(1, 10001)), numbers)


if __name__ == "__main__":
    unittest.main(verbosity=2)
