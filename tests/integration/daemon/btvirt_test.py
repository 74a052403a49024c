"""The daemon with one of BlueZ's emulated controllers as a receiver, beside another receiver that has carts in lane 1."""

import time
import unittest

from btvirt_peer import Advertiser, Btvirt
from radio_peer import CLOSED, presence
from running_gate import BARRIER, CLOSED_LIMIT, LANE, OPEN_LIMIT, RELEASE, STORE, Gate, chain_findings, eventually

LANE_3 = 16


class EmulatedReceiver(unittest.TestCase):
    def test_it_is_brought_up_heard_lost_and_found_again_while_a_cart_leaves_by_another(self):
        with Btvirt() as btvirt, Gate(start=False) as gate:
            gate.module.inputs[LANE_3 + RELEASE] = True
            gate.module.add_barrier(LANE_3 + BARRIER, LANE_3 + OPEN_LIMIT, LANE_3 + CLOSED_LIMIT)
            gate.write_store(more='[[device]]\nname = "rx2"\ndriver = "hci-uart"\npath = "unix:%s"\n' % btvirt.le_socket
                             + LANE.format(id="3", mode="cart", receiver='receiver = "rx2"', i=[LANE_3 + n for n in range(6)], close_delay_ms=200,
                                           stale_ms=100, device_lost_ms=500))
            gate.start()
            gate.until_idle()
            gate.until_phase("idle", lane="3")
            gate.until_online()
            self.until_receiver(gate, "up")
            self.assertNotIn("receiver_down", gate.faults())
            self.hears_what_is_advertised(gate, btvirt)

            btvirt.kill()
            gate.until_fault("receiver_down")
            self.assertEqual([("warning", "device:rx2")],
                             [(f["severity"], f["part"]) for f in gate.status()["faults"] if f["code"] == "receiver_down"])
            self.until_receiver(gate, "down")
            self.assertEqual("idle", gate.phase("3"), "its lane goes on")
            session = gate.backend.close_session()
            gate.cart_exit()
            receipt, = gate.until_stored(1)
            self.assertEqual((session, "passed", 1), (receipt["session_id"], receipt["outcome"], receipt["passages"]))
            chain_findings(self, [receipt])

            btvirt.start()
            gate.until_fault("receiver_down", stands=False, within_s=45)  # the back-off may be at 30 s
            self.until_receiver(gate, "up")
            self.hears_what_is_advertised(gate, btvirt)

    @staticmethod
    def until_receiver(gate, state):
        eventually(lambda: {"name": "rx2", "state": state}.items() <= next(d for d in gate.status()["devices"] if d["name"] == "rx2").items(),
                   "rx2 is " + state)

    def hears_what_is_advertised(self, gate, btvirt):
        before = {result: self.count(gate, result) for result in ("accepted", "mac", "stale")}
        frame = presence(gate.radio.store_key, STORE, 205, "0000000000cc", CLOSED, time.time())
        self.until_counted(gate, btvirt, "accepted", before, frame)
        self.until_counted(gate, btvirt, "mac", before, frame[:-1] + bytes([frame[-1] ^ 1]))
        self.until_counted(gate, btvirt, "stale", before, presence(gate.radio.store_key, STORE, 206, "0000000000cc", CLOSED, time.time() - 300))

    def until_counted(self, gate, btvirt, result, before, frame):
        advertiser = Advertiser(btvirt.le_socket)

        def say_and_count():
            advertiser.say(frame)
            time.sleep(0.2)  # counts are told once a second
            return self.count(gate, result) > before[result]
        try:
            eventually(say_and_count, "a frame is counted as " + result)
        finally:
            advertiser.close()

    @staticmethod
    def count(gate, result):
        for line in gate.api("GET", "/metrics")[1].splitlines():
            if line.startswith("exitgate_beacons_total{") and 'receiver="rx2"' in line and 'result="%s"' % result in line:
                return float(line.split()[-1])
        return 0.0


if __name__ == "__main__":
    unittest.main(verbosity=2)
