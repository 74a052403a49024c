"""A store whose every exit is written down from outside the daemon, and what is judged of it in the end."""

import datetime
import random
import re
import threading
import time
from dataclasses import dataclass, field

from running_backend import seal
from running_gate import APPROACH, BARRIER, CART_LANE, EXIT, OPEN_LIMIT, SAFETY, WALKOUT_LANE, Gate, eventually
from watched_module import LANES, WatchedModule

LANE_ID = {CART_LANE: "1", WALKOUT_LANE: "2"}
STEP_S = 0.09  # how long a person takes for one step


@dataclass
class Exit:
    """One shopper: whose session, at which lane, and whether the barrier was seen commanded open for them."""
    lane: int
    session: str
    opened: bool = False
    begun: float = 0.0
    ended: float = 0.0


@dataclass
class Row:
    """A line of the table."""
    fault: str
    times: int = 0
    exits: int = 0
    lost: int = 0
    listed: int = 0
    doubled: int = 0
    gaps: int = 0
    chain: bool = True
    trapped: int = 0
    notes: list = field(default_factory=list)

    @property
    def good(self):
        return self.chain and not (self.lost or self.doubled or self.gaps or self.trapped or self.notes)

    def add(self, other):
        for name in ("times", "exits", "lost", "listed", "doubled", "gaps", "trapped"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.chain = self.chain and other.chain
        self.notes += other.notes

    def said(self):
        counts = "" if self.good else " lost %d doubled %d gaps %d chain %s trapped %d" % (
            self.lost, self.doubled, self.gaps, self.chain, self.trapped)
        return "%-4s %s%s" % ("ok" if self.good else "MISS", self.fault, counts + "".join("\n     " + note for note in self.notes))


class StoreRun(Gate):
    """`seed`: of everything random in it."""

    def __init__(self, seed=None, **options):
        self.seed = random.randrange(1 << 30) if seed is None else seed
        self.chance = random.Random(self.seed)
        self.exits, self.trapped, self.carts = [], 0, 0
        super().__init__(module=WatchedModule(), **options)

    # A disk shared with other work may be slow; what is judged is what was durable before the barrier moved.
    durable_ms = 10000

    def store_text(self):
        return super().store_text().replace("device_lost_ms = 500", "device_lost_ms = 500, durable_ms = %d" % self.durable_ms)

    # --- shoppers ---

    def shopper(self, lane, push=None):
        """Somebody who has paid stands at the lane; returns the exit."""
        if lane == CART_LANE:
            self.carts += 1
            cart, tag = 1000 + self.carts, "%012x" % (0xA000 + self.carts)
            push = self.chance.random() < 0.5 if push is None else push
            coming = Exit(lane, self.backend.close_session(cart_id=cart, tag=tag, push=push))
            self.cart_comes(cart, tag)
        else:
            session = self.backend.admin("POST", "sessions", {"kind": "walkout", "state": "closed"})["session_id"]
            self.backend.admin("POST", "arrivals", {"lane_id": "2", "session_id": session, "push_expected": False})
            coming = Exit(lane, session)
            self.eye(lane, APPROACH, True)
        coming.begun = time.time()
        self.exits.append(coming)
        return coming

    def leave(self, coming, stop=None, within_s=60):
        """They go when the barrier is open, wherever they are when `stop` is set; those who can't are trapped."""
        stop = stop or threading.Event()
        end = time.monotonic() + within_s
        while not self.module.wait_coil(coming.lane + BARRIER, False, 0.02):
            if stop.is_set():
                return
            if time.monotonic() > end:
                self.trapped += 1
                return
        coming.opened, coming.ended = True, time.time()
        while not self.module.inputs[coming.lane + OPEN_LIMIT]:
            if stop.wait(0.01):
                return
        for point, blocked in ((SAFETY, True), (APPROACH, False), (EXIT, True), (SAFETY, False), (EXIT, False)):
            self.eye(coming.lane, point, blocked)
            if stop.wait(STEP_S):
                return
        if coming.lane == CART_LANE:
            self.radio.carts = {}

    def all_leave(self, count=1, within_s=60):
        """One shopper a lane, at once; `count` times."""
        for _ in range(count):
            for walker in [self.walker(lane, within_s=within_s) for lane in LANES]:
                walker.join()
            self.until_served()

    def walker(self, lane, stop=None, within_s=60, push=None):
        coming = self.shopper(lane, push)
        thread = threading.Thread(target=self.leave, args=[coming, stop, within_s], daemon=True)
        thread.start()
        return thread

    def nobody_there(self):
        self.radio.carts = {}
        for lane in LANES:
            for point in (APPROACH, SAFETY, EXIT):
                self.eye(lane, point, False)

    def until_served(self, within_s=60):
        for lane in LANE_ID.values():
            self.until_phase("idle", lane=lane, within_s=within_s)

    # --- restarts ---

    def commanded_open_for(self, lane, within_s=8):
        """Whoever is inside is not kept in; then they walk out."""
        if not self.module.wait_coil(lane + BARRIER, False, within_s):
            self.trapped += 1
        time.sleep(0.4)  # they need a moment: nothing may close meanwhile, which the module judges
        if self.module.coil(lane + BARRIER):
            self.trapped += 1
        for point, blocked in ((EXIT, True), (SAFETY, False), (EXIT, False)):
            self.eye(lane, point, blocked)
            time.sleep(STEP_S)

    def gives_up(self):
        """Whoever stands before a lane goes back into the store, cart and all, and the store's tracking sees it."""
        self.radio.carts = {}
        for lane in LANES:
            self.eye(lane, APPROACH, False)
        for gone in self.exits:
            if gone.lane == WALKOUT_LANE:
                self.backend.admin("POST", "arrivals", {"lane_id": "elsewhere", "session_id": gone.session, "push_expected": False})

    def start_with_people_inside(self):
        """Started again; whoever stood in a lane is let out, the lanes are in service again."""
        inside = [lane for lane in LANES if self.module.inputs.get(lane + SAFETY)]
        self.gives_up()
        self.start()
        for lane in inside:
            self.commanded_open_for(lane)
        self.nobody_there()
        self.until_served()

    # --- judgement ---

    def drained(self, within_s=90):
        # Sealing is on its way when the lane is idle: until then the receipt is open, not queued.
        eventually(lambda: self.api("GET", "/api/v1/receipts?state=open")[1]["receipts"] == [], "no receipt is open", within_s)
        eventually(lambda: self.status()["receipts"]["queued"] == 0, "the queue is empty", within_s)

    def fault_advice(self, code):
        return "".join(f["advice"] for f in self.status()["faults"] if f["code"] == code)

    def judge(self, fault, times=1, listed=(), kills=False):
        """`listed`: sequences of chains the daemon told as missing, {(chain_id, sequence)}."""
        receipts = self.stored()
        row = Row(fault, times=times, exits=len(self.exits), trapped=self.trapped + len(self.module.closed_on_somebody))
        if self.module.closed_on_somebody:
            row.notes.append("closed on somebody: %s" % self.module.closed_on_somebody)
        row.lost, row.doubled = self.lost_and_doubled(receipts, kills)
        if row.doubled:
            row.notes += self.told_doubled(receipts)
        row.gaps = self.gaps(receipts, set(listed), row)
        if self.process.poll() is not None:
            row.notes.append("the daemon ended with %d" % self.process.returncode)
        return row

    def lost_and_doubled(self, receipts, kills):
        """A session has one receipt; one that ended not_used may come before it where nothing was killed. What ended unknown at a
        restart may be repeated at its lane (lane contract, "Single use")."""
        of = {}
        for receipt in receipts:
            if receipt["kind"] in ("cart", "walkout") and "session_id" in receipt:
                of.setdefault(receipt["session_id"], []).append(receipt)
        doubled = 0
        for all_of in of.values():
            counted = [r for r in all_of if (kills or r["outcome"] != "not_used") and not self.repeats(r, all_of)]
            doubled += max(0, len(counted) - 1)
        # Admitted by the offline policy nobody is named: as many receipts as exits.
        nameless = [r for r in receipts if r["kind"] == "walkout" and "session_id" not in r]
        unnamed = [e for e in self.exits if e.session not in of]
        doubled += max(0, len(nameless) - len([e for e in unnamed if e.lane == WALKOUT_LANE]))
        opened = [e for e in unnamed if e.opened]
        for _ in nameless:
            self.take_first(opened, lambda e: e.lane == WALKOUT_LANE)
        if not kills:
            # A lane that lost its module opens for all: that opening has a receipt of its own, which names nobody.
            for receipt in receipts:
                if receipt["kind"] == "fault":
                    at = datetime.datetime.fromisoformat(receipt["authorised_at"].replace("Z", "+00:00")).timestamp()
                    self.take_first(opened, lambda e: LANE_ID[e.lane] == receipt["lane_id"] and e.begun <= at <= e.ended + 2)
        return len(opened), doubled

    @staticmethod
    def repeats(receipt, all_of):
        """Whether it is the one repetition of an exit that ended unknown at its lane before."""
        def alike(other):
            return other["lane_id"] == receipt["lane_id"] and other["authorised_at"] < receipt["authorised_at"]

        before = [r for r in all_of if alike(r)]
        unknown = sum(r["outcome"] == "unknown" for r in before)
        repeated = sum("after_restart" in r["flags"] for r in before)
        return "after_restart" in receipt["flags"] and repeated < unknown

    @staticmethod
    def told_doubled(receipts):
        """The receipts of each session that has more than one, as far as they tell them apart."""
        of = {}
        for receipt in receipts:
            if receipt["kind"] in ("cart", "walkout"):
                of.setdefault(receipt.get("session_id", "no session"), []).append(receipt)
        shown = ("receipt_id", "lane_id", "basis", "authorised_at", "opened_at", "outcome", "passages", "flags")
        return ["%s: %s" % (session, "; ".join(" ".join("%s=%s" % (k, r[k]) for k in shown if k in r) for r in all_of))
                for session, all_of in of.items() if len(all_of) > 1]

    @staticmethod
    def take_first(exits, fits):
        for found in exits:
            if fits(found):
                exits.remove(found)
                return

    def gaps(self, receipts, listed, row):
        chains, gaps = {}, 0
        for receipt in receipts:
            chains.setdefault(receipt["chain_id"], []).append(receipt)
        if len({r["receipt_id"] for r in receipts}) != len(receipts):
            row.notes.append("a receipt is stored twice")
        for chain_id, chain in chains.items():
            chain.sort(key=lambda r: r["sequence"])
            expected, previous = 1, "0" * 64
            for receipt in chain:
                missing = {(chain_id, n) for n in range(expected, receipt["sequence"])}
                gaps += len(missing - listed)
                if not missing and receipt["previous_hash"] != previous or receipt["hash"] != seal(receipt):
                    row.chain = False
                    row.notes.append("broken at %s %d" % (chain_id, receipt["sequence"]))
                expected, previous = receipt["sequence"] + 1, receipt["hash"]
        done = self.cli("receipts", "verify")
        # A chain that lost receipts can't be whole any more; the findings must be those the daemon told of.
        if done.returncode != 0 and not listed:
            row.chain = False
            row.notes.append("verify: " + (done.stdout + done.stderr).strip())
        return gaps

    def told_missing(self):
        """The sequences the fault lists as missing."""
        ranges = re.findall(r"missing sequences (\d+)–(\d+)", self.fault_advice("storage_damaged"))
        return {n for first, last in ranges for n in range(int(first), int(last) + 1)}
