"""SIGKILL at random instants of exits at both lanes."""

import threading
import time

from running_gate import SAFETY
from store_run import LANES, StoreRun


def one_kill(run):
    """Two shoppers come, the daemon dies at some instant, what was forgotten or frozen with it is random too."""
    chance = run.chance
    run.backend.faults(forget_replies=chance.random() < 0.15)
    stop = threading.Event()
    walkers = [run.walker(lane, stop) for lane in LANES if chance.random() < 0.8]
    time.sleep(chance.uniform(0.0, 1.6))  # the instant is what is drawn here; nothing is waited for
    run.kill()
    stop.set()
    for walker in walkers:
        walker.join()
    run.backend.faults(forget_replies=False)
    run.radio.carts = {}
    for lane in LANES:
        if chance.random() < 0.15:
            run.eye(lane, SAFETY, True)  # somebody climbs in while it is dead
    kills = 1
    while chance.random() < 0.15:
        run.launch()
        time.sleep(chance.uniform(0.0, 0.25))
        run.kill()
        kills += 1
    run.start_with_people_inside()
    return kills


def kills(count, seed=None):
    with StoreRun(seed) as run:
        done = 0
        while done < count:
            done += one_kill(run)
        run.all_leave()
        run.drained()
        row = run.judge("SIGKILL at a random instant", done, kills=True)
        if not row.good:
            row.notes.append("seed %d" % run.seed)
        return row
