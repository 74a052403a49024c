"""A whole store in one folder: the reference backend, an I/O module, a radio, and exitgated between them."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.environ["EXITGATE_SOURCE_DIR"], "tests/tools/backend"))
from modbus_module import ModbusModule  # noqa: E402
from radio_peer import CLOSED, RadioPeer  # noqa: E402
from running_backend import STORE, Backend, UnixConnection  # noqa: E402

BIN = os.environ["EXITGATE_BIN"]
WAIT_S = 20
APPROACH, SAFETY, EXIT, OPEN_LIMIT, CLOSED_LIMIT, RELEASE = range(6)  # lane 1; lane 2 begins 8 later
FIRE = 32
BARRIER, GREEN, RED, BUZZER = range(4)  # lane 1; lane 2 begins 8 later
CART_LANE, WALKOUT_LANE = 0, 8

LANE = """
[[lane]]
id = "{id}"
mode = "{mode}"
{receiver}
inputs.approach = "io1/discrete/{i[0]}"
inputs.safety = "io1/discrete/{i[1]}"
inputs.exit = "io1/discrete/{i[2]}"
inputs.barrier_open = "io1/discrete/{i[3]}"
inputs.barrier_closed = "io1/discrete/{i[4]}"
inputs.release = {{ point = "io1/discrete/{i[5]}", active = "low" }}
outputs.barrier = {{ point = "io1/coil/{i[0]}", energised = "closed" }}
outputs.signal_green = "io1/coil/{i[1]}"
outputs.signal_red = "io1/coil/{i[2]}"
outputs.buzzer = "io1/coil/{i[3]}"
timing = {{ settle_ms = 200, close_delay_ms = {close_delay_ms}, join_gap_ms = 300, party_gap_ms = 1500, lapse_ms = 2000, stale_ms = {stale_ms}, device_lost_ms = {device_lost_ms} }}
"""


def eventually(condition, what, within_s=WAIT_S):
    """Waits until the condition is true and returns its value."""
    end = time.monotonic() + within_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("after %g s still not: %s" % (within_s, what))
        time.sleep(0.01)


class Gate:
    """Everything around one daemon, and the daemon; a context manager."""

    def __init__(self, *, backend_options=(), device=None, module=None, start=True, environment=None, peer=RadioPeer, **store):
        self.cleanup = contextlib.ExitStack()
        self.backend = self.cleanup.enter_context(Backend(*backend_options, database="backend.db"))
        self.folder = self.backend.folder
        self.module = module or ModbusModule()
        self.cleanup.callback(self.module.close)
        self.module.inputs[FIRE] = True
        for lane in (CART_LANE, WALKOUT_LANE):
            self.module.inputs[lane + RELEASE] = True
            if hasattr(self.module, "add_barrier"):
                self.module.add_barrier(lane + BARRIER, lane + OPEN_LIMIT, lane + CLOSED_LIMIT)
        with open(self.path("tls/beacon.key"), encoding="ascii") as file:
            store_key = bytes.fromhex(file.read().strip())
        self.radio = peer(self.path("rx1"), store_key, STORE)
        self.cleanup.callback(self.radio.close)
        self.store = {"url": "https://127.0.0.1:%d" % self.backend.port, "ca": "tls/ca.pem", "device": device, "more": "",
                      "shutdown": "open", "trust": "always", "radio": "unix:rx1", "close_delay_ms": 200, "stale_ms": 100,
                      "device_lost_ms": 500} | store
        self.environment = environment or {}
        os.mkdir(self.path("state"))
        os.mkdir(self.path("run"), 0o700)
        self.process = None
        self.write_store()
        if start:
            try:
                self.start()
                self.until_idle()
                self.until_online()
            except BaseException:
                self.__exit__(*sys.exc_info())
                raise

    def path(self, name):
        return os.path.join(self.folder, name)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if kind and kind is not unittest.SkipTest and os.path.exists(self.path("log")):
            with open(self.path("log"), encoding="utf-8") as file:
                sys.stderr.write("the daemon's log ends:\n" + "".join(file.readlines()[-40:]))
        self.cleanup.close()

    def store_text(self):
        s = self.store
        device = s["device"] or 'driver = "modbus-tcp"\naddress = "127.0.0.1:%d"\nresponse_ms = 200' % self.module.port
        text = f"""schema = 1
