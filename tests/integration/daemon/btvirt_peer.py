"""BlueZ's emulated Bluetooth controllers (`btvirt -s`) on UNIX sockets in a /tmp of their own, and one of them that advertises."""

import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
import unittest

WAIT_S = 20
SHIM = "afalg_shim.so"


class Btvirt:
    """A context manager. kill() and start() as often as is wanted: the sockets keep their paths."""

    def __init__(self):
        if not shutil.which("btvirt"):
            raise unittest.SkipTest("btvirt is not installed")
        self.folder = tempfile.mkdtemp(prefix="xgt")
        # Where the kernel has no AF_ALG sockets.
        shutil.copy(os.environ["EXITGATE_AFALG_SHIM"], os.path.join(self.folder, SHIM))
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.folder)

    @property
    def le_socket(self):
        return os.path.join(self.folder, "bt-server-le")

    def start(self):
        if os.path.exists(self.le_socket):
            os.unlink(self.le_socket)
        inside = 'mount --bind "$0" /tmp && LD_PRELOAD=/tmp/%s exec btvirt -s' % SHIM
        mine = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        self.process = subprocess.Popen(["unshare", *mine, "--mount", "--kill-child", "sh", "-c", inside, self.folder],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        end = time.monotonic() + WAIT_S
        while not self.accepts():
            if self.process.poll() is not None:
                raise unittest.SkipTest("btvirt can't be run in a mount namespace of its own here")
            if time.monotonic() > end:
                raise AssertionError("btvirt's socket did not appear")
            time.sleep(0.02)

    def accepts(self):
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(self.le_socket) == 0

    def kill(self):
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(WAIT_S)
            self.process = None


class Advertiser:
    """Another controller of the same btvirt, by Core 5.3, Vol 4, Part E, 7.8."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(WAIT_S)
        self.socket.connect(path)
        self.on = False
        self.command(0x0C03)

    def close(self):
        self.socket.close()

    def say(self, data):
        """One report at every scanner: btvirt sends one each time advertising is enabled."""
        if self.on:
            self.command(0x200A, b"\0")
        # Non-connectable, 100 ms, public address, all channels.
        self.command(0x2006, struct.pack("<HHBBB6sBB", 0xA0, 0xA0, 3, 0, 0, bytes(6), 7, 0))
        self.command(0x2008, bytes([len(data)]) + data.ljust(31, b"\0"))
        self.command(0x200A, b"\1")
        self.on = True

    def command(self, opcode, parameters=b""):
        self.socket.sendall(struct.pack("<BHB", 1, opcode, len(parameters)) + parameters)
        while True:
            _, event, length = self.exactly(3)
            body = self.exactly(length)
            if event == 0x0E and struct.unpack_from("<H", body, 1)[0] == opcode:
                if body[3]:
                    raise AssertionError("command %04x was refused with %02x" % (opcode, body[3]))
                return

    def exactly(self, size):
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise AssertionError("btvirt has gone")
            data += more
        return data
