"""The backend fails in many ways: exits go on, and every receipt is stored once when it is well again."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
import unittest

from running_gate import CART_LANE, WALKOUT_LANE, APPROACH, Gate, chain_findings, eventually

NGINX = """daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
worker_processes 1;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/nginx-body; proxy_temp_path {folder}/nginx-proxy;
  fastcgi_temp_path {folder}/nginx-fcgi; uwsgi_temp_path {folder}/nginx-uwsgi; scgi_temp_path {folder}/nginx-scgi;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {certificate}; ssl_certificate_key {key};
    ssl_protocols {protocols};
    ssl_client_certificate {folder}/tls/ca.pem; ssl_verify_client on;
    location / {{
      proxy_pass https://127.0.0.1:{upstream}; proxy_http_version 1.1; proxy_buffering off; proxy_read_timeout 1h;
      proxy_ssl_protocols TLSv1.3; proxy_ssl_certificate {folder}/tls/gate.pem; proxy_ssl_certificate_key {folder}/tls/gate.key;
    }}
  }}
}}
"""


class Trouble(unittest.TestCase):
    def walkouts_through(self, gate, disturb, restore, exits=3, paid=True):
        """People leave by policy while the backend is disturbed; afterwards all their receipts arrive, each once."""
        disturb()
        for _ in range(exits):
            if paid:
                session = gate.backend.admin("POST", "sessions", {"kind": "walkout", "state": "closed"})["session_id"]
                gate.backend.admin("POST", "arrivals", {"lane_id": "2", "session_id": session, "push_expected": False})
            gate.eye(WALKOUT_LANE, APPROACH, True)
            gate.until_open(WALKOUT_LANE, within_s=5)
            gate.walk_through(WALKOUT_LANE)
            gate.until_phase("idle", lane="2")
        restore()
        receipts = gate.until_stored(exits, within_s=75)
        self.assertEqual(exits, len(receipts))
        self.assertEqual({"passed"}, {r["outcome"] for r in receipts})
        chain_findings(self, receipts)
        summary = gate.backend.admin("GET", "summary")
        self.assertEqual(exits, summary["receipts"])
        gate.until_online()
        return receipts

    def through_switches(self, **switches):
        with Gate() as gate:
            receipts = self.walkouts_through(gate, lambda: gate.backend.faults(**switches), lambda: gate.backend.faults(clear=True))
            if switches.get("confirm_status") or "garbage" in switches:
                self.assertEqual({"offline_policy"}, {r["basis"] for r in receipts})

    def test_stopped_for_seconds_it_is_offline_and_policy_decides(self):
        with Gate() as gate:
            process = gate.backend.process

            def stop():
                process.send_signal(signal.SIGSTOP)
            receipts = self.walkouts_through(gate, stop, lambda: process.send_signal(signal.SIGCONT), paid=False)
            self.assertEqual({"offline_policy"}, {r["basis"] for r in receipts})

    def test_down_for_seconds(self):
        with Gate() as gate:
            def down():
                gate.backend.faults(down=True)
                gate.until_fault("backend_offline")
            self.walkouts_through(gate, down, lambda: gate.backend.faults(clear=True))
            gate.until_fault("backend_offline", stands=False)

    def test_half_answers(self):
        self.through_switches(half_answers=True)

    def test_garbage(self):
        self.through_switches(garbage=True)

    def test_status_500(self):
        self.through_switches(confirm_status=500, upload_status=500)

    def test_status_429_with_retry_after(self):
        self.through_switches(confirm_status=429, upload_status=429, retry_after="1")

    def test_status_401_is_a_fault_of_credentials_that_ends(self):
        with Gate() as gate:
            def refuse():
                gate.backend.faults(confirm_status=401, upload_status=401)

            def accept():
                gate.until_fault("backend_credentials")
                gate.backend.faults(clear=True)
            self.walkouts_through(gate, refuse, accept, exits=1)
            # Known to be over with the next question that is answered.
            gate.backend.close_session()
            gate.cart_exit()
            gate.until_fault("backend_credentials", stands=False)

    def test_forgotten_replies_store_nothing_twice(self):
        self.through_switches(forget_replies=True)

    def test_an_offline_gate_admits_a_cart_with_a_closure_and_no_other(self):
        with Gate() as gate:
            gate.backend.close_session(push=True)
            gate.backend.close_session(cart_id=118, tag="0000000000bb")
            gate.cart_exit()
            gate.until_stored(1)
            gate.backend.faults(down=True)
            gate.until_fault("backend_offline")
            gate.cart_comes(118, "0000000000bb")
            gate.until_phase("refused")
            self.assertEqual("see_staff", gate.api("GET", "/api/v1/lanes/1")[1]["reason"])
            gate.backend.faults(down=False)
            gate.until_open(CART_LANE, within_s=45)
            gate.walk_through()
            self.assertEqual(2, len(gate.until_stored(2)))


class Proxy:
    """nginx between gate and backend, on one port for its life."""

    def __init__(self, gate):
        self.gate, self.process = gate, None
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            self.port = held.getsockname()[1]

    def run(self, certificate="tls/server.pem", key="tls/server.key", protocols="TLSv1.3"):
        self.stop()
        path = self.gate.path
        with open(path("nginx.conf"), "w", encoding="utf-8") as file:
            file.write(NGINX.format(folder=self.gate.folder, port=self.port, certificate=path(certificate), key=path(key),
                                    protocols=protocols, upstream=self.gate.backend.port))
        os.chmod(self.gate.folder, 0o755)  # its worker is another user
        self.process = subprocess.Popen(["nginx", "-c", path("nginx.conf"), "-p", self.gate.folder, "-e", path("nginx.log")],
                                        stderr=subprocess.DEVNULL)
        eventually(self.listens, "nginx listens")

    def listens(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process = None


@unittest.skipUnless(shutil.which("nginx", path="/usr/sbin:" + os.environ["PATH"]), "nginx is not installed")
class WrongTls(unittest.TestCase):
    def through(self, **tls):
        os.environ["PATH"] += ":/usr/sbin"
        with Gate(start=False) as gate:
            proxy = Proxy(gate)
            gate.cleanup.callback(proxy.stop)
            os.makedirs(gate.path("other"))
            subprocess.run([os.environ["EXITGATE_SOURCE_DIR"] + "/tools/backend/make-certificates", gate.path("other")], check=True,
                           stdout=subprocess.DEVNULL)
            self.make_expired(gate)
            gate.write_store(url="https://127.0.0.1:%d" % proxy.port)
            proxy.run()
            gate.start()
            gate.until_idle()
            gate.until_online()
            proxy.run(**tls)
            gate.until_fault("backend_credentials")
            gate.eye(WALKOUT_LANE, APPROACH, True)
            gate.until_open(WALKOUT_LANE, within_s=5)
            gate.walk_through(WALKOUT_LANE)
            gate.until_phase("idle", lane="2")
            eventually(lambda: gate.status()["receipts"]["queued"] == 1, "the receipt waits")
            proxy.run()
            # Tried again every 60 s, or at once when the stream is back.
            receipts = gate.until_stored(1, within_s=75)
            chain_findings(self, receipts)
            gate.until_fault("backend_credentials", stands=False, within_s=75)

    @staticmethod
    def make_expired(gate):
        def openssl(*arguments):
            subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=gate.folder)
        with open(gate.path("expired.ext"), "w", encoding="ascii") as file:
            file.write("subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
        openssl("req", "-new", "-key", "tls/server.key", "-subj", "/CN=old", "-out", "expired.csr")
        openssl("x509", "-req", "-in", "expired.csr", "-CA", "tls/ca.pem", "-CAkey", "tls/ca.key", "-set_serial", "7", "-days", "-1",
                "-extfile", "expired.ext", "-out", "expired.pem")

    def test_a_certificate_of_another_authority(self):
        self.through(certificate="other/server.pem", key="other/server.key")

    def test_an_expired_certificate(self):
        self.through(certificate="expired.pem")

    def test_tls_1_2_only(self):
        self.through(protocols="TLSv1.2")


if __name__ == "__main__":
    unittest.main(verbosity=2)
