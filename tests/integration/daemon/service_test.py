"""Stopping, logging, and what the service manager is told."""

import os
import signal
import socket
import threading
import time
import unittest

from running_gate import BARRIER, CART_LANE, WALKOUT_LANE, Gate, eventually


class Stopping(unittest.TestCase):
    def test_sigterm_opens_the_barriers_and_ends_with_0_within_3_s(self):
        with Gate() as gate:
            self.assertTrue(gate.module.coil(CART_LANE + BARRIER))
            code, took = gate.terminate()
            self.assertEqual((0, False, False), (code, gate.module.coil(CART_LANE + BARRIER), gate.module.coil(WALKOUT_LANE + BARRIER)))
            self.assertLess(took, 3)

    def test_outputs_can_be_held(self):
        with Gate(shutdown="hold") as gate:
            code, took = gate.terminate()
            self.assertEqual((0, True, True), (code, gate.module.coil(CART_LANE + BARRIER), gate.module.coil(WALKOUT_LANE + BARRIER)))
            self.assertLess(took, 3)

    def test_sigterm_ends_it_within_3_s_though_the_module_is_silent(self):
        with Gate() as gate:
            gate.module.silent = True
            code, took = gate.terminate()
            self.assertEqual(0, code)
            self.assertLess(took, 3)


class Logging(unittest.TestCase):
    def test_a_log_that_nobody_reads_stops_neither_exits_nor_the_end(self):
        with Gate(start=False) as gate:
            stderr = self.full_pipe(gate)
            gate.start(stderr=stderr)
            gate.until_idle()
            gate.until_online()
            gate.backend.close_session()
            gate.cart_exit()
            gate.until_stored(1)
            code, took = gate.terminate()
            self.assertEqual(0, code)
            self.assertLess(took, 3)

    def test_the_last_line_before_the_end_is_written(self):
        with Gate(start=False) as gate:
            gate.write_store(more='[api]\nsocket = "nowhere/control.sock"\n')
            gate.launch()
            self.assertEqual(1, gate.process.wait(10))
            with open(gate.path("log"), encoding="utf-8") as log:
                self.assertIn("error: exitgated: ", log.read())

    @staticmethod
    def full_pipe(gate):
        """The writing end of a pipe that has no room and is never read."""
        reader, writer = os.pipe()
        gate.cleanup.callback(os.close, reader)
        gate.cleanup.callback(os.close, writer)
        os.set_blocking(writer, False)
        try:
            while True:
                os.write(writer, b"." * 4096)
        except BlockingIOError:
            os.set_blocking(writer, True)
        return writer


class Notifying(unittest.TestCase):
    """NOTIFY_SOCKET as the service manager has it."""

    def test_ready_comes_when_outputs_are_known_and_the_watchdog_is_fed(self):
        with Gate(start=False) as gate:
            manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            gate.cleanup.callback(manager.close)
            manager.bind(gate.path("notify"))
            gate.environment = {"NOTIFY_SOCKET": gate.path("notify"), "WATCHDOG_USEC": "400000"}
            os.environ.pop("WATCHDOG_PID", None)
            gate.module.silent = True
            told = []
            threading.Thread(target=self.listen, args=[manager, told], daemon=True).start()
            gate.start()
            time.sleep(0.2)  # the module is silent, and its loss is told after 500 ms
            self.assertEqual([], self.with_word(told, "READY=1"), "outputs are not known yet")
            gate.module.silent = False
            gate.until_idle()
            eventually(lambda: len(self.with_word(told, "WATCHDOG=1")) >= 5, "the watchdog is fed")
            self.assertEqual(1, len(self.with_word(told, "READY=1")), told)
            gate.process.send_signal(signal.SIGSTOP)
            eventually(lambda: "T" in self.state(gate.process.pid), "it is stopped")
            time.sleep(0.1)  # what was sent before it stopped is read
            fed = len(told)
            time.sleep(0.6)  # longer than WATCHDOG_USEC
            self.assertEqual(fed, len(told), "a stopped process feeds nobody")
            gate.process.send_signal(signal.SIGCONT)
            gate.process.send_signal(signal.SIGTERM)
            eventually(lambda: self.with_word(told, "STOPPING=1"), "stopping is told")
            self.assertEqual(0, gate.process.wait(5))

    @staticmethod
    def state(pid):
        with open("/proc/%d/stat" % pid, encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0]

    @staticmethod
    def with_word(told, word):
        return [message for message in list(told) if word in message.split("\n")]

    @staticmethod
    def listen(manager, told):
        try:
            while True:
                told.append(manager.recv(4096).decode())
        except OSError:
            pass


if __name__ == "__main__":
    unittest.main(verbosity=2)
