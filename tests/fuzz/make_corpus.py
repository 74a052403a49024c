#!/usr/bin/env python3
"""Writes the seed corpora tests/fuzz/corpus/<target>/ from the contract's vectors and the example store files.

Run it after a change to these; what fuzzing has found beside is kept (files called crash-…, found-…).
"""
import json
import pathlib
import sqlite3
import struct
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
VECTORS = ROOT / "tests/vectors"
SESSION = "0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"


def put(target, name, content):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def manufacturer_data(payload):
    return bytes([len(payload) + 3, 0xFF, 0xFF, 0xFF]) + payload


def command_complete(opcode, status=0, returned=b""):
    return bytes([4, 0x0E, 4 + len(returned), 1, opcode & 255, opcode >> 8, status]) + returned


def legacy_report(data):
    return bytes([0x02, 1, 3, 0, 6, 5, 4, 3, 2, 1, len(data)]) + data + b"\xc0"


def extended_report(data, status=0):
    head = bytes([0x0D, 1, status << 5, 0, 0, 6, 5, 4, 3, 2, 1, 1, 0, 7, 0x7F, 0xC0])
    return head + bytes(9) + bytes([len(data)]) + data


def hci():
    frame = bytes.fromhex("110300000075a1b2c3d4e5f6df0240c55b5a991880d54d46")
    legacy = legacy_report(manufacturer_data(frame))
    extended = extended_report(bytes(range(100)))

    def event(parameters):
        return bytes([4, 0x3E, len(parameters)]) + parameters

    def fed(packet):  # as an operation of the script: that many bytes
        return bytes([len(packet)]) + packet

    put("hci_stream", "framed", command_complete(0x0C03) + event(legacy) + event(extended) + b"\x04\x0f\x04\x00\x01\x03\x0c")
    put("hci_stream", "noise-then-reset", bytes(range(5, 60)) + command_complete(0x0C03) + event(legacy) + b"\x02garbage")
    put("hci_stream", "scanning", b"\xe0\xc0" + fed(event(legacy)) + fed(event(extended)))
    pieces = b"".join(bytes([0xF4, len(part) - 1]) + part[1:]
                      for part in (extended_report(bytes(200), 1), extended_report(bytes(200), 0),
                                   extended_report(bytes(20), 1), extended_report(bytes(20), 2)))
    put("hci_stream", "in-fragments", b"\xe0\xc0" + pieces)
    put("hci_stream", "silence-and-back", b"\xe0\xc1\xec\x20\x00\xec\x10\x00\xec\x10\x00\xe0\xc0\xec\xff\xff\xe8\xec\xff\xff\xe0\xc0")
    put("hci_stream", "refused", b"\xe0\xd8\x01\x00\xff\xd8\x01\x0c\x00\xec\x10\x00\xe0\xd8\x01\x00\x00" + fed(b"\x04\x10\x01\x42"))
    put("hci_stream", "foreign-bytes", b"\xe0\xc0" + fed(b"AT+NAME\r\n") + b"\xc0" + fed(b"AT\r\n") + b"\xec\x20\x00\xe0\xc0")


