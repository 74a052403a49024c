"""An I/O module played by pymodbus, over TCP or over a serial line made of two pseudo-terminals, and the gate behind it.

The datastore of pymodbus is the module: inputs set here are written to it, and what the daemon wrote to its coils is looked for there.
"""

import os
import subprocess
import tempfile
import threading
import time

from modbus_module import IoModule

PYTHON = "/usr/bin/python3"
SERVER = os.path.join(os.environ["EXITGATE_SOURCE_DIR"], "tests/integration/peers/pymodbus_server.py")
WAIT_S = 20
LOOK_EVERY_S = 0.01
COILS = (*range(4), *range(8, 12))  # of two lanes


class ToldInputs(dict):
    """Whatever is set here is set in the module."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def __setitem__(self, address, value):
        super().__setitem__(address, value)
        self.module.ask("input %d %d" % (address, bool(value)))


class PymodbusModule(IoModule):
    """Ends with close(); stop() is the module losing its power, start() its return."""

    def __init__(self):
        super().__init__()
        self.inputs = ToldInputs(self)
        self.asking = threading.RLock()
        self.server = None
        self.closed = False
        self.port = 0
        self.start()
        self.looking = threading.Thread(target=self.look, daemon=True)
        self.looking.start()

    def arguments(self):
        return ["tcp", str(self.port)]

    def start(self):
        with self.asking:
            on = ",".join(str(address) for address, value in self.inputs.items() if value)
            self.server = subprocess.Popen([PYTHON, SERVER, *(["--on", on] if on else []), *self.arguments(), "1"], stdin=subprocess.PIPE,
                                           stdout=subprocess.PIPE, text=True, bufsize=1)
            line = self.server.stdout.readline()
            if not line.startswith("ready "):
                raise AssertionError("pymodbus did not start: %r" % line)
            self.port = int(line.split()[1])

    def stop(self):
        with self.asking:
            self.server.kill()
            self.server.wait(WAIT_S)
            self.server.stdin.close()
            self.server.stdout.close()
            self.server = None
        with self.changed:
            for coil in list(self.coils):
                self.write(coil, False)

    def close(self):
        self.closed = True
        self.looking.join(WAIT_S)
        if self.server:
            self.stop()

    def ask(self, line):
        """The answer; nothing while the module has no power."""
        with self.asking:
            if self.server is None:
                return None
            self.server.stdin.write(line + "\n")
            return self.server.stdout.readline().strip()

    def look(self):
        while not self.closed:
            for coil in COILS:
                value = self.ask("coil %d" % coil)
                if value in ("0", "1"):
                    with self.changed:
                        self.write(coil, value == "1")
            time.sleep(LOOK_EVERY_S)


class PymodbusSerialModule(PymodbusModule):
    """The daemon's end of the line is `path`."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="xgm")
        self.path = os.path.join(self.folder.name, "gate")
        self.far_end = os.path.join(self.folder.name, "module")
        self.line = subprocess.Popen(["socat", "pty,raw,echo=0,link=" + self.path, "pty,raw,echo=0,link=" + self.far_end])
        end = time.monotonic() + WAIT_S
        while not (os.path.exists(self.path) and os.path.exists(self.far_end)):
            if time.monotonic() > end or self.line.poll() is not None:
                raise AssertionError("socat made no serial line")
            time.sleep(0.01)
        super().__init__()

    def arguments(self):
        return ["rtu", self.far_end, "115200"]

    def close(self):
        super().close()
        self.line.kill()
        self.line.wait()
        self.folder.cleanup()
