"""What the daemon remembers of its steps, dumped by the command line and replayed by the simulator."""

import json
import os
import subprocess
import unittest

from running_gate import BIN, CART_LANE, Gate


class Trace(unittest.TestCase):
    def replay(self, file, *options, expected=0):
        done = subprocess.run([BIN + "/exitgate-sim", "--replay", file, *options], capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(expected, done.returncode, done.stdout[-2000:] + done.stderr)
        return done.stdout

    def dump(self, gate, name):
        done = gate.cli("trace", gate.path(name))
        self.assertEqual(0, done.returncode, done.stderr)
        with open(gate.path(name), encoding="ascii") as file:
            lines = [json.loads(line) for line in file]
        self.assertIn("%d steps written" % lines[-1]["end"], done.stdout)
        self.assertEqual(lines[-1]["end"], sum("step" in line for line in lines))
        return lines

    def test_exits_are_replayed_alike_and_again_after_a_kill(self):
        with Gate() as gate:
            session = gate.backend.close_session(push=True)
            gate.cart_exit()
            gate.until_stored(1)
            gate.command("open", "2")
            lines = self.dump(gate, "first.jsonl")
            self.assertEqual(("exitgate", 1, "front"), tuple(lines[0][key] for key in ("trace", "version", "gate_id")))
            events = {line["of"]["event"][0] for line in lines if "step" in line}
            self.assertLessEqual({"DeviceUp", "OutputsRead", "InputsPolled", "BeaconHeard", "StreamArrived", "Persisted", "StaffCommand"}, events)
            self.assertIn(session, json.dumps(lines))
            told = self.replay(gate.path("first.jsonl"), "--verbose")
            self.assertIn("lane 1: idle -> ", told)
            self.assertIn('["Publish",', told)
            self.assertIn("every command alike", told)

            gate.backend.close_session(cart_id=2, tag="000000000002")
            gate.cart_comes(2, "000000000002")
            gate.until_open(CART_LANE)
            gate.kill()
            gate.start()
            gate.radio.carts = {}
            self.dump(gate, "second.jsonl")
            self.assertIn("every command alike", self.replay(gate.path("second.jsonl")))

    def test_secrets_stay_out_of_it_and_the_command_line_writes_where_it_is_told(self):
        with Gate() as gate:
            gate.cart_comes()
            done = gate.cli("trace", "-")
            self.assertEqual(0, done.returncode, done.stderr)
            with open(gate.path("tls/beacon.key"), encoding="ascii") as key:
                self.assertNotIn(key.read().strip().lower(), done.stdout.lower())
            for word in ("PRIVATE", "BEGIN", "password", "tls/"):
                self.assertNotIn(word, done.stdout)
            told = json.loads(gate.cli("--json", "trace", gate.path("dump.jsonl")).stdout)
            self.assertEqual(os.path.getsize(gate.path("dump.jsonl")), told["bytes"])
            self.assertEqual(1, gate.cli("trace", gate.path("no/such/folder/dump")).returncode)

    def test_a_recording_that_was_changed_differs_where_it_was_changed(self):
        with Gate() as gate:
            gate.backend.close_session()
            gate.cart_exit()
            gate.until_stored(1)
            lines = self.dump(gate, "dump.jsonl")
            opens = [i for i, line in enumerate(lines) if "step" in line and ["WriteOutput", [self.barrier(lines), False]] in line["of"]["commands"]]
            lines[opens[0]]["of"]["commands"] = []
            with open(gate.path("changed.jsonl"), "w", encoding="ascii") as file:
                file.writelines(json.dumps(line) + "\n" for line in lines)
            told = self.replay(gate.path("changed.jsonl"), expected=1)
            self.assertIn("step %d differs" % lines[opens[0]]["step"], told)
            self.assertIn("recorded: nothing", told)
            with open(gate.path("cut.jsonl"), "w", encoding="ascii") as file:
                file.writelines(json.dumps(line) + "\n" for line in lines[:5])
            self.replay(gate.path("cut.jsonl"), expected=2)

    @staticmethod
    def barrier(lines):
        """The point that is written closed first: the barrier of lane 1."""
        for line in lines:
            for name, value in line.get("of", {}).get("commands", []):
                if name == "WriteOutput" and value[1]:
                    return value[0]
        raise AssertionError("nothing was ever closed")


if __name__ == "__main__":
    unittest.main()
