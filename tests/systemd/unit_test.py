"""The installed unit, users, folders and device rules hold what systemd asks of them, and a broken copy would be noticed.

Use: unit_test.py SOURCE_DIR BUILD_DIR CMAKE
"""
import configparser
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE, BUILD, CMAKE = pathlib.Path(sys.argv.pop(1)), sys.argv.pop(1), sys.argv.pop(1)
SYSTEMD = SOURCE / "systemd"


def needs(tool):
    return unittest.skipUnless(shutil.which(tool), f"{tool} is not installed")


def run(*command):
    return subprocess.run(command, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


class Workplace(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="exitgate-unit-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)


class Unit(Workplace):
    def complaints(self, text):
        """What systemd-analyze says of a unit, with a program in the place of the daemon."""
        unit = self.folder / "exitgate.service"
        unit.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.M))
        result = run("systemd-analyze", "verify", str(unit))
        about_unit = "".join(line for line in result.stdout.splitlines(True) if "exitgate" in line)
        return about_unit or ("" if result.returncode == 0 else result.stdout)

    @needs("systemd-analyze")
    def test_is_accepted(self):
        self.assertEqual(self.complaints((SYSTEMD / "exitgate.service").read_text()), "")

    @needs("systemd-analyze")
    def test_broken_copies_are_noticed(self):
        good = (SYSTEMD / "exitgate.service").read_text()
        for old, new in (("WatchdogSec=", "WatchdgSec="), ("Type=notify", "Type=notfy"), ("ExecStart=", "#"),
                         ("SystemCallFilter=@system-service", "SystemCallFilter=@system-servce"),
                         ("[Service]", "[Servce]"), ("Restart=always", "Restart=allways")):
            with self.subTest(new):
                self.assertIn(old, good)
                self.assertNotEqual(self.complaints(good.replace(old, new, 1)), "")

    @needs("systemd-analyze")
    def test_leaves_little_open(self):
        unit = self.folder / "exitgate.service"
        unit.write_text((SYSTEMD / "exitgate.service").read_text())
        result = run("systemd-analyze", "security", "--offline=true", "--threshold=30", str(unit))
        self.assertEqual(result.returncode, 0, result.stdout)

    def test_the_box_always_comes_back(self):
        unit = configparser.ConfigParser(strict=False, interpolation=None, delimiters="=")
        unit.optionxform = str
        unit.read(SYSTEMD / "exitgate.service")
        self.assertEqual(unit["Unit"]["StartLimitIntervalSec"], "0")
        self.assertEqual(unit["Service"]["Restart"], "always")
        self.assertNotIn("RestartPreventExitStatus", unit["Service"])
        self.assertEqual(unit["Service"]["Type"], "notify")
        self.assertGreater(int(unit["Service"]["WatchdogSec"]), 0)
        self.assertEqual(unit["Service"]["User"], "exitgate")
        # These hide ttys, GPIO chips or the state of the clock from the daemon.
        for key in ("PrivateDevices", "DevicePolicy", "DeviceAllow", "ProtectClock", "PrivateNetwork", "ProcSubset"):
            self.assertNotIn(key, unit["Service"])


class UsersAndFolders(Workplace):
    @needs("systemd-sysusers")
    def test_users_are_accepted_and_a_broken_copy_is_not(self):
        good = run("systemd-sysusers", "--dry-run", str(SYSTEMD / "exitgate.sysusers.conf"))
        self.assertEqual((good.returncode, "nvalid" in good.stdout or "nknown" in good.stdout), (0, False), good.stdout)
        broken = self.folder / "exitgate.conf"
        broken.write_text((SYSTEMD / "exitgate.sysusers.conf").read_text().replace("u exitgate", "x exitgate"))
        self.assertNotEqual(run("systemd-sysusers", "--dry-run", str(broken)).returncode, 0)

    @needs("systemd-tmpfiles")
    @needs("systemd-sysusers")
    @unittest.skipUnless(os.geteuid() == 0, "giving folders to another user needs root")
    def test_folders_come_to_be_and_a_broken_copy_is_refused(self):
        root = self.folder / "root"
        (root / "etc").mkdir(parents=True)
        users = run("systemd-sysusers", f"--root={root}", str(SYSTEMD / "exitgate.sysusers.conf"))
        self.assertEqual(users.returncode, 0, users.stdout)
        made = run("systemd-tmpfiles", "--create", f"--root={root}", str(SYSTEMD / "exitgate.tmpfiles.conf"))
        self.assertEqual((made.returncode, made.stdout), (0, ""))
        for folder in ("etc/exitgate", "etc/exitgate/tls", "etc/exitgate/keys"):
            self.assertEqual((root / folder).stat().st_mode & 0o777, 0o750)
            self.assertEqual((root / folder).stat().st_uid, 0)
        broken = self.folder / "broken.conf"
        broken.write_text((SYSTEMD / "exitgate.tmpfiles.conf").read_text().replace("0750", "075x", 1))
        self.assertNotEqual(run("systemd-tmpfiles", "--create", f"--root={root}", str(broken)).returncode, 0)


class DeviceRules(unittest.TestCase):
    RULE = re.compile(r'^(?:[A-Z]+(?:\{[A-Za-z_]+\})?(?:==|!=|=|\+=|:=)"[^"]*"(?:, *|$))+$')

    def test_every_rule_is_a_list_of_matches_and_assignments(self):
        rules = [line for line in (SYSTEMD / "60-exitgate.rules").read_text().splitlines() if line and line[0] != "#"]
        self.assertGreater(len(rules), 0)
        for rule in rules:
            self.assertRegex(rule, self.RULE)
        self.assertNotRegex(rules[0].replace('"gpio"', '"gpio', 1), self.RULE)

    @needs("udevadm")
    def test_udev_accepts_them(self):
        result = run("udevadm", "verify", str(SYSTEMD / "60-exitgate.rules"))
        if "Unknown command" in result.stdout:
            self.skipTest("this udevadm has no verify (before 254)")
        self.assertEqual(result.returncode, 0, result.stdout)


class Installation(Workplace):
    def test_puts_every_file_where_systemd_looks(self):
        result = run(CMAKE, "--install", BUILD, "--component", "service", "--prefix", str(self.folder / "usr"))
        self.assertEqual(result.returncode, 0, result.stdout)
        for name in ("lib/systemd/system/exitgate.service", "lib/sysusers.d/exitgate.conf", "lib/tmpfiles.d/exitgate.conf",
                     "lib/udev/rules.d/60-exitgate.rules", "share/exitgate/store.schema.json",
                     "share/exitgate/examples/two-cart-lanes.toml", "share/doc/exitgate/installer.md"):
            self.assertTrue((self.folder / "usr" / name).is_file(), name)
        unit = (self.folder / "usr/lib/systemd/system/exitgate.service").read_text()
        self.assertRegex(unit, r"(?m)^ExecStart=/\S+/bin/exitgated --config /etc/exitgate/store\.toml$")


if __name__ == "__main__":
    unittest.main()
