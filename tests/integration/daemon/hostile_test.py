"""Bad input from every side, and what staff may not do."""

import os
import socket
import subprocess
import unittest

from running_gate import APPROACH, CART_LANE, WALKOUT_LANE, Gate, chain_findings, eventually


class Hostile(unittest.TestCase):
    def test_bytes_that_are_no_hci_lose_the_receiver_and_the_lane_goes_on(self):
        with Gate() as gate:
            gate.radio.hostile = b"\xff\x00GET / HTTP/1.1\r\n"
            gate.until_fault("receiver_down")
            self.assertEqual("idle", gate.phase("1"))
            gate.radio.hostile = None
            gate.until_fault("receiver_down", stands=False, within_s=40)
            gate.backend.close_session()
            gate.cart_exit()
            self.assertEqual("passed", gate.until_stored(1)[0]["outcome"])

    def module_fails_and_recovers(self, **how):
        with Gate() as gate:
            for name, value in how.items():
                setattr(gate.module, name, value)
            gate.until_fault("device_down")
            gate.until_phase("faulted")
            for name in how:
                setattr(gate.module, name, None)
            gate.until_fault("device_down", stands=False)
            gate.until_idle()
            gate.backend.close_session()
            gate.cart_exit()
            eventually(lambda: "passed" in {r["outcome"] for r in gate.stored() if r["kind"] == "cart"}, "the exit is stored")

    def test_modbus_exceptions_fault_the_lanes_until_they_end(self):
        self.module_fails_and_recovers(exception=4)

    def test_modbus_garbage_faults_the_lanes_until_it_ends(self):
        self.module_fails_and_recovers(garbage=b"\x00" * 40)

    def damaged(self, damage):
        with Gate() as gate:
            gate.backend.close_session()
            gate.cart_exit()
            chain = gate.until_stored(1)[0]["chain_id"]
            self.assertEqual(0, gate.terminate()[0])
            damage(gate.path("state/receipts.db"))
            before = set(os.listdir(gate.path("state")))
            gate.start()
            gate.until_fault("storage_damaged")
            self.assertTrue(set(os.listdir(gate.path("state"))) - before, "the file is kept aside")
            gate.until_idle()
            gate.until_online()
            gate.backend.close_session(cart_id=118, tag="0000000000bb")
            gate.cart_exit(118, "0000000000bb")
            new = gate.until_stored(2)[-1]
            self.assertNotEqual(chain, new["chain_id"])
            chain_findings(self, [new])
            self.assertEqual(0, gate.cli("receipts", "verify").returncode)

    def test_a_database_that_is_none_is_kept_aside(self):
        def damage(path):
            with open(path, "wb") as file:
                file.write(b"this is no database\n" * 1000)
        self.damaged(damage)

    def test_a_truncated_database_is_kept_aside(self):
        def damage(path):
            os.truncate(path, os.path.getsize(path) // 2 + 100)
        self.damaged(damage)


class Requests(unittest.TestCase):
    def code(self, answer):
        return answer[0], answer[1]["error"]["code"] if isinstance(answer[1], dict) else answer[1]

    def test_every_refused_request_says_why(self):
        with Gate() as gate:
            self.assertEqual(404, gate.command("open", lane="9")[0])
            self.assertEqual(400, gate.command("explode")[0])
            self.assertEqual(400, gate.api("POST", "/api/v1/lanes/1/commands", {"command": "open"})[0])
            self.assertEqual(400, gate.api("POST", "/api/v1/lanes/1/commands", "{malformed")[0])
            self.assertEqual(413, gate.api("POST", "/api/v1/lanes/1/commands", "x" * 2000000)[0])
            self.assertEqual(404, gate.api("GET", "/api/v1/nothing")[0])
            self.assertEqual(405, gate.api("POST", "/api/v1/status", {})[0])
            self.assertEqual(403, gate.api("GET", "/api/v1/status", headers={"Origin": "https://evil.example"})[0])
            self.assertEqual((403, "foreign_host"), self.code(gate.api("GET", "/api/v1/status", headers={"Host": "evil.example"})))
            for host in ("localhost", "localhost:80", "unix", ""):
                self.assertEqual(200, gate.api("GET", "/api/v1/status", headers={"Host": host})[0], host)
            self.assertEqual(400, gate.command("mode", lane="2", mode="cart")[0], "no receiver")

    def test_every_command_takes_effect_or_is_refused(self):
        with Gate() as gate:
            for command in ("release-hold", "in-service", "reset"):
                status, code = self.code(gate.command(command))
                self.assertEqual(409, status, (command, code))
            self.assertEqual((200, "held_open"), (lambda a: (a[0], a[1]["phase"]))(gate.command("hold-open")))
            gate.until_open(CART_LANE)
            self.assertEqual(409, gate.command("open")[0])
            self.assertEqual(200, gate.command("release-hold")[0])
            gate.until_idle()
            self.assertEqual(200, gate.command("out-of-service", "all")[0])
            gate.until_phase("out_of_service", lane="2")
            self.assertEqual(200, gate.command("in-service", "all")[0])
            gate.until_idle()
            self.assertEqual(200, gate.command("mode", mode="walkout")[0])
            gate.eye(CART_LANE, APPROACH, True)
            gate.until_phase("present", "deciding", "refused", "admitting", "passing")
            self.assertEqual((409, "lane_busy"), self.code(gate.command("mode", mode="cart")))
            gate.eye(CART_LANE, APPROACH, False)
            gate.until_idle()
            self.assertEqual(0, gate.cli("lane", "2", "open", "--by", "Ann", "--reason", "lost tag").returncode)
            gate.walk_through(WALKOUT_LANE)
            eventually(lambda: "staff" in {r["kind"] for r in gate.stored() if r["lane_id"] == "2"}, "the staff receipt")


class Network(unittest.TestCase):
    """The API on `listen`, over TLS, with curl and openssl as clients."""

    def test_users_and_roles_hold_and_foreign_pages_are_refused(self):
        with Gate(start=False) as gate:
            with socket.socket() as held:
                held.bind(("127.0.0.1", 0))
                port = held.getsockname()[1]
            for user, role in (("vera", "viewer"), ("olaf", "operator")):
                done = gate.cli("users", "add", gate.path("users"), user, role, stdin="correct horse battery %s\n" % user)
                self.assertEqual(0, done.returncode, done.stderr)
            gate.write_store(more='[api]\nlisten = "127.0.0.1:%d"\ntls_certificate_file = "tls/server.pem"\n'
                                  'tls_private_key_file = "tls/server.key"\nusers_file = "users"\n' % port)
            gate.start()
            gate.until_idle()
            url = "https://127.0.0.1:%d/api/v1/" % port

            def curl(path, *more):
                done = subprocess.run(["curl", "-s", "-m", "10", "--cacert", gate.path("tls/ca.pem"), "-o", "/dev/null", "-w", "%{http_code}",
                                       *more, url + path], capture_output=True, text=True, check=False)
                return done.stdout
            vera, olaf = (("-u", "%s:correct horse battery %s" % (name, name)) for name in ("vera", "olaf"))
            body = ("-H", "Content-Type: application/json", "-d", '{"command":"hold-open","by":"Ann","reason":"x"}')
            self.assertEqual("401", curl("status"))
            self.assertEqual("401", curl("status", "-u", "vera:wrong"))
            self.assertEqual("200", curl("status", *vera))
            self.assertEqual("403", curl("lanes/1/commands", *vera, *body))
            self.assertEqual("200", curl("lanes/1/commands", *olaf, *body))
            self.assertEqual("403", curl("reload", *olaf, "-X", "POST"))
            self.assertEqual("403", curl("status", *vera, "-H", "Host: evil.example"))
            self.assertEqual("403", curl("status", *vera, "-H", "Origin: https://evil.example"))
            done = subprocess.run(["openssl", "s_client", "-connect", "127.0.0.1:%d" % port, "-CAfile", gate.path("tls/ca.pem"),
                                   "-verify_return_error", "-verify_ip", "127.0.0.1"], input="", capture_output=True, text=True, check=False)
            self.assertIn("Verify return code: 0 (ok)", done.stdout)
            self.assertIn("TLSv1.3", done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
