"""The database is damaged, every class of page of it, while the daemon is stopped and while it runs."""

import copy
import os
import shutil
import sqlite3
import sys
import traceback
from dataclasses import dataclass

import database_pages as spoil
from store_run import Row, StoreRun

# Classes of pages, and whether what only lies there may be lost (and must then be told).
PAGES = {"schema page": False, "table interior": False, "table leaf of receipts": True, "table leaf of state": False,
         "index interior": False, "index leaf": False, "overflow": False, "freelist trunk": False, "freelist leaf": False}
TOTAL = ("zeroed", "random bytes", "no database", "foreign file", "truncated to nothing", "truncated to half")


@dataclass
class Kept:
    """A store as it stood, to be damaged again and again."""
    folder: str
    exits: list
    delivered: dict  # receipt_id → as the backend has it
    waiting: dict  # session_id → sequence, not yet delivered
    chain: str


class DamagedStore(StoreRun):
    def database(self, suffix=""):
        return self.path("state/receipts.db" + suffix)

    # --- stores to be damaged ---

    def prepare(self):
        """`delivered`: all is at the backend. `waiting`: some is not. `killed`: as a kill left it, with its log."""
        self.uploads(False)
        self.closures(260)
        self.backend.admin("POST", "closures/renew", {})
        self.closures(140)
        self.uploads(True)
        self.all_leave(4)
        self.drained()
        kept = {"delivered": self.keep("delivered")}
        self.uploads(False)
        self.all_leave(4)
        kept["waiting"] = self.keep("waiting")
        self.uploads(False)
        self.all_leave(1)
        self.kill()
        kept["killed"] = self.keep("killed")
        return kept

    def uploads(self, taken):
        self.backend.faults(upload_status=0 if taken else 503, retry_after="1")

    def closures(self, count):
        for _ in range(count):
            self.carts += 1
            self.backend.close_session(cart_id=50000 + self.carts, tag="%012x" % (0xC0000 + self.carts), push=True)

    def keep(self, name):
        killed = self.process.poll() is not None
        delivered = {r["receipt_id"]: r for r in self.stored()}
        if not killed:
            self.terminate()
        self.backend.stop()
        folder = self.path("kept-" + name)
        shutil.copytree(self.path("state"), folder + "/state", ignore=shutil.ignore_patterns("*.reserve"))
        for file in os.listdir(self.folder):
            if file.startswith("backend.db"):
                shutil.copy(self.path(file), folder)
        shutil.copytree(folder + "/state", folder + "/read")
        with sqlite3.connect(folder + "/read/receipts.db") as db:
            rows = db.execute("SELECT chain_id,sequence,json_extract(json,'$.session_id') FROM receipts WHERE state=1").fetchall()
            chain = db.execute("SELECT max(chain_id) FROM receipts").fetchone()[0]
        db.close()
        kept = Kept(folder, copy.deepcopy(self.exits), delivered, {session: sequence for _, sequence, session in rows if session}, chain)
        if not killed:
            # A log that was not moved into the file would heal what is damaged there.
            shutil.rmtree(folder + "/state")
            shutil.copytree(folder + "/read", folder + "/state")
        self.again(kept)
        self.start()
        self.until_idle()
        self.until_online()
        return kept

    def again(self, kept):
        """Daemon and backend are stopped; files, exits and backend are as they were kept."""
        if self.process.poll() is None:
            self.kill()
        if self.backend.process.poll() is None:
            self.backend.stop()
        shutil.rmtree(self.path("state"))
        shutil.copytree(kept.folder + "/state", self.path("state"))
        for file in os.listdir(self.folder):
            if file.startswith("backend.db"):
                os.unlink(self.path(file))
        for file in os.listdir(kept.folder):
            if file.startswith("backend.db"):
                shutil.copy(os.path.join(kept.folder, file), self.folder)
        self.backend.start()
        self.write_store(url="https://127.0.0.1:%d" % self.backend.port)
        self.nobody_there()
        self.exits, self.trapped, self.module.closed_on_somebody = copy.deepcopy(kept.exits), 0, []

    # --- one damage ---

    def stopped(self, name, kept, damage, may_lose):
        self.again(kept)
        damage(self)
        self.start()
        self.until_served()
        told = self.told()
        self.until_online()
        self.all_leave()
        self.drained()
        return self.judged(name, kept, told, may_lose)

    def running(self, name, kept, damage, may_lose):
        self.again(kept)
        self.uploads(False)
        self.start()
        self.until_served()
        self.until_online()
        self.all_leave()
        damage(self)
        self.api("GET", "/api/v1/receipts?limit=1000")
        told = self.told()
        self.all_leave()
        self.kill()
        self.start()
        self.until_served()
        told = [a | b for a, b in zip(told, self.told())]
        self.until_online()
        self.uploads(True)
        self.all_leave()
        self.drained()
        return self.judged(name, kept, told, may_lose)

    def told(self):
        """(the fault stands, the sequences it lists)"""
        return "storage_damaged" in self.faults(), self.told_missing()

    def judged(self, name, kept, told, may_lose):
        damaged, listed = told
        receipts = self.stored()
        there = {r.get("session_id") for r in receipts}
        lost_and_told = [s for s, sequence in kept.waiting.items() if s not in there and sequence in listed]
        self.exits = [e for e in self.exits if e.session not in lost_and_told]
        row = self.judge(name, listed={(kept.chain, n) for n in listed})
        row.listed = len(lost_and_told)
        if row.lost or row.gaps:
            row.notes.append("waiting %s of %s; the fault: %s" % (kept.waiting, kept.chain, self.fault_advice("storage_damaged")))
        row.exits += row.listed
        if lost_and_told and not may_lose:
            row.notes.append("lost, though readable: sequences %s" % sorted(kept.waiting[s] for s in lost_and_told))
        now = {r["receipt_id"]: r for r in receipts}
        if any(now.get(key) != value for key, value in kept.delivered.items()):
            row.notes.append("what was delivered is not as it was")
        newest = receipts[-1]["chain_id"]
        if damaged and newest == kept.chain:
            row.notes.append("the chain went on in a database begun anew")
        if self.status()["receipts"]["quarantined"] and not damaged:
            row.notes.append("the backend rejected receipts")
        return row


