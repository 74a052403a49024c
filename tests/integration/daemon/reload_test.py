"""Reloading: store files that are taken, refused or given up, and certificates that are renewed."""

import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import unittest

from modbus_module import ModbusModule
from running_gate import BARRIER, CART_LANE, OPEN_LIMIT, WALKOUT_LANE, Events, Gate, eventually


class Reloading(unittest.TestCase):
    def test_a_bad_file_changes_nothing(self):
        with Gate() as gate:
            before = gate.api("GET", "/api/v1/config")
            gate.write_store(gate.store_text().replace("settle_ms = 200", "settle_ms = -1"))
            done = gate.cli("reload")
            self.assertNotEqual(0, done.returncode, done.stdout + done.stderr)
            self.assertIn("settle_ms", done.stdout + done.stderr)
            gate.process.send_signal(signal.SIGHUP)
            eventually(lambda: self.log(gate).count("refused") >= 2, "both reloads are refused")
            self.assertEqual(before, gate.api("GET", "/api/v1/config"))
            gate.backend.close_session()
            gate.cart_exit()
            gate.until_stored(1)

    @staticmethod
    def log(gate):
        with open(gate.path("log"), encoding="utf-8") as file:
            return file.read()

    def test_a_good_file_is_taken_and_exits_go_on(self):
        with Gate() as gate:
            process = gate.process.pid
            gate.write_store(close_delay_ms=1300)
            self.assertEqual(0, gate.cli("reload").returncode)
            gate.backend.close_session()
            gate.cart_exit()
            gate.until_stored(1)
            opened, closed = [at for at, coil, _ in gate.module.writes if coil == CART_LANE + BARRIER][-2:]
            self.assertGreater(closed - opened, 1.3, "the new close_delay_ms")
            self.assertEqual(process, gate.process.pid)

    def test_a_lane_in_use_takes_a_good_file_when_it_is_empty_again(self):
        with Gate() as gate:
            events = Events(gate)
            gate.cleanup.callback(events.close)
            gate.backend.close_session()
            gate.cart_comes()
            gate.until_open(CART_LANE)
            gate.write_store(close_delay_ms=60000)
            code, answer = gate.api("POST", "/api/v1/reload")
            self.assertEqual(200, code)
            self.assertIn("1", answer["pending"], "validated, and lane 1 still to come")
            eventually(lambda: events.of("config", "2"), "the empty lane has it at once")
            self.assertEqual([], events.of("config", "1"))
            gate.walk_through()
            gate.radio.carts = {}
            gate.until_phase("idle")  # after a minute, had the new close_delay_ms been taken in the middle of an exit
            eventually(lambda: events.of("config", "1"), "the lane has it once it is empty")
            gate.until_stored(1)

    def test_another_device_restarts_the_box_in_place(self):
        with Gate() as gate:
            other = ModbusModule()
            gate.cleanup.callback(other.close)
            other.inputs.update(gate.module.inputs)
            other.coils.update(gate.module.coils)
            for lane in (CART_LANE, WALKOUT_LANE):
                other.add_barrier(lane, lane + 3, lane + 4)
                other.inputs.update({lane + 3: False, lane + 4: True})
            first, gate.module = gate.module, other
            gate.write_store()
            gate.process.send_signal(signal.SIGHUP)
            eventually(lambda: other.requests > 0, "the other module is asked")
            gate.cleanup.callback(first.close)
            eventually(gate.answers, "the API is there again")
            gate.until_idle()
            gate.until_online()
            self.assertEqual([], [w for w in first.writes if w[2] is False and w[1] == CART_LANE + BARRIER], "nothing was opened for it")
            gate.backend.close_session()
            gate.cart_exit()
            gate.until_stored(1)
            self.assertIsNone(gate.process.poll())


    @staticmethod
    def asked(gate, question, *arguments):
        """Its answer; None while the box starts anew."""
        try:
            return question(*arguments) if gate.process.poll() is None else None
        except (OSError, http.client.HTTPException):
            return None

    def test_a_wrong_address_that_faulted_the_lanes_is_mended_by_a_reload(self):
        with Gate(start=False) as gate:
            gate.write_store(device='driver = "modbus-tcp"\naddress = "127.0.0.1:1"')
            gate.start()
            for lane in ("1", "2"):
                gate.until_phase("faulted", lane=lane)
            gate.write_store(device=None)
            self.assertEqual(0, gate.cli("reload").returncode)
            eventually(lambda: self.asked(gate, gate.phase) == "idle", "the lane is idle")
            gate.until_idle()
            gate.until_online()
            gate.backend.close_session()
            gate.cart_exit()
            gate.until_stored(1)

    def test_lanes_held_open_and_out_of_service_stay_so_across_the_restart_for_other_points(self):
        with Gate() as gate:
            self.assertEqual(200, gate.command("hold-open", "1")[0])
            self.assertEqual(200, gate.command("out-of-service", "2")[0])
            gate.until_limit(CART_LANE, OPEN_LIMIT)
            gate.write_store(gate.store_text().replace('outputs.buzzer = "io1/coil/3"\n', ""))
            self.assertEqual(0, gate.cli("reload").returncode)
            points = lambda: self.asked(gate, gate.api, "GET", "/api/v1/io")  # noqa: E731
            eventually(lambda: "io1/coil/3" not in str(points() or "io1/coil/3"), "the new file is taken")
            gate.until_phase("held_open", lane="1")
            gate.until_phase("out_of_service", lane="2")
            opened = [w for w in gate.module.writes if w[1] == CART_LANE + BARRIER]
            self.assertFalse(opened[-1][2], "and no barrier moved for it")
            self.assertEqual([], [w for w in gate.module.writes if w[1] == WALKOUT_LANE + BARRIER and w[2] is False])
            self.assertEqual(200, gate.command("release-hold", "1")[0])
            self.assertEqual(200, gate.command("in-service", "2")[0])
            gate.until_idle()


