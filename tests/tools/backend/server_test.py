"""The reference backend over real mutual TLS, as gates use it: python3 server_test.py [SUITE]"""

import email.utils
import http.client
import json
import socket
import ssl
import subprocess
import time
import unittest

from contract_test import Contract  # noqa: F401  (a suite of its own)
from running_backend import Backend, at_once, WAIT_S


class Confirm(unittest.TestCase):
    def test_admitted_here_is_used_there_until_it_lapses(self):
        with Backend() as backend:
            session = backend.close_session(total={"amount_minor": 4599, "currency": "USD"})
            front, back = backend.gate("front"), backend.gate("back")
            answer = front.confirm()
            self.assertEqual("admit", answer["decision"])
            self.assertEqual(session, answer["session_id"])
            self.assertEqual({"amount_minor": 4599, "currency": "USD"}, answer["total"])
            self.assertEqual({"decision": "refuse", "reason": "already_used"}, back.confirm())
            self.assertEqual("admit", front.confirm()["decision"])
            self.assertIsInstance(front.confirm("lapsed", session_id=session), dict)
            self.assertEqual("admit", back.confirm()["decision"])

    def test_every_state_the_admin_sets_has_its_reason(self):
        with Backend() as backend:
            gate = backend.gate()
            self.assertEqual("unknown_session", gate.confirm("ahead")["reason"])
            for state, reason in [("open", "session_open"), ("payment_failed", "payment_failed"), ("inspection", "inspection"),
                                  ("settled_at_till", "settled_at_till"), ("nothing_bought", "nothing_bought"), ("closed", "closed")]:
                backend.close_session(state=state)
                self.assertEqual(reason, gate.confirm("ahead")["reason"])
            backend.close_session(expires_in_s=-1)
            self.assertEqual("inspection", gate.confirm("ahead")["reason"])

    def test_the_questions_log_shows_stage_and_answer(self):
        with Backend() as backend:
            backend.close_session()
            gate = backend.gate()
            gate.confirm("ahead")
            gate.confirm("admitted")
            questions = backend.admin("GET", "questions")["questions"]
            self.assertEqual(["ahead", "admitted"], [q["stage"] for q in questions])
            self.assertEqual(["closed", "closed"], [q["answer"]["reason"] for q in questions])

    def test_one_connection_serves_many_questions(self):
        with Backend() as backend:
            backend.close_session()
            gate = backend.gate()
            gate.confirm("ahead")
            kept = gate.connection.sock
            for _ in range(20):
                gate.confirm("ahead")
            self.assertIs(kept, gate.connection.sock)


class Race(unittest.TestCase):
    def test_two_gates_ask_for_one_session_at_once_and_exactly_one_is_admitted(self):
        with Backend() as backend:
            gates = [backend.gate("front"), backend.gate("back")]
            for cart in range(30):
                backend.close_session(cart_id=cart)
                answers = at_once(*[lambda gate=gate: gate.confirm(cart_id=cart)["decision"] for gate in gates])
                self.assertEqual(["admit", "refuse"], sorted(answers), "cart %d" % cart)