def classes(number_of, short, seed):
    """(name, kept store, damage, may lose, running); `number_of` a class: the page to be damaged, None where there is none."""
    ways = ("random bytes",) if short else ("zeroed", "random bytes")
    modes = (False,) if short else (False, True)
    for running in modes:
        for how in ways:
            yield "file header " + how, "waiting", lambda s, how=how: spoil.overwrite(s.database(), 0, 100, how, seed), False, running
            for page_class, may_lose in PAGES.items():
                number = number_of(page_class)
                if number:
                    yield "%s %s" % (page_class, how), "waiting", lambda s, n=number, how=how: spoil.page(s.database(), n, how, seed), may_lose, running
            yield "log header " + how, "killed", lambda s, how=how: spoil.overwrite(s.database("-wal"), 0, 32, how, seed), True, running
            for which in ("first", "middle"):
                yield "%s log frame %s" % (which, how), "killed", lambda s, w=which, how=how: spoil.frame(s.database("-wal"), w, how, seed), True, running
            yield "shared memory " + how, "killed", lambda s, how=how: spoil.whole(s.database("-shm"), how, seed), False, running
        for how in TOTAL:
            yield "file " + how, "delivered", lambda s, how=how: spoil.whole(s.database(), how, seed), True, running
        yield "file truncated within a page", "waiting", lambda s: spoil.whole(s.database(), "truncated within a page", seed), True, running


def page_in(kept):
    """Which page stands for a class in the store that was kept."""
    database = kept.folder + "/read/receipts.db"
    where = spoil.pages(database)

    def number_of(page_class):
        numbers = where.get(page_class)
        if not numbers:
            return None
        if PAGES[page_class]:  # where most of those are that wait
            return spoil.page_that_holds(database, numbers, kept.waiting)
        return numbers[len(numbers) // 2]
    return number_of


def full_name(name, running):
    return "database %s: %s" % ("running" if running else "stopped", name)


def names(short):
    """What there may be to damage, before there is a database."""
    return [full_name(name, running) for name, _, _, _, running in classes(lambda _: 1, short, 0)]


def all_damage(short, seed=None, only=""):
    rows = {}
    with DamagedStore(seed) as store:
        kept = store.prepare()
        for name, which, spoiled, may_lose, running in classes(page_in(kept["waiting"]), short, store.chance.randrange(1 << 30)):
            name = full_name(name, running)
            if only not in name:
                continue
            try:
                row = (store.running if running else store.stopped)(name, kept[which], spoiled, may_lose)
            except Exception as error:
                traceback.print_exc()
                sys.stderr.writelines(open(store.path("log"), encoding="utf-8").readlines()[-15:])
                row = Row(name, times=1, notes=[str(error)])
            print(row.said(), flush=True)
            line = rows.setdefault(line_of(name), Row(line_of(name)))
            line.add(row)
    return list(rows.values())


def line_of(name):
    """One line of the table for a class, however and whenever it was damaged."""
    what = name.partition(": ")[2]
    return "database: " + (what if what.startswith("file ") and "header" not in what else what.removesuffix(" zeroed").removesuffix(" random bytes"))