[store]
id = "{STORE}"
gate = "front"
timezone = "Europe/Berlin"
[clock]
trust = "{s['trust']}"
[backend]
url = "{s['url']}"
ca_file = "{s['ca']}"
certificate_file = "tls/gate.pem"
private_key_file = "tls/gate.key"
[beacons]
key_files = ["tls/beacon.key"]
[shutdown]
outputs = "{s['shutdown']}"
[inputs]
fire_alarm = {{ point = "io1/discrete/{FIRE}", active = "low" }}
[[device]]
name = "io1"
fail_safe = true
{device}
[[device]]
name = "rx1"
driver = "hci-uart"
path = "{s['radio']}"
"""
        for lane, mode, first in (("1", "cart", CART_LANE), ("2", "walkout", WALKOUT_LANE)):
            receiver = 'receiver = "rx1"' if mode == "cart" else ""
            text += LANE.format(id=lane, mode=mode, receiver=receiver, i=[first + n for n in range(6)],
                                **{name: s[name] for name in ("close_delay_ms", "stale_ms", "device_lost_ms")})
        return text + s["more"]

    def write_store(self, text=None, **changes):
        self.store.update(changes)
        with open(self.path("store.toml"), "w", encoding="utf-8") as file:
            file.write(text or self.store_text())

    def start(self, *, wrapper=(), stderr=None):
        self.launch(wrapper=wrapper, stderr=stderr)
        eventually(self.answers, "the control socket answers")

    def launch(self, *, wrapper=(), stderr=None):
        """Started, not waited for."""
        with open(self.path("log"), "a", encoding="utf-8") as log:
            self.process = subprocess.Popen([*wrapper, BIN + "/exitgated", "--config", self.path("store.toml")], stderr=stderr or log, stdout=log,
                                            env={**os.environ, "STATE_DIRECTORY": self.path("state"), "RUNTIME_DIRECTORY": self.path("run"),
                                                 **self.environment})

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError("the daemon ended with %d" % self.process.returncode)
        try:
            return self.api("GET", "/api/v1/status")[0] == 200
        except OSError:
            return False

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(WAIT_S)

    def terminate(self):
        """(exit code, seconds it took)"""
        before = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(WAIT_S), time.monotonic() - before

    def api(self, method, path, body=None, headers=None):
        """(status, decoded body)"""
        connection = UnixConnection(self.path("run/control.sock"))
        try:
            text = json.dumps(body) if isinstance(body, (dict, list)) else body
            connection.request(method, path, text, headers or {})
            answer = connection.getresponse()
            content = answer.read().decode()
        finally:
            connection.close()
        try:
            return answer.status, json.loads(content)
        except json.JSONDecodeError:
            return answer.status, content

    def command(self, command, lane="1", **more):
        return self.api("POST", "/api/v1/lanes/%s/commands" % lane, {"command": command, "by": "Ann", "reason": "a test", **more})

    def cli(self, *arguments, stdin=None):
        return subprocess.run([BIN + "/exitgate", "--socket", self.path("run/control.sock"), *arguments], input=stdin,
                              capture_output=True, text=True, timeout=WAIT_S, check=False)

    def status(self):
        return self.api("GET", "/api/v1/status")[1]

    def phase(self, lane="1"):
        return self.api("GET", "/api/v1/lanes/" + lane)[1]["phase"]

    def faults(self):
        return {fault["code"] for fault in self.status()["faults"]}

    def until_phase(self, *phases, lane="1", within_s=WAIT_S):
        return eventually(lambda: self.phase(lane) in phases, "lane %s is %s" % (lane, " or ".join(phases)), within_s)

    def until_idle(self):
        self.until_phase("idle", lane="1")
        self.until_phase("idle", lane="2")

    def until_online(self):
        eventually(lambda: self.status()["backend"]["state"] == "online", "the backend is online")

    def until_fault(self, code, stands=True, within_s=WAIT_S):
        eventually(lambda: (code in self.faults()) == stands, "fault %s %s" % (code, "stands" if stands else "is gone"), within_s)

    def until_clear(self):
        eventually(lambda: self.status()["receipts"]["queued"] == 0, "the queue is empty")

    def stored(self):
        """The receipts the backend has, in order."""
        return self.backend.admin("GET", "receipts")["receipts"]

    def until_stored(self, count, within_s=WAIT_S):
        eventually(lambda: len(self.stored()) >= count, "the backend has %d receipts" % count, within_s)
        self.until_clear()
        return self.stored()

    def eye(self, lane, point, blocked):
        self.module.set_input(lane + point, blocked)

    def until_open(self, lane, within_s=WAIT_S):
        if not self.module.wait_coil(lane + BARRIER, False, within_s):
            raise AssertionError("the barrier is not commanded open within %g s" % within_s)

    def until_limit(self, lane, limit, within_s=WAIT_S):
        eventually(lambda: self.module.inputs[lane + limit], "the barrier is there", within_s)

    def walk_through(self, lane=CART_LANE, approach=True):
        """Somebody before an open barrier goes through."""
        self.until_limit(lane, OPEN_LIMIT)
        for point, blocked in ((SAFETY, True), (APPROACH, False), (EXIT, True), (SAFETY, False), (EXIT, False)):
            if point != APPROACH or approach:
                self.eye(lane, point, blocked)
            time.sleep(0.12)  # how long a person takes, not a wait for the daemon

    def cart_comes(self, cart_id=117, tag="a1b2c3d4e5f6", state=CLOSED):
        self.radio.carts = {cart_id: (tag, state, -55)}
        self.eye(CART_LANE, APPROACH, True)

    def cart_exit(self, cart_id=117, tag="a1b2c3d4e5f6"):
        self.cart_comes(cart_id, tag)
        self.until_open(CART_LANE)
        self.walk_through()
        self.radio.carts = {}
        self.until_phase("idle")


def chain_findings(test, receipts):
    """One chain, no gap, no broken link, no receipt twice."""
    from running_backend import seal
    test.assertEqual(list(range(1, len(receipts) + 1)), [r["sequence"] for r in receipts])
    test.assertEqual(len(receipts), len({r["receipt_id"] for r in receipts}))
    previous = "0" * 64
    for receipt in receipts:
        test.assertEqual(previous, receipt["previous_hash"])
        previous = receipt["hash"]
        test.assertEqual(previous, seal(receipt))


class Events:
    """The server-sent events since now, read in a thread of their own."""

    def __init__(self, gate):
        self.seen = []
        self.connection = UnixConnection(gate.path("run/control.sock"))
        self.connection.connect()
        self.socket = self.connection.sock
        self.socket.settimeout(None)
        self.connection.request("GET", "/api/v1/events")
        self.answer = self.connection.getresponse()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        event = {}
        with contextlib.suppress(OSError, ValueError, http.client.HTTPException, AttributeError):
            while line := self.answer.readline():
                line = line.decode().rstrip("\r\n")
                name, _, value = line.partition(":")
                if line:
                    event[name] = value.strip()
                elif "event" in event:
                    self.seen.append((event["event"], json.loads(event["data"])))
                    event = {}

    def of(self, kind, lane=None):
        return [data for name, data in list(self.seen) if name == kind and (lane is None or data.get("lane_id") == lane)]

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.connection.close()
