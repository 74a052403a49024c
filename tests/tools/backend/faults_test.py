"""What the fault switches of the reference backend do to a gate."""

import email.utils
import http.client
import json
import socket
import ssl
import time
import unittest

from running_backend import Backend, WAIT_S


class Faults(unittest.TestCase):
    def test_answers_come_late_and_the_decision_stands_meanwhile(self):
        with Backend() as backend:
            backend.close_session()
            backend.faults(confirm_delay_ms=700)
            gate = backend.gate()
            before = time.monotonic()
            self.assertEqual("admit", gate.confirm()["decision"])
            self.assertGreaterEqual(time.monotonic() - before, 0.7)

    def test_statuses_are_set_for_confirms_and_uploads(self):
        with Backend() as backend:
            gate = backend.gate()
            session = backend.close_session()
            backend.faults(confirm_status=401, upload_status=503, retry_after="7")
            self.assertEqual(401, gate.request("POST", "/v1/exits/confirm", gate.question())[0])
            status, headers, _ = gate.upload([gate.receipt(session)])
            self.assertEqual((503, "7"), (status, headers["Retry-After"]))
            self.assertEqual(0, backend.admin("GET", "summary")["receipts"])

    def test_garbage_and_half_answers_cannot_be_parsed(self):
        with Backend() as backend:
            backend.close_session()
            gate = backend.gate()
            backend.faults(garbage=True)
            with self.assertRaises(json.JSONDecodeError):
                gate.confirm()
            backend.faults(clear=True, half_answers=True)
            with self.assertRaises((http.client.IncompleteRead, ssl.SSLError)):
                gate.confirm()
            backend.faults(clear=True)
            self.assertEqual("admit", gate.confirm()["decision"])

    def test_frozen_it_takes_connections_and_answers_nobody(self):
        with Backend() as backend:
            backend.faults(freeze=True)
            gate = backend.gate()
            kept, gate.connection = gate.connection, gate.connect(timeout=0.5)
            with self.assertRaises(TimeoutError):
                gate.confirm()
            backend.faults(freeze=False)
            gate.connection = kept
            self.assertEqual("unknown_session", gate.confirm()["reason"])

    def test_down_it_refuses_connections_and_comes_back_on_the_same_port(self):
        with Backend() as backend:
            gate = backend.gate()
            stream = gate.follow()
            backend.faults(down=True)
            self.assertIsNone(self.end_of(stream))
            with self.assertRaises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", backend.port), WAIT_S)
            backend.faults(down=False)
            self.assertEqual("unknown_session", gate.confirm()["reason"])

    def end_of(self, stream):
        try:
            with stream:
                return stream.next()
        except (http.client.HTTPException, OSError):
            return None  # cut in the middle is an end as well

    def test_a_forgotten_reply_leaves_the_receipt_stored(self):
        with Backend() as backend:
            gate = backend.gate()
            receipts = [gate.receipt(backend.close_session())]
            backend.faults(forget_replies=True)
            with self.assertRaises((http.client.HTTPException, OSError)):
                gate.upload(receipts)
            backend.faults(clear=True)
            self.assertEqual(["duplicate"], gate.upload_statuses(receipts))

    def test_rejected_receipts_are_not_stored_and_can_come_again(self):
        with Backend() as backend:
            gate = backend.gate()
            receipts = [gate.receipt(backend.close_session())]
            backend.faults(reject_receipts=True)
            self.assertEqual(["rejected"], gate.upload_statuses(receipts))
            backend.faults(clear=True)
            self.assertEqual(["stored"], gate.upload_statuses(receipts))

    def test_streams_are_cut_and_resume_without_loss(self):
        with Backend() as backend:
            gate = backend.gate()
            stream = gate.follow()
            backend.close_session(push=True)
            event_id = stream.next()[0]
            backend.faults(stream_cut=True)
            self.assertIsNone(self.end_of(stream))
            backend.close_session(cart_id=118, push=True)
            backend.faults(stream_cut=False)
            with gate.follow(event_id) as stream:
                self.assertEqual(118, stream.next()[2]["cart_id"])

    def test_a_silent_stream_stays_open_and_catches_up(self):
        with Backend("--keepalive-ms", "100") as backend:
            backend.faults(stream_silent=True)
            gate = backend.gate()
            with gate.follow(timeout=0.8) as stream:
                backend.close_session(push=True)
                with self.assertRaises(TimeoutError):
                    stream.next(keepalives=True)
            with gate.follow() as stream:
                backend.faults(stream_silent=False)
                self.assertEqual("closed", stream.next()[1])

    def test_the_date_of_every_answer_can_be_shifted(self):
        with Backend() as backend:
            gate = backend.gate()
            for offset in [0, -7200, 86400]:
                backend.faults(date_offset_s=offset)
                for path in ["/v1/stores/SEA-042/pass-keys", "/v1/stores/other/pass-keys"]:
                    date = email.utils.parsedate_to_datetime(gate.request("GET", path)[1]["Date"]).timestamp()
                    self.assertAlmostEqual(time.time() + offset, date, delta=10)

    def test_a_switch_nobody_knows_is_refused(self):
        with Backend() as backend:
            before = backend.admin("GET", "faults")
            status, answer = backend.admin_answer("POST", "faults", {"explode": True})
            self.assertEqual((400, "malformed"), (status, answer["error"]["code"]))
            self.assertEqual(before, backend.admin("GET", "faults"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
