"""The links to modules, backend and receivers fail during exits, and the backend freezes."""

import contextlib
import signal
import time

from flawed_link import FAULTS, FlawedLink
from running_gate import eventually
from store_run import LANES, StoreRun

LINKS = ("Modbus", "backend", "H4")


class LinkedStore(StoreRun):
    """Every link of the daemon goes through one that can be spoiled."""

    def __init__(self, seed=None):
        super().__init__(seed, start=False)
        backend = FlawedLink(self.backend.port)
        modbus = FlawedLink(self.module.port)
        radio = FlawedLink(self.path("rx1"), path=self.path("rx2"))
        self.links = dict(zip(LINKS, (modbus, backend, radio)))
        for link in self.links.values():
            self.cleanup.callback(link.close)
        self.write_store(url="https://127.0.0.1:%d" % backend.port, radio="unix:rx2",
                         device='driver = "modbus-tcp"\naddress = "127.0.0.1:%d"\nresponse_ms = 200' % modbus.port)
        with self.torn_down_on_error():
            self.start()
            self.until_idle()
            self.until_online()

    @contextlib.contextmanager
    def torn_down_on_error(self):
        try:
            yield
        except BaseException:
            self.__exit__(None)
            raise

    def one_exit_through(self, spoil, restore, most_s, latest_s=1.2):
        """Two shoppers leave while something fails at some instant, for some time."""
        walkers = [self.walker(lane) for lane in LANES]
        time.sleep(self.chance.uniform(0.0, latest_s))  # the instant is what is drawn here
        spoil()
        time.sleep(self.chance.uniform(0.3, most_s))  # so is how long it lasts
        restore()
        for walker in walkers:
            walker.join()
        self.nobody_there()
        self.until_served()

    def well_again(self):
        eventually(lambda: self.status()["backend"]["state"] == "online", "the backend is online", 60)
        eventually(lambda: all(d["state"] == "up" for d in self.status()["devices"]), "every device is up", 60)
        self.drained()


def through_link(name, fault, times, seed=None, most_s=2.5):
    with LinkedStore(seed) as run:
        link = run.links[name]
        # A radio is silent once its cart has left: a fault that begins later meets nothing.
        latest_s = 0.3 if name == "H4" else 1.2
        for _ in range(times):
            run.one_exit_through(lambda: link.spoil(fault), link.restore, most_s, latest_s)
        run.well_again()
        row = run.judge("%s link: %s" % (name, fault), times)
        if link.struck == 0:
            row.notes.append("the fault was never met")
        return row


def frozen_backend(times, seed=None, most_s=4.0):
    with LinkedStore(seed) as run:
        process = run.backend.process
        run.cleanup.callback(process.send_signal, signal.SIGCONT)
        for _ in range(times):
            # Whoever pays does so before it freezes.
            run.one_exit_through(lambda: process.send_signal(signal.SIGSTOP), lambda: process.send_signal(signal.SIGCONT), most_s)
        run.well_again()
        return run.judge("backend stopped (SIGSTOP)", times)


# The short form: each fault once, each link; and the frozen backend.
SHORT = {("Modbus", "cut"), ("Modbus", "reset in an answer"), ("backend", "half answers"), ("backend", "forgotten replies"),
         ("H4", "trickle"), ("H4", "frozen")}


def links(times, short, seed=None):
    for name in LINKS:
        for fault in FAULTS:
            if short and (name, fault) not in SHORT:
                continue
            yield "%s link: %s" % (name, fault), lambda name=name, fault=fault: through_link(name, fault, times, seed)
    yield "backend stopped (SIGSTOP)", lambda: frozen_backend(times, seed)
