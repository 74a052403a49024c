"""The store file as an installer meets it: every mistake at once, with its place."""

import os
import re
import subprocess
import unittest

from running_gate import BIN, Gate

MISTAKES = [  # (what stands there, what is put in its place)
    ('schema = 1', 'schema = 2'),
    ('gate = "front"', 'gate = "front gate"'),
    ('timezone = "Europe/Berlin"', 'timezone = "Europe/Berlyn"'),
    ('trust = "always"', 'trust = "blind"'),
    ('ca_file = "tls/ca.pem"', 'ca_file = "tls/nowhere.pem"'),
    ('key_files = ["tls/beacon.key"]', 'key_files = ["tls/beacon.key"]\nnear_dbm = 5'),
    ('outputs = "open"', 'outputs = "close"'),
    ('response_ms = 200', 'response_ms = 200\nrespons = 1'),
    ('inputs.exit = "io1/discrete/2"', 'inputs.exit = "io1/discrete/1"'),
    ('outputs.signal_red = "io1/coil/2"', 'outputs.signal_red = "io9/coil/2"'),
    ('mode = "walkout"', 'mode = "walkway"'),
    ('inputs.safety = "io1/discrete/9"', 'inputs.safty = "io1/discrete/9"'),
]


class StoreFile(unittest.TestCase):
    def test_twelve_mistakes_give_twelve_errors_with_their_places(self):
        with Gate(start=False) as gate:
            text = gate.store_text()
            for good, bad in MISTAKES:
                self.assertEqual(1, text.count(good + "\n"), good)
                text = text.replace(good + "\n", bad + "\n")
            gate.write_store(text)
            for done in (gate.cli("check", gate.path("store.toml")),
                         subprocess.run([BIN + "/exitgated", "--check", "--config", gate.path("store.toml")], capture_output=True, text=True,
                                        check=False)):
                self.assertEqual(2, done.returncode)
                errors = [line for line in done.stderr.splitlines() if ": error: " in line]
                for line in errors:
                    self.assertRegex(line, r"^%s:\d+:\d+: error: \S+: found .+; expected .+" % re.escape(gate.path("store.toml")))
                lines = {int(line[len(gate.path("store.toml")) + 1:].split(":")[0]) for line in errors}
                for number, content in enumerate(text.split("\n"), 1):
                    if any(content == bad.split("\n")[-1] for _, bad in MISTAKES):
                        self.assertIn(number, lines, "no finding at: %s\n%s" % (content, done.stderr))

    def test_a_good_file_is_good_for_both_programs(self):
        with Gate(start=False) as gate:
            done = gate.cli("check", gate.path("store.toml"))
            self.assertEqual((0, "2 lanes" in done.stdout), (done.returncode, True), done.stderr)
            done = subprocess.run([BIN + "/exitgated", "--check", "--config", gate.path("store.toml")], capture_output=True, check=False)
            self.assertEqual(0, done.returncode)
            self.assertEqual([], os.listdir(gate.path("state")), "checking leaves nothing behind")

    def test_a_bad_file_or_use_ends_the_daemon_with_2(self):
        with Gate(start=False) as gate:
            for arguments in ([], ["--nonsense"], ["--config", gate.path("not-there")]):
                self.assertEqual(2, subprocess.run([BIN + "/exitgated", *arguments], capture_output=True, check=False).returncode, arguments)
            done = subprocess.run([BIN + "/exitgated", "--version"], capture_output=True, text=True, check=False)
            self.assertEqual((0, True), (done.returncode, done.stdout.startswith("exitgated ")))


if __name__ == "__main__":
    unittest.main(verbosity=2)
