"""A Bluetooth LE controller on a UNIX socket and the carts it hears, made from the Bluetooth core and the beacon contract alone."""

import hashlib
import hmac
import os
import select
import socket
import struct
import threading
import time

IDLE, SHOPPING, CLOSING, CLOSED, NEEDS_ASSISTANCE = range(5)


def cart_key(store_key, cart_id):
    """HKDF-SHA-256 (RFC 5869), one block."""
    extracted = hmac.new(b"exitgate-beacon-v1", store_key, hashlib.sha256).digest()
    return hmac.new(extracted, struct.pack(">I", cart_id) + b"\x01", hashlib.sha256).digest()


def presence(store_key, store_id, cart_id, tag, state, unix_s):
    """The AD structure a cart sends."""
    body = struct.pack(">BBI6s", 0x11, state, cart_id, bytes.fromhex(tag))
    body += struct.pack(">I", int(unix_s) % (1 << 24))[1:] + struct.pack(">b", -59)
    mac = hmac.new(cart_key(store_key, cart_id), store_id.encode() + b"\0" + body, hashlib.sha256).digest()[:8]
    data = struct.pack("<H", 0xFFFF) + body + mac
    return bytes([len(data) + 1, 0xFF]) + data


class RadioPeer:
    """Answers the commands of a host and reports the carts in `carts`, ten times a second. `hostile`: bytes said in their place."""

    tick_s = 0.09
    supported_commands = bytes(64)  # what Read Local Supported Commands returns
    SEND_WITHIN_S = 5

    def __init__(self, path, store_key, store_id):
        self.path, self.store_key, self.store_id = path, store_key, store_id
        self.carts = {}  # cart id → (tag, state, rssi)
        self.hostile = None
        self.commands = []  # opcodes, in order
        self.connections = 0
        self.clock = time.time
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(4)
        self.closed = False
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.closed = True
        self.listener.close()
        os.unlink(self.path)

    def accept(self):
        while not self.closed:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            connection.settimeout(self.SEND_WITHIN_S)
            threading.Thread(target=self.serve, args=[connection], daemon=True).start()

    def serve(self, connection):
        scanning, heard, due = False, b"", 0.0
        try:
            while not self.closed:
                if select.select([connection], [], [], max(0.0, min(0.1, due - time.monotonic()) if scanning else 0.1))[0]:
                    more = connection.recv(4096)
                    if not more:
                        return
                    heard += more
                while len(heard) >= 4 and len(heard) >= 4 + heard[3]:
                    opcode, parameters = heard[1] | heard[2] << 8, heard[4:4 + heard[3]]
                    heard = heard[4 + heard[3]:]
                    self.commands.append(opcode)
                    if opcode == 0x0C03:
                        scanning = False
                    if opcode in (0x200C, 0x2042):
                        scanning = parameters[0] == 1
                    connection.sendall(self.complete(opcode))
                if scanning and time.monotonic() >= due:
                    due = time.monotonic() + self.tick_s
                    connection.sendall(self.hostile if self.hostile is not None else self.reports())
        except OSError:
            pass
        finally:
            connection.close()

    def complete(self, opcode):
        returned = {0x1002: self.supported_commands, 0x1001: bytes([9, 0, 0, 9, 0, 0, 0, 0])}.get(opcode, b"")
        body = bytes([1]) + struct.pack("<H", opcode) + b"\0" + returned
        return bytes([0x04, 0x0E, len(body)]) + body

    def reports(self):
        out = b""
        for cart_id, (tag, state, rssi) in list(self.carts.items()):
            data = presence(self.store_key, self.store_id, cart_id, tag, state, self.clock())
            # ADV_NONCONN_IND, random address
            body = b"\x02\x01\x03\x01" + struct.pack("<I", cart_id) + b"\x00\xc0" + bytes([len(data)]) + data + struct.pack("b", rssi)
            out += bytes([0x04, 0x3E, len(body)]) + body
        return out
