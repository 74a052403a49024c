"""exitgate-sim as a program: its arguments, its recordings, what it takes for one, and what it shows on a terminal."""

import os
import pty
import subprocess
import tempfile
import unittest

SIMULATOR = os.environ["EXITGATE_SIM"]
# Storms are judged elsewhere: what is found in one of them is nothing to these tests.
CALM = [word for kind in ("backend", "eyes", "device", "radio", "clock", "kill", "disk", "staff", "fire") for word in ("--without", kind)]


def simulator(*words, **more):
    return subprocess.run([SIMULATOR, *words], capture_output=True, text=True, timeout=60, check=False, **more)


class InFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="exitgate-sim-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def written(self, name, text):
        with open(self.path(name), "w", encoding="ascii") as file:
            file.write(text)
        return self.path(name)

    def refused(self, said, *words):
        done = simulator(*words)
        self.assertEqual((2, ""), (done.returncode, done.stdout), words)
        self.assertIn(said, done.stderr)


class Arguments(InFolder):
    def test_seeds_that_are_none_end_at_once_and_are_named(self):
        for seed in ("-1", "99999999999999999999999", "7junk", ""):
            self.refused('--seed: found "%s"; expected a whole number' % seed, "--seed", seed)
        for seeds in ("5..3", "1..2junk", "-1..2", "7", ""):
            self.refused('--seeds: found "%s"; expected A..B' % seeds, "--seeds", seeds)

    def test_a_trace_that_cannot_be_written_is_told_before_anything_runs(self):
        for path in (self.path("no/such/folder"), self.folder, ""):
            self.refused("--trace: %s can't be written" % path, "--exits", "10000000", "--trace", path)


class Recordings(InFolder):
    def recorded(self):
        done = simulator("--seeds", "5..7", "--exits", "5", "--trace", self.path("trace"), *CALM)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("recorded seed 5 in %s\n" % self.path("trace"), done.stdout)
        with open(self.path("trace"), encoding="ascii") as file:
            return file.read()

    def test_the_first_of_many_seeds_is_recorded_and_replays_alike_from_a_file_and_from_a_pipe(self):
        text = self.recorded()
        self.assertIn("exitgate-sim --seed 5", text)
        for done in (simulator("--replay", self.path("trace")), simulator("--replay", "-", input=text)):
            self.assertEqual(0, done.returncode, done.stderr)
            self.assertIn("every command alike", done.stdout)

    def test_a_disk_that_is_full_is_told(self):
        done = simulator("--exits", "5", "--trace", "/dev/full", *CALM)
        self.assertEqual(2, done.returncode)
        self.assertIn("--trace: writing to /dev/full failed", done.stderr)

    def test_what_compares_nothing_or_not_everything_is_no_replay(self):
        text = self.recorded()
        head = text.partition("\n")[0]
        for said, more in (("it ends without a step", head + '\n{"end":0}\n'), ("the text goes on", text + "more\n"),
                           ("another trace begins behind the end", text + text), ("it is empty", "")):
            self.refused(said, "--replay", self.written("changed", more))
        self.refused("can't be read: Is a directory", "--replay", self.folder)
        self.refused("can't be read: No such file", "--replay", self.path("nothing"))


class Showing(InFolder):
    def errors_on_terminal(self, *words):
        """What comes out of standard error when it is one."""
        ours, its = pty.openpty()
        with subprocess.Popen([SIMULATOR, *words], stdout=subprocess.DEVNULL, stderr=its) as process:
            os.close(its)
            shown = b""
            while True:
                try:
                    part = os.read(ours, 4096)
                except OSError:  # the other end is closed
                    break
                if not part:
                    break
                shown += part
            self.assertEqual(0, process.wait(60))
        os.close(ours)
        return shown.decode("ascii")

    def test_one_long_seed_shows_how_far_it_is_and_so_does_its_recording(self):
        shown = self.errors_on_terminal("--seed", "2", "--exits", "1500", "--trace", self.path("trace"), *CALM)
        run, _, again = shown.partition("seed 2 again: ")
        for part in (run, again):
            self.assertRegex(part, r"0 of 1 seed, \d+ exits, \d+ exits/s, \d+ s left")
            self.assertRegex(part, r"\[#{20}\] 1 of 1 seed, 1[56]\d\d exits")

    def test_where_nobody_looks_nothing_is_shown(self):
        done = simulator("--seed", "2", "--exits", "500", *CALM)
        self.assertEqual((0, ""), (done.returncode, done.stderr))


if __name__ == "__main__":
    unittest.main(verbosity=2)
