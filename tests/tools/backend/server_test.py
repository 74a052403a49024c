"""The reference backend over real mutual TLS, as gates use it: python3 server_test.py [SUITE]"""

import http.client
import unittest

from running_backend import Backend, at_once


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


if __name__ == "__main__":
    unittest.main(verbosity=2)
