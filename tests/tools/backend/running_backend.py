"""The reference backend running with keys of its own, spoken to as a gate does (mutual TLS) and as an admin does."""

import datetime
import hashlib
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import uuid

SOURCE = os.environ["EXITGATE_SOURCE_DIR"]
PROGRAM = os.environ["EXITGATE_BACKEND"]
STORE = "SEA-042"
WAIT_S = 20


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=WAIT_S)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(WAIT_S)
        self.sock.connect(self.path)


class Backend:
    """The program, started; a context manager. Keys and database live in a folder of its own and outlive a stop()."""

    def __init__(self, *options, database=":memory:"):
        self.folder = tempfile.mkdtemp(prefix="xgb")
        subprocess.run([SOURCE + "/tools/backend/make-certificates", self.path("tls")], check=True, stdout=subprocess.DEVNULL)
        self.options = options
        self.database = database if database == ":memory:" else self.path(database)
        self.gates = []
        self.start()

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self):
        """Starts it, or starts it again, on a port of its own: the old one may be taken by now."""
        self.process = subprocess.Popen(
            [PROGRAM, "--listen", "127.0.0.1:0", "--admin", "unix:" + self.path("admin"),
             "--database", self.database, "--store", STORE, "--certificate", self.path("tls/server.pem"),
             "--private-key", self.path("tls/server.key"), "--ca", self.path("tls/ca.pem"),
             "--pass-seed", self.path("tls/pass-1.seed.hex"), *self.options],
            stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening on 127.0.0.1:"):
            raise RuntimeError("the backend did not start: %r" % line)
        self.port = int(line.rsplit(":", 1)[1])

    def stop(self):
        self.process.terminate()
        code = self.process.wait(WAIT_S)
        self.process.stdout.close()
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for gate in self.gates:
            gate.connection.close()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        shutil.rmtree(self.folder)

    def admin(self, method, path, body=None):
        """The answer of a good request; anything but 200 is an AssertionError."""
        status, answer = self.admin_answer(method, path, body)
        assert status == 200, (status, answer)
        return answer

    def admin_answer(self, method, path, body=None):
        connection = UnixConnection(self.path("admin"))
        connection.request(method, "/admin/" + path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text)

    def faults(self, **switches):
        return self.admin("POST", "faults", switches)

    def close_session(self, cart_id=117, tag="a1b2c3d4e5f6", **more):
        return self.admin("POST", "sessions", {"cart_id": cart_id, "session_tag": tag, "state": "closed", **more})["session_id"]

    def gate(self, name="front"):
        self.gates.append(Gate(self, name))
        return self.gates[-1]

    def kill(self):
        self.process.kill()
        self.process.wait(WAIT_S)
        self.process.stdout.close()


class Gate:
    """One gate's connection, kept alive, with the client certificate of `name`."""

    def __init__(self, backend, name):
        self.backend = backend
        self.name = name
        context = ssl.create_default_context(cafile=backend.path("tls/ca.pem"))
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        files = {"front": "gate", "back": "gate2"}[name]
        context.load_cert_chain(backend.path("tls/%s.pem" % files), backend.path("tls/%s.key" % files))
        self.context = context
        self.connection = self.connect()
        self.sequence = 0
        self.previous_hash = "0" * 64
        self.chain_id = str(uuid.uuid4())

    def connect(self, timeout=WAIT_S):
        return http.client.HTTPSConnection("127.0.0.1", self.backend.port, context=self.context, timeout=timeout)

    def request(self, method, path, body=None, headers=None):
        """(status, headers, decoded body)"""
        text = json.dumps(body) if body is not None and not isinstance(body, (str, bytes)) else body
        try:
            self.connection.request(method, path, text, headers or {})
            answer = self.connection.getresponse()
            content = answer.read()
        except Exception:
            self.connection.close()
            raise
        return answer.status, answer.headers, json.loads(content) if content else None

    def question(self, stage="present", **more):
        question = {"request_id": str(uuid.uuid4()), "store_id": STORE, "gate_id": self.name, "lane_id": "1", "kind": "cart",
                    "observed_at": now(), "stage": stage}
        if more.get("kind", "cart") == "cart":
            question.update({"cart_id": 117, "session_tag": "a1b2c3d4e5f6"})
        question.update(more)
        return question

    def confirm(self, stage="present", **more):
        status, _, answer = self.request("POST", "/v1/exits/confirm", self.question(stage, **more))
        assert status == 200, (status, answer)
        return answer

    def receipt(self, session_id, outcome="passed", passages=1, **more):
        """The next receipt of this gate's chain, sealed."""
        self.sequence += 1
        receipt = {"receipt_id": str(uuid.uuid4()), "schema": 1, "chain_id": self.chain_id, "store_id": STORE,
                   "gate_id": self.name, "lane_id": "1", "sequence": self.sequence, "kind": "cart", "session_id": session_id,
                   "basis": "confirmed", "outcome": outcome, "passages": passages, "authorised_at": now(), "ended_at": now(),
                   "clock": "synchronised", "boot_id": "9c0e5b0e-3a55-4d7c-9d64-1f8a2b6f7e11", "authorised_mono_ms": 1,
                   "flags": [], "previous_hash": self.previous_hash}
        receipt.update(more)
        self.previous_hash = receipt["hash"] = seal(receipt)
        return receipt

    def upload(self, receipts):
        return self.request("POST", "/v1/receipts", {"store_id": STORE, "gate_id": self.name, "receipts": receipts})

    def upload_statuses(self, receipts):
        status, _, answer = self.upload(receipts)
        assert status == 200, (status, answer)
        assert [r["receipt_id"] for r in answer["results"]] == [r["receipt_id"] for r in receipts]
        return [r["status"] for r in answer["results"]]

    def follow(self, last_event_id=None, timeout=WAIT_S):
        return Stream(self, last_event_id, timeout)


def seal(receipt):
    """RFC 8785 for receipts whose names are ASCII and whose numbers are integers."""
    bare = {name: value for name, value in receipt.items() if name != "hash"}
    text = json.dumps(bare, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


class Stream:
    """An open closures stream; a context manager."""

    def __init__(self, gate, last_event_id, timeout):
        self.connection = gate.connect(timeout)
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        self.connection.request("GET", "/v1/stores/%s/closures?gate=%s" % (STORE, gate.name), headers=headers)
        self.answer = self.connection.getresponse()
        self.status = self.answer.status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.connection.close()

    def next(self, keepalives=False):
        """(id, event, data) of the next event; None at the end of the stream."""
        event = {}
        while True:
            line = self.answer.readline()
            if not line:
                return None
            line = line.decode().rstrip("\r\n")
            if line:
                name, _, value = line.partition(":")
                event[name] = value.removeprefix(" ")
                continue
            if "event" in event and (keepalives or event["event"] != "keepalive"):
                return event.get("id"), event["event"], json.loads(event["data"])
            event = {}

    def take(self, count):
        return [self.next() for _ in range(count)]


def at_once(*calls):
    """Runs the calls in threads that start together; returns their results in order."""
    barrier = threading.Barrier(len(calls))
    results = [None] * len(calls)

    def run(index, call):
        barrier.wait(WAIT_S)
        results[index] = call()

    threads = [threading.Thread(target=run, args=(i, call)) for i, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    return results
