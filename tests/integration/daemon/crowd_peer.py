"""A controller with extended scanning in the middle of a crowd: phones, tags, the store's other carts, passes, forgers.

As such controllers do, it says everything in LE Extended Advertising Reports, legacy advertising marked as such (Core 5.3, Vol 4,
Part E, 7.7.65.13).
"""

import collections
import os
import random
import struct
import time

from radio_peer import SHOPPING, RadioPeer, presence

LEGACY_NONCONN, EXTENDED_NONCONN = 0x0010, 0x0000
KINDS = ("phone", "tag", "long", "cart", "pass", "forged")
PER_HUNDRED = dict(zip(KINDS, (55, 20, 12, 7, 4, 2)))


def report(event_type, address, data, rssi):
    return struct.pack("<HB6sBBBbbHB6sB", event_type, 1, address, 1, 0 if event_type & 0x10 else 1, 0xFF, 127, rssi, 0, 0, bytes(6),
                       len(data)) + data


def event(reports):
    body = bytes([0x0D, len(reports)]) + b"".join(reports)
    return bytes([0x04, 0x3E, len(body)]) + body


class CrowdPeer(RadioPeer):
    """`rate` reports a second beside those of `carts`; `said` counts them by kind."""

    tick_s = 0.02
    supported_commands = bytes(37) + b"\x60" + bytes(26)  # extended scan parameters and enable

    def __init__(self, path, store_key, store_id):
        self.rate = 0
        self.said = collections.Counter()
        self.chance = random.Random(20)
        self.addresses = [self.chance.randbytes(5) + b"\xc0" for _ in range(400)]
        self.frames = {}
        self.began = self.carts_due = None
        super().__init__(path, store_key, store_id)

    def begin(self, rate):
        self.began = (time.monotonic(), sum(self.said.values()))
        self.rate = rate

    def reports(self):
        out = []
        now = time.monotonic()
        if self.carts_due is None or now >= self.carts_due:
            self.carts_due = now + 0.1
            for cart_id, (tag, state, rssi) in list(self.carts.items()):
                data = presence(self.store_key, self.store_id, cart_id, tag, state, self.clock())
                out.append(report(LEGACY_NONCONN, struct.pack("<I", cart_id) + b"\x00\xc0", data, rssi))
        if self.rate:
            due = int((now - self.began[0]) * self.rate) - (sum(self.said.values()) - self.began[1])
            out += [self.one_of_the_crowd() for _ in range(due)]
        return b"".join(self.packed(out))

    @staticmethod
    def packed(reports):
        """As many to an event as fit."""
        batch, size = [], 2
        for one in reports:
            if size + len(one) > 255:
                yield event(batch)
                batch, size = [], 2
            batch.append(one)
            size += len(one)
        if batch:
            yield event(batch)

    def one_of_the_crowd(self):
        kind = self.chance.choices(KINDS, PER_HUNDRED.values())[0]
        self.said[kind] += 1
        address, rssi = self.chance.choice(self.addresses), self.chance.randint(-95, -50)
        if kind == "phone":  # flags, then another company's data
            return report(0x0013, address, b"\x02\x01\x1a\x0b\xff\x4c\x00\x10\x06" + os.urandom(6), rssi)
        if kind == "tag":
            return report(LEGACY_NONCONN, address, b"\x03\x03\xaa\xfe\x11\x16\xaa\xfe" + os.urandom(16), rssi)
        if kind == "long":
            return report(EXTENDED_NONCONN, address, b"\x93\xff\x75\x00" + os.urandom(144), rssi)
        if kind == "pass":  # of nobody who is here
            data = struct.pack("<H", 0xFFFF) + b"\x21\x01" + os.urandom(25) + b"\x01" + os.urandom(24) + b"\0\0" + os.urandom(64)
            return report(EXTENDED_NONCONN, address, bytes([len(data) + 1, 0xFF]) + data, rssi)
        cart_id = 1000 + self.chance.randrange(100)
        frame = self.frame(cart_id)
        if kind == "forged":
            frame = frame[:-1] + bytes([frame[-1] ^ 1])
        return report(LEGACY_NONCONN, struct.pack("<I", cart_id) + b"\x00\xc0", frame, self.chance.randint(-100, -90))

    def frame(self, cart_id):
        """One a second of each."""
        second = int(self.clock())
        if self.frames.get(cart_id, (0, b""))[0] != second:
            self.frames[cart_id] = second, presence(self.store_key, self.store_id, cart_id, "%012x" % cart_id, SHOPPING, second)
        return self.frames[cart_id][1]