def beacon():
    presence = json.loads((VECTORS / "presence.json").read_text())
    passes = json.loads((VECTORS / "pass.json").read_text())
    heard = b""
    for case in presence["sequences"] + presence.get("cases", []):
        for frame in case.get("frames", [case]):
            payload = bytes.fromhex(frame["payload"])
            heard += bytes([5, len(payload)]) + payload
    put("beacon_adverts", "presence-vectors", heard)
    heard = b""
    for case in passes["cases"]:
        payload = bytes.fromhex(case["payload"])[:129]
        heard += bytes([5, len(payload)]) + payload
    put("beacon_adverts", "pass-vectors", heard[:4000])
    data = b"\x02\x01\x06" + manufacturer_data(bytes.fromhex(presence["sequences"][0]["frames"][0]["payload"]))
    put("beacon_adverts", "beside-other-structures", b"\x00" + bytes([len(data)]) + data)
    true_frame = b"\x02\x01\x03\x06\x00\x00"  # cart 1, closed, tag 6, now, unspoiled
    true_pass = b"\x04\x01\x06\x01\xf0\x40\x00\x00\x11\xf7\x02\x09\x00"
    put("beacon_adverts", "true-frame-and-pass", true_frame + true_pass + true_frame)
    put("beacon_adverts", "spoiled", b"\x02\x01\x03\x06\x00\x81\x07" + true_frame + b"\x04\x01\x06\x01\xf0\x40\x00\x00\x11\xf7\x02\x09\x81\x20")
    put("beacon_adverts", "replayed-and-late", true_frame + b"\x02\x01\x03\x06\xfc\x00" + b"\x06\x0b\xb8" + b"\x07\x7f" + true_frame * 2)


CLOSED = {"session_tag": "a1b2c3d4e5f6", "cart_id": 117, "session_id": SESSION, "closed_at": "2026-10-26T05:33:20.000Z",
          "expires_at": "2026-10-26T06:03:20.000Z", "party_size": 2, "total": {"amount_minor": 4599, "currency": "USD"}}
EXPECTED = {"lane_id": "1", "session_id": SESSION, "at": "2026-10-26T05:33:20Z", "expires_at": "2026-10-26T05:33:50+02:00"}


def stream():
    events = [("closed", CLOSED), ("expected", EXPECTED), ("revoked", {"session_id": SESSION}),
              ("revoked", {"session_tag": "a1b2c3d4e5f6"}), ("claimed", {"session_id": SESSION, "gate_id": "back"}),
              ("unclaimed", {"session_id": SESSION, "gate_id": "back"})]
    text = ": hello\nretry: 500\n\n"
    for number, (name, data) in enumerate(events):
        text += f"id: {number}\nevent: {name}\ndata: {json.dumps(data)}\n\n"
    put("closures_stream", "all-events", text + "event: keepalive\n\nevent: reset\ndata\n\n")
    put("closures_stream", "crlf-and-mark", "\ufeff" + text.replace("\n", "\r\n"))
    put("closures_stream", "cr", text.replace("\n", "\r"))
    put("closures_stream", "several-data-lines", 'id: 1\nevent: closed\ndata: {"session_tag":\ndata: "a1b2c3d4e5f6"}\n\nid\ndata:x\n\n')
    put("closures_stream", "bad-ids", "id: a\0b\ndata: 1\n\nid: " + "x" * 300 + "\ndata: 2\n\nid: \x01\nevent: claimed\n\n")
    put("closures_stream", "closed-body", json.dumps(CLOSED))
    put("closures_stream", "expected-body", json.dumps(EXPECTED))


def answers():
    admit = {"decision": "admit", "reason": "closed", "session_id": SESSION, "expires_at": "2026-10-26T06:03:20.000Z",
             "closed_at": "2026-10-26T05:33:20.000Z", "party_size": 1, "total": {"amount_minor": 4599, "currency": "USD"}}
    put("backend_answers", "admit", b"\0\0" + json.dumps(admit).encode())
    put("backend_answers", "refuse", b"\0\0" + json.dumps({"decision": "refuse", "reason": "session_open"}).encode())
    put("backend_answers", "terminator", b"\0\x09<html><title>400 The SSL certificate error</title></html>")
    results = [{"receipt_id": SESSION, "status": status, "reason": "because"} for status in ("stored", "duplicate", "rejected")]
    put("backend_answers", "upload", b"\1\0" + json.dumps({"results": results}).encode())
    long = [{"receipt_id": SESSION, "status": "rejected", "reason": "é" * 300 + "€" * 100}]
    put("backend_answers", "upload-long-reason", b"\1\0" + json.dumps({"results": long}, ensure_ascii=False).encode())
    odd = [{"receipt_id": SESSION, "status": "rejected", "reason": "x" + "é" * 300}]
    put("backend_answers", "upload-odd-reason", b"\1\0" + json.dumps({"results": odd}, ensure_ascii=False).encode())
    keys = json.loads((VECTORS / "pass.json").read_text())["keys"]
    keys = [dict(key, not_before="2026-01-01T00:00:00Z", not_after="2027-01-01T00:00:00Z") for key in keys]
    put("backend_answers", "keys", b"\2\0" + json.dumps({"keys": keys + [{"key_id": 300}, keys[0]]}).encode())
    put("backend_answers", "retry-seconds", b"\3\x0d120")
    put("backend_answers", "retry-date", b"\3\x0fMon, 26 Oct 2026 05:34:20 GMT")