class NotToBeHad(unittest.TestCase):
    """A store file that is good by itself, and names an address somebody else listens on."""

    @staticmethod
    def taken_port(gate):
        other = socket.socket()
        gate.cleanup.callback(other.close)
        other.bind(("127.0.0.1", 0))
        other.listen()
        return other, other.getsockname()[1]

    @staticmethod
    def answers_on(port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def test_reloaded_it_is_refused_with_the_reason_and_the_file_before_it_runs_on(self):
        with Gate() as gate:
            _, port = self.taken_port(gate)
            before = gate.api("GET", "/api/v1/config")
            gate.write_store(more='[api]\nlisten = "127.0.0.1:%d"\n' % port, close_delay_ms=1300)
            self.assertEqual(200, gate.api("POST", "/api/v1/reload")[0])
            refused = "config: result=refused why=Can't listen on 127.0.0.1:%d" % port
            eventually(lambda: refused in Reloading.log(gate), "it is refused with the reason")
            eventually(gate.answers, "the API is there again")
            self.assertEqual(before, gate.api("GET", "/api/v1/config"))
            gate.until_idle()
            gate.until_online()
            self.assertEqual([], [w for w in gate.module.writes if w[2] is False and w[1] == CART_LANE + BARRIER], "nothing was opened for it")
            gate.backend.close_session()
            gate.cart_exit()
            gate.until_stored(1)
            self.assertIsNone(gate.process.poll())

    def test_at_start_the_lanes_work_without_it_and_it_is_had_once_it_is_free(self):
        with Gate(start=False) as gate:
            other, port = self.taken_port(gate)
            gate.write_store(more='[api]\nlisten = "127.0.0.1:%d"\n' % port)
            gate.start()
            gate.until_idle()
            gate.until_online()
            self.assertIn("error: [api] listen: Can't listen on 127.0.0.1:%d" % port, Reloading.log(gate))
            other.close()
            eventually(lambda: self.answers_on(port), "it listens where it should", 30)
            gate.until_idle()
            gate.until_online()
            gate.backend.close_session()
            gate.cart_exit()
            gate.until_stored(1)

    def test_a_key_of_another_certificate_is_refused_at_once(self):
        with Gate() as gate:
            gate.write_store(gate.store_text().replace("tls/gate.key", "tls/server.key"))
            code, answer = gate.api("POST", "/api/v1/reload")
            self.assertEqual(400, code, answer)
            self.assertIn("backend.private_key_file", json.dumps(answer))
            self.assertEqual("idle", gate.phase())


class Renewing(unittest.TestCase):
    """certificate_expiry stands until the certificate in use is a renewed one."""

    @staticmethod
    def reissue(gate, name, days):
        """The certificate anew, for the same key."""
        def openssl(*arguments, given=None):
            return subprocess.run(["openssl", "x509", *arguments, "-copy_extensions", "copyall"], cwd=gate.path("tls"), input=given,
                                  capture_output=True, check=True).stdout
        request = openssl("-x509toreq", "-in", name + ".pem", "-signkey", name + ".key")
        issued = openssl("-req", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", str(days), given=request)
        with open(gate.path("tls/new.pem"), "wb") as file:
            file.write(issued)
        os.replace(gate.path("tls/new.pem"), gate.path("tls/%s.pem" % name))

    def test_a_renewed_certificate_is_seen_by_itself_and_at_once_by_a_reload(self):
        with Gate(start=False) as gate:
            self.reissue(gate, "gate", 10)
            gate.start()
            gate.until_fault("certificate_expiry")
            self.reissue(gate, "gate", 365)
            gate.until_fault("certificate_expiry", stands=False, within_s=30)
            self.reissue(gate, "gate", 10)
            gate.until_fault("certificate_expiry", within_s=30)
            self.reissue(gate, "gate", 365)
            self.assertEqual(0, gate.cli("reload").returncode)
            self.assertNotIn("certificate_expiry", gate.faults())

    def test_the_apis_certificate_is_looked_at_and_renewed_by_a_reload(self):
        with Gate(start=False) as gate:
            other, port = NotToBeHad.taken_port(gate)
            other.close()
            for end in ("pem", "key"):
                shutil.copy(gate.path("tls/server." + end), gate.path("tls/api." + end))
            self.reissue(gate, "api", 10)
            gate.write_store(more="""[api]
listen = "127.0.0.1:%d"
tls_certificate_file = "tls/api.pem"
tls_private_key_file = "tls/api.key"
""" % port)
            gate.start()
            gate.until_fault("certificate_expiry")
            self.assertIn("tls/api.pem", [f["advice"] for f in gate.status()["faults"] if f["code"] == "certificate_expiry"][0])
            gate.until_idle()
            self.reissue(gate, "api", 365)
            with open(gate.path("tls/api.pem"), encoding="ascii") as file:
                renewed = file.read()
            self.assertEqual(0, gate.cli("reload").returncode)

            def served():
                try:
                    return ssl.get_server_certificate(("127.0.0.1", port))
                except OSError:
                    return None
            eventually(lambda: served() == renewed, "the renewed certificate is served")
            eventually(gate.answers, "the API is there again")
            gate.until_idle()
            self.assertNotIn("certificate_expiry", gate.faults())


if __name__ == "__main__":
    unittest.main(verbosity=2)
