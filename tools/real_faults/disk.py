"""A real file system of a few megabytes under the state directory, which fills up."""

import os
import subprocess
import threading
import time

from running_gate import APPROACH, BARRIER, WALKOUT_LANE, eventually
from store_run import LANES, StoreRun

SIZE_MB = 48  # the reserve of 16 MiB comes back only where twice as much is free
NO_ADMISSION_S = 2.0


class SmallDisk(StoreRun):
    def __init__(self, seed=None, durable_ms=150):
        self.durable_ms = durable_ms
        super().__init__(seed, start=False)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%dm" % SIZE_MB, "none", self.path("state")], check=True)
        self.cleanup.callback(subprocess.run, ["umount", "-l", self.path("state")], check=False)
        self.ballast = self.path("state/ballast")
        try:
            self.start()
            self.until_idle()
            self.until_online()
        except BaseException:
            self.__exit__(None)
            raise

    def fill(self):
        """Until not one byte more goes in."""
        with open(self.ballast, "ab", buffering=0) as file:
            for size in (1 << 20, 4096, 1):
                try:
                    while True:
                        file.write(b"\0" * size)
                except OSError:
                    continue

    def empty(self):
        os.unlink(self.ballast)

    def nobody_by_policy(self):
        """The backend is away and somebody without evidence comes: the policy stopped admitting."""
        self.backend.faults(down=True)
        self.until_fault("backend_offline", within_s=30)
        self.eye(WALKOUT_LANE, APPROACH, True)
        opened = self.module.wait_coil(WALKOUT_LANE + BARRIER, False, NO_ADMISSION_S)
        self.eye(WALKOUT_LANE, APPROACH, False)
        self.backend.faults(down=False)
        self.until_online()
        return opened

    def well_again(self):
        self.empty()
        self.until_fault("storage_full", stands=False, within_s=45)
        self.until_fault("receipt_not_durable", stands=False, within_s=45)
        self.drained()
        eventually(lambda: os.path.exists(self.path("state/receipts.db.reserve")), "the reserve is back", 45)


def full(run):
    """The reserve is released: exits with evidence go on and are durable, the policy admits nobody."""
    run.fill()
    run.all_leave(2)
    run.until_fault("storage_full")
    return run.nobody_by_policy()


def full_disk(seed=None):
    with SmallDisk(seed) as run:
        by_policy = full(run)
        released = not os.path.exists(run.path("state/receipts.db.reserve"))
        run.well_again()
        run.all_leave()
        run.drained()
        row = run.judge("disk full")
        row.notes += ["the offline policy admitted"] * by_policy + ["the reserve was not released"] * (not released)
        return row


def full_disk_and_reserve(seed=None):
    """Not one byte is left: receipts wait in memory, exits with evidence go on."""
    with SmallDisk(seed) as run:
        by_policy = full(run)
        run.fill()
        run.all_leave(2)
        run.until_fault("storage_full")
        run.well_again()
        run.all_leave()
        run.drained()
        row = run.judge("disk full, then its reserve too")
        row.notes += ["the offline policy admitted"] * by_policy
        return row


def full_disk_killed(seed=None):
    """Killed while the disk is full: it comes back, whoever is inside gets out, what was durable is told."""
    with SmallDisk(seed, StoreRun.durable_ms) as run:
        run.fill()
        run.all_leave()
        run.until_fault("storage_full")
        stop = threading.Event()
        walkers = [run.walker(lane, stop) for lane in LANES]
        time.sleep(run.chance.uniform(0.0, 0.8))  # the instant is what is drawn here
        run.kill()
        stop.set()  # who had not been let in yet waits for no dead daemon
        for walker in walkers:
            walker.join()
        run.start_with_people_inside()
        run.all_leave()
        run.well_again()
        return run.judge("disk full, killed and started again", kills=True)


def disk(short, seed=None):
    if not short:
        yield "disk full", lambda: full_disk(seed)
    yield "disk full, then its reserve too", lambda: full_disk_and_reserve(seed)
    yield "disk full, killed and started again", lambda: full_disk_killed(seed)