class Receipts(unittest.TestCase):
    def test_doubled_and_out_of_order_receipts_are_stored_once(self):
        with Backend() as backend:
            session = backend.close_session(party_size=9)
            gate = backend.gate()
            one, two, three = [gate.receipt(session) for _ in range(3)]
            self.assertEqual(["stored", "stored", "duplicate"], gate.upload_statuses([three, one, three]))
            chain = backend.admin("GET", "summary")["chains"][0]
            self.assertEqual([{"from": 2, "to": 2}], chain["missing"])
            self.assertEqual(["duplicate", "stored", "duplicate"], gate.upload_statuses([one, two, three]))
            summary = backend.admin("GET", "summary")
            self.assertEqual(3, summary["receipts"])
            self.assertTrue(summary["chains"][0]["whole"])
            stored = backend.admin("GET", "receipts")["receipts"]
            self.assertEqual([three, one, two], stored)

    def test_receipts_replayed_after_a_restart_are_duplicates(self):
        with Backend(database="backend.db") as backend:
            session = backend.close_session(party_size=50)
            gate = backend.gate()
            receipts = [gate.receipt(session) for _ in range(20)]
            backend.faults(forget_replies=True)
            with self.assertRaises((http.client.HTTPException, OSError)):
                gate.upload(receipts)
            backend.kill()
            backend.start()
            gate.connection = gate.connect()
            self.assertEqual(["duplicate"] * 20, gate.upload_statuses(receipts))
            self.assertEqual(20, backend.admin("GET", "summary")["receipts"])

    def test_two_gates_upload_at_once_and_each_chain_is_whole(self):
        with Backend() as backend:
            session = backend.close_session(party_size=500)
            gates = [backend.gate("front"), backend.gate("back")]
            batches = {gate: [gate.receipt(session) for _ in range(100)] for gate in gates}

            def upload_in_tens(gate):
                return [gate.upload_statuses(batches[gate][i:i + 10]) for i in range(0, 100, 10)]

            for statuses in at_once(*[lambda gate=gate: upload_in_tens(gate) for gate in gates]):
                self.assertEqual([["stored"] * 10] * 10, statuses)
            chains = backend.admin("GET", "summary")["chains"]
            self.assertEqual([(100, True), (100, True)], [(c["receipts"], c["whole"]) for c in chains])

    def test_an_altered_receipt_is_rejected_and_the_rest_goes_on(self):
        with Backend() as backend:
            session = backend.close_session(party_size=9)
            gate = backend.gate()
            good, bad, last = [gate.receipt(session) for _ in range(3)]
            bad = {**bad, "lane_id": "2"}
            status, _, answer = gate.upload([good, bad, last])
            self.assertEqual(200, status)
            self.assertEqual(["stored", "rejected", "stored"], [r["status"] for r in answer["results"]])
            self.assertIn("wrong_hash", answer["results"][1]["reason"])

    def test_batches_that_cannot_be_taken_have_the_statuses_that_halve_them(self):
        with Backend() as backend:
            session = backend.close_session(party_size=500)
            gate = backend.gate()
            receipts = [gate.receipt(session) for _ in range(101)]
            self.assertEqual(413, gate.upload(receipts)[0])
            self.assertEqual(200, gate.upload(receipts[:100])[0])
            self.assertEqual(400, gate.upload([])[0])
            self.assertEqual(422, gate.upload([{}])[0])
            self.assertEqual(400, gate.request("POST", "/v1/receipts", "no JSON")[0])


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


class Walkouts(unittest.TestCase):
    def test_shoppers_are_named_in_order_and_a_wrong_guess_is_put_right(self):
        with Backend() as backend:
            first, second = [backend.admin("POST", "sessions", {"kind": "walkout", "state": "closed"})["session_id"] for _ in "12"]
            gate = backend.gate()
            with gate.follow() as stream:
                for session in [first, second]:
                    backend.admin("POST", "arrivals", {"lane_id": "2", "session_id": session, "push_expected": True})
                expected = stream.take(2)
            self.assertEqual([("expected", first), ("expected", second)], [(e, d["session_id"]) for _, e, d in expected])
            answer = gate.confirm("admitted", kind="walkout", lane_id="2", session_id=second)
            self.assertEqual(first, answer["session_id"])
            self.assertEqual(second, gate.confirm(kind="walkout", lane_id="2")["session_id"])

    def test_a_shopper_who_walked_away_is_not_named(self):
        with Backend() as backend:
            session = backend.admin("POST", "sessions", {"kind": "walkout", "state": "closed"})["session_id"]
            backend.admin("POST", "arrivals", {"lane_id": "2", "session_id": session})
            backend.admin("POST", "arrivals", {"session_id": session, "gone": True})
            self.assertEqual("unknown_session", backend.gate().confirm(kind="walkout", lane_id="2")["reason"])


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