def http_answers():
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Mon, 26 Oct 2026 05:34:20 GMT\r\n"
    put("http_answer", "length", "\0" + head + "Content-Length: 2\r\n\r\n{}")
    put("http_answer", "chunked", "\0" + head + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n3;x=y\r\nabc\r\n0\r\nT: 1\r\n\r\n")
    put("http_answer", "interim", "\0HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + head + "Content-Length: 0\r\n\r\n")
    put("http_answer", "until-close", "\1" + head + "Connection: close\r\n\r\nall of this")
    put("http_answer", "retry", "\0HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n")
    put("http_answer", "no-content", "\1HTTP/1.1 204 No Content\r\n\r\nmore")
    put("http_answer", "too-long", "\0" + head + "Content-Length: 1001\r\n\r\nx")


def store_files():
    for example in sorted((ROOT / "config/examples").glob("*.toml")):
        put("store_file", example.name, example.read_bytes())
    text = (ROOT / "config/examples/two-cart-lanes.toml").read_text()
    put("store_file", "misspelt", text.replace("receiver =", "reciever =").replace("schema = 1", "schema = 2"))
    put("store_file", "wrong-types", text.replace('id = "1"', "id = 1").replace("true", '"true"').replace('"modbus-tcp"', "[1, {a = 2}]"))
    put("store_file", "control-characters", '"a\\nb\\u001B[31m" = "x\\ny"\n[store]\nid = "\\u001B[2J"\ntimezone = "a\\r\\nb"\n')


def api():
    host = "Host: localhost\r\n"
    body = json.dumps({"command": "mode", "by": "Ann", "reason": "tills shut", "mode": "walkout"})
    put("api_request", "target", "\0/api/v1/lanes/1%20b/commands?after=1&limit=%32+3&x")
    put("api_request", "absolute-target", "\0http://gate:8080/api/v1/receipts?state=open")
    put("api_request", "command", "\1" + body)
    put("api_request", "open", '\1{"command":"open","by":"Zoë","reason":"wheelchair"}')
    put("api_request", "told", '\2a "quoted" \\ text\r\nX-Forged: 1\r\n\r\n')
    put("api_request", "events", "\3id: 1\nevent: alarm\ndata: {}\r\n\r\ndata: two\rdata: lines\r\r")
    put("api_request", "users", "\4# staff\nann:operator:scrypt$16384$8$1$AAAAAAAAAAAAAAAAAAAAAA==$" + "A" * 43 + "=\nbob:viewer:x\n")
    put("api_request", "basic", "\4Basic YW5uOnNlY3JldA==")
    put("api_request", "get", "\5GET /api/v1/status HTTP/1.1\r\n" + host + "Accept: */*\r\n\r\n")
    put("api_request", "post", f"\6POST /api/v1/lanes/all/commands HTTP/1.1\r\n{host}Expect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n{body}")
    put("api_request", "chunked", f"\7POST /api/v1/reload HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\n4;a=b\r\nabcd\r\n0\r\n\r\n")
    put("api_request", "two-hosts", f"\5GET / HTTP/1.1\r\n{host}{host}\r\n")
    put("api_request", "old", "\5GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n")
    put("api_request", "too-large", f"\5POST / HTTP/1.1\r\n{host}Content-Length: 1025\r\n\r\nx")


def receipts():
    chain = json.loads((VECTORS / "receipts.json").read_text())["chain"]
    for link in chain:
        receipt = link["receipt"]
        put("receipt_json", f"sealed-{receipt['sequence']}", json.dumps(receipt, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
    opened = {key: value for key, value in chain[0]["receipt"].items()
              if key not in ("sequence", "chain_id", "hash", "previous_hash", "ended_at", "outcome", "passed_at")}
    put("receipt_json", "open", json.dumps(opened))
    staff = dict(chain[0]["receipt"], kind="staff", basis="staff", by='Zoë "Z"', note="line\nbreak \u2028", flags=["forced", "tailgate"], **{"pass": "AAEC"})
    put("receipt_json", "staff", json.dumps(staff, ensure_ascii=False))
    put("receipt_json", "bad-utf8", b'{"by":"\xff\xc3","note":"\xed\xa0\x80"}')


def databases():
    def content(page_size, rows):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "receipts.db"
            db = sqlite3.connect(path, isolation_level=None)
            db.execute(f"PRAGMA page_size={page_size}")
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("CREATE TABLE receipts(id INTEGER PRIMARY KEY, a TEXT, b INTEGER, c REAL, d BLOB)")
            for text in rows[:2]:
                db.execute("INSERT INTO receipts(a,b,c,d) VALUES(?,?,?,?)", (text, len(text) * 100000, 1.5, None))
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            for text in rows[2:]:
                db.execute("INSERT INTO receipts(a,b,c,d) VALUES(?,?,?,?)", (text, -1, 0.0, b"x"))
            wal = path.with_name("receipts.db-wal").read_bytes()
            database = path.read_bytes()
            db.close()
        return database, wal

    database, wal = content(512, ["one", "two" * 300, "three", "four" * 20])
    put("raw_pages", "small", struct.pack(">H", len(database)) + database + wal)
    put("raw_pages", "broken-log", struct.pack(">H", len(database)) + database + wal[:80] + b"?" + wal[81:])
    put("raw_pages", "no-log", struct.pack(">H", len(database)) + database)
    # A leaf whose 200 cells all begin the same payload of 1 MiB, over a chain of overflow pages that is a ring.
    cell = b"\xc0\x80\x00\x01"  # length 2^20, rowid 1
    local = (512 - 12) * 32 // 255 - 23
    local += ((1 << 20) - local) % 508 if local + ((1 << 20) - local) % 508 <= 477 else 0
    start = 512 - len(cell) - local - 4
    leaf = b"\x0d\0\0" + struct.pack(">H", 200) + b"\0\0\0" + struct.pack(">H", start) * ((start - 8) // 2)
    leaf = leaf.ljust(start, b"\0") + cell + b"\x02\x01" + b"\0" * (local - 2) + struct.pack(">I", 2)
    ring = struct.pack(">I", 2) + b"x" * 508
    zero = b"SQLite format 3\0" + struct.pack(">H", 512) + b"\0" * 494
    put("raw_pages", "overflow-ring", struct.pack(">H", 1536) + zero + ring + leaf)
    put("raw_pages", "no-header", struct.pack(">H", len(database)) + b"?" * 100 + database[100:])


def base_text():
    for name, text in {"time": "2026-10-26T05:33:20.123456Z", "offset": "0000-01-01t00:00:00+23:59", "leap": "9999-12-31T23:59:60z",
                       "http-date": "Sun, 06 Nov 1994 08:49:37 GMT", "uuid": SESSION.upper(), "tag": "a1b2c3d4e5f6",
                       "id": "A.b_c-" + "9" * 26, "base64": "AAECAw==", "hex": "00fF"}.items():
        put("base_text", name, text)


for make in (hci, beacon, stream, answers, http_answers, store_files, api, receipts, databases, base_text):
    make()
