"""Exits go on in time while a crowd advertises. What is measured on the way is printed."""

import os
import socket
import statistics
import threading
import time
import unittest

from crowd_peer import CrowdPeer
from running_gate import APPROACH, CART_LANE, WALKOUT_LANE, Events, Gate, chain_findings, eventually

RATE, FOR_S = 3000, 20
ALIVE = 40  # coil
WATCHDOG_S = 2
# Dwelling, the confirm's time-out and the write's 200 ms, and as much again for a machine with other things to do.
OPEN_WITHIN_S = 2 * (0.3 + 0.8 + 0.2)


class Manager:
    """NOTIFY_SOCKET; `fed`: when the watchdog was."""

    def __init__(self, gate):
        self.fed = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(gate.path("notify"))
        gate.cleanup.callback(self.socket.close)
        gate.environment = {"NOTIFY_SOCKET": gate.path("notify"), "WATCHDOG_USEC": str(WATCHDOG_S * 1000000)}
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        try:
            while True:
                if b"WATCHDOG=1" in self.socket.recv(4096):
                    self.fed.append(time.monotonic())
        except OSError:
            pass


class Load(unittest.TestCase):
    def test_3000_reports_a_second_delay_no_exit_and_fill_no_memory(self):
        os.environ.pop("WATCHDOG_PID", None)
        with Gate(start=False, peer=CrowdPeer) as gate:
            manager = Manager(gate)
            gate.write_store(more='[outputs]\nalive = "io1/coil/%d"\n' % ALIVE)
            gate.start()
            gate.until_idle()
            gate.until_online()
            events = Events(gate)
            began, cpu, resident = time.monotonic(), self.cpu_s(gate), None
            gate.radio.begin(RATE)
            waits = []
            while time.monotonic() < began + FOR_S:
                waits += [self.cart_leaves(gate, len(waits)), self.walkout_leaves(gate)]
                resident = resident or self.resident_kib(gate)
            gate.radio.rate = 0
            ended = time.monotonic()
            share = (self.cpu_s(gate) - cpu) / (ended - began)
            said = sum(gate.radio.said.values())
            self.everything_was_heard(gate)
            grown = self.resident_kib(gate) - resident
            decided = sorted(e["decision_us"] / 1000 for e in events.of("verdict") if "decision_us" in e)
            print("%d reports in %.1f s, %d exits; CPU %.0f %%; decision p50 %.0f ms, p99 %.0f ms; eye to coil at most %.0f ms; grown by %d KiB"
                  % (said, ended - began, len(waits), share * 100, statistics.median(decided), decided[int(len(decided) * 0.99)],
                     max(waits) * 1000, grown))
            self.assertGreater(said, 0.9 * RATE * (ended - began), "the crowd was there")
            self.assertLess(max(waits), OPEN_WITHIN_S)
            self.assertLess(grown, 32 * 1024)
            self.fed_all_the_time(began, ended, manager.fed, WATCHDOG_S, "the watchdog")
            self.fed_all_the_time(began, ended, [at for at, coil, _ in gate.module.writes if coil == ALIVE], 1.5, "alive")
            self.assertEqual(1, gate.radio.connections, "the receiver was never lost")
            receipts = gate.until_stored(len(waits))
            self.assertEqual([("passed", 1)] * len(waits), [(r["outcome"], r["passages"]) for r in receipts])
            chain_findings(self, receipts)
            events.close()

    @staticmethod
    def cart_leaves(gate, number):
        """Seconds from the eye to the coil."""
        tag = "%012x" % (number + 1)
        gate.backend.close_session(cart_id=number + 1, tag=tag)
        came = time.monotonic()
        gate.cart_comes(number + 1, tag)
        gate.until_open(CART_LANE)
        opened = time.monotonic()
        gate.walk_through(CART_LANE)
        gate.radio.carts = {}
        gate.until_phase("idle")
        return opened - came

    @staticmethod
    def walkout_leaves(gate):
        session = gate.backend.admin("POST", "sessions", {"kind": "walkout", "state": "closed"})["session_id"]
        gate.backend.admin("POST", "arrivals", {"lane_id": "2", "session_id": session, "push_expected": False})
        came = time.monotonic()
        gate.eye(WALKOUT_LANE, APPROACH, True)
        gate.until_open(WALKOUT_LANE)
        opened = time.monotonic()
        gate.walk_through(WALKOUT_LANE)
        gate.until_phase("idle", lane="2")
        return opened - came

    def everything_was_heard(self, gate):
        """Nothing of it waits anywhere: what was of the store's company is counted within 3 s."""
        said = gate.radio.said
        for result, count in (("accepted", said["cart"]), ("mac", said["forged"]), ("presence_mismatch", said["pass"])):
            eventually(lambda r=result, n=count: self.heard(gate, r) >= n, "%d are counted as %s" % (count, result), 3)

    @staticmethod
    def heard(gate, result):
        return sum(float(line.split()[-1]) for line in gate.api("GET", "/metrics")[1].splitlines()
                   if line.startswith("exitgate_beacons_total{") and 'result="%s"' % result in line)

    def fed_all_the_time(self, began, ended, times, at_most_s, what):
        during = [began] + [at for at in times if began < at < ended] + [ended]
        self.assertLess(max(b - a for a, b in zip(during, during[1:])), at_most_s, what)

    @staticmethod
    def cpu_s(gate):
        with open("/proc/%d/stat" % gate.process.pid, encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @staticmethod
    def resident_kib(gate):
        with open("/proc/%d/status" % gate.process.pid, encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