class Tls(unittest.TestCase):
    def curl(self, backend, *options):
        return subprocess.run(["curl", "-sS", "--max-time", "20", *options,
                               "https://127.0.0.1:%d/v1/stores/SEA-042/pass-keys" % backend.port],
                              capture_output=True, text=True)

    def certificate(self, backend):
        return ["--cacert", backend.path("tls/ca.pem"), "--cert", backend.path("tls/gate.pem"), "--key", backend.path("tls/gate.key")]

    def test_curl_with_the_gates_certificate_is_served(self):
        with Backend() as backend:
            result = self.curl(backend, *self.certificate(backend))
            with open(backend.path("tls/pass-1.pub.b64"), encoding="ascii") as file:
                self.assertEqual(file.read().strip(), json.loads(result.stdout)["keys"][0]["public_key"])

    def test_without_a_certificate_nothing_is_served(self):
        with Backend() as backend:
            result = self.curl(backend, "--cacert", backend.path("tls/ca.pem"))
            self.assertNotEqual(0, result.returncode)
            self.assertEqual("", result.stdout)

    def test_a_certificate_of_another_authority_is_refused(self):
        with Backend() as backend, Backend() as stranger:
            result = self.curl(backend, "--cacert", backend.path("tls/ca.pem"), "--cert", stranger.path("tls/gate.pem"),
                               "--key", stranger.path("tls/gate.key"))
            self.assertNotEqual(0, result.returncode)
            self.assertEqual("", result.stdout)

    def test_tls_1_2_is_refused(self):
        with Backend() as backend:
            result = self.curl(backend, "--tls-max", "1.2", *self.certificate(backend))
            self.assertNotEqual(0, result.returncode)

    def test_a_session_is_resumed_with_the_client_certificate_still_known(self):
        with Backend("--check-gate-names") as backend:
            gate = backend.gate()
            self.assertEqual("unknown_session", gate.confirm()["reason"])
            first = gate.connection.sock.session
            self.assertIsNotNone(first)
            raw = socket.create_connection(("127.0.0.1", backend.port), WAIT_S)
            again = gate.context.wrap_socket(raw, server_hostname="127.0.0.1", session=first)
            self.assertTrue(again.session_reused)
            gate.connection.close()
            gate.connection.sock = again
            self.assertEqual("unknown_session", gate.confirm()["reason"])

    def test_names_are_checked_where_that_is_asked_for(self):
        with Backend("--check-gate-names") as backend:
            gate = backend.gate("front")
            self.assertEqual(403, gate.request("POST", "/v1/exits/confirm", gate.question(gate_id="back"))[0])
            self.assertEqual(403, gate.request("GET", "/v1/stores/SEA-042/closures?gate=back")[0])
            self.assertEqual(200, gate.request("POST", "/v1/exits/confirm", gate.question())[0])


class Program(unittest.TestCase):
    def test_sigterm_ends_it_with_0_though_a_stream_is_open_and_an_answer_is_due(self):
        with Backend() as backend:
            backend.faults(answer_delay_ms=600000)
            gate = backend.gate()
            gate.connection.request("GET", "/v1/stores/SEA-042/pass-keys")
            stream = gate.follow()
            self.assertEqual(0, backend.stop())
            stream.close()

    def test_bad_usage_exits_2_and_a_taken_port_1(self):
        with Backend() as backend:
            command = list(backend.process.args)
            self.assertEqual(2, subprocess.run([command[0], "--listen", "here"], capture_output=True).returncode)
            command[command.index("127.0.0.1:0")] = "127.0.0.1:%d" % backend.port
            result = subprocess.run(command, capture_output=True, text=True)
            self.assertEqual(1, result.returncode)
            self.assertIn("address_in_use", result.stderr)

    def test_the_admin_interface_is_never_offered_off_loopback(self):
        with Backend() as backend:
            command = list(backend.process.args)
            command[command.index("unix:" + backend.path("admin"))] = "0.0.0.0:0"
            result = subprocess.run(command, capture_output=True, text=True)
            self.assertEqual(1, result.returncode)
            self.assertIn("loopback", result.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
