"""The reference backend as a program, and who may speak to it."""

import json
import socket
import subprocess
import unittest

from running_backend import Backend, WAIT_S


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
