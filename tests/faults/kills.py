# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Kills a sweep with SIGKILL at a moment that follows from a seed.

The controller alone is killed, as the kernel does when memory is short: its workers live on and may still write. In
some cases they die as well, as with a container or a machine.
"""

from __future__ import annotations

import contextlib
import dataclasses
import random
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Literal

from tests.support.estate import LONGEST, Estate

Moment = Literal["time", "request", "commit"]


@dataclasses.dataclass(frozen=True)
class Course:
    """A sweep that nobody disturbed: how long it took, how many requests it sent, how often it wrote to its ledger."""

    seconds: float
    requests: int
    commits: int

    def whole(self, moment: Moment) -> float:
        """The whole of the run in the unit of a moment."""
        return {"time": self.seconds, "request": self.requests, "commit": self.commits}[moment]


@dataclasses.dataclass(frozen=True)
class Kill:
    """When a sweep is killed and what happens around it. Everything follows from seed and number.

    ``moment`` says what is counted until then: seconds, requests that arrived anywhere (the controller dies before
    the last of them is answered), or commits to the ledger; ``share`` is that as a part of the whole run. ``workers``
    die with it or not; the next sweep begins ``at_once`` or when the last of them has ended. ``lag``: Alertmanager
    still lists what is mended when the next sweep asks. ``again`` is the moment of a second kill, in the next sweep.
    """

    seed: int
    number: int
    moment: Moment
    share: float
    workers: bool
    at_once: bool
    lag: bool
    again: float | None

    def words(self) -> str:
        """In words, with what repeats it."""
        parts = [f"{self.share:4.0%} by {self.moment}"]
        parts += ["with its workers"] if self.workers else []
        parts += ["swept again at once"] if self.at_once and not self.workers else []
        parts += ["alerts lag"] if self.lag else []
        parts += [f"again at {self.again:.0%}"] if self.again is not None else []
        return f"kill --seed {self.seed} --only {self.number:<3} {', '.join(parts)}"


def kill(seed: int, number: int) -> Kill:
    """The ``number``-th kill of a seed, counted from 1."""
    chance = random.Random(f"{seed}/{number}")  # noqa: S311  no secret: to be repeated
    moments: tuple[Moment, ...] = ("time", "request", "commit")
    return Kill(
        seed=seed,
        number=number,
        moment=moments[number % len(moments)],
        share=chance.random(),
        workers=chance.random() < 0.25,
        at_once=chance.random() < 0.5,
        lag=chance.random() < 0.5,
        again=chance.random() if chance.random() < 0.2 else None,
    )


def course_of(estate: Estate) -> Course:
    """Runs one sweep of an estate to its end, and measures it."""
    counted = {"request": 0, "commit": 0}

    def count(what: Literal["request", "commit"]) -> None:
        counted[what] += 1

    began = time.monotonic()
    with requests(estate, lambda: count("request")), commits(estate, lambda: count("commit")):
        estate.sweep().ended_well()
    return Course(time.monotonic() - began, counted["request"], counted["commit"])


def sweep_killed(estate: Estate, moment: Moment, share: float, course: Course) -> bool:
    """Runs a sweep and kills its controller at that moment; false if it came to its end before."""
    estate.ledger  # noqa: B018  made before, so that its commits can be counted
    at = share * course.whole(moment)
    died = threading.Event()
    begun: list[subprocess.Popen[str]] = []
    left = [int(at) + 1]

    def die() -> None:
        begun[0].kill()
        died.set()

    def count() -> None:
        left[0] -= 1
        if left[0] == 0:
            die()

    watched: dict[Moment, Callable[[], contextlib.AbstractContextManager[None]]] = {
        "time": lambda: after(at, die),
        "request": lambda: requests(estate, count),
        "commit": lambda: commits(estate, count),
    }
    begun.append(estate.begin())
    with watched[moment]():
        code = begun[0].wait(LONGEST)
    assert (code < 0) == died.is_set() or code == 0, f"ended with {code}"
    return code < 0


@contextlib.contextmanager
def after(seconds: float, do: Callable[[], None]) -> Iterator[None]:
    """Does it after so many seconds, unless the block is over before."""
    timer = threading.Timer(seconds, do)
    timer.start()
    yield
    timer.cancel()
    timer.join()


@contextlib.contextmanager
def requests(estate: Estate, do: Callable[[], None]) -> Iterator[None]:
    """Does it at each request to a stand-in, before that is answered."""
    services = [service for cluster in estate.clusters.values() for service in (cluster.api, cluster.edge)]
    services += [peer.service for peer in estate.peers]
    lock = threading.Lock()

    def notice(_request: Any) -> None:
        with lock:
            do()

    for service in services:
        service.notice = notice
    yield
    for service in services:
        service.notice = lambda _request: None


@contextlib.contextmanager
def commits(estate: Estate, do: Callable[[], None]) -> Iterator[None]:
    """Does it after each commit to the ledger; two within a millisecond count as one."""
    estate.ledger  # noqa: B018  made if it is not there
    over = threading.Event()

    def watch() -> None:
        with contextlib.closing(sqlite3.connect(estate.ledger_file, timeout=30)) as connection:
            seen = _version(connection)
            while not over.wait(0.001):
                now = _version(connection)
                if now != seen:
                    seen = now
                    do()

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA data_version").fetchone()
    return int(version)


def wait_for_workers(estate: Estate) -> None:
    """Waits until nothing of the estate runs any more."""
    until = time.monotonic() + LONGEST
    while estate.processes():
        assert time.monotonic() < until, "workers that do not end"
        time.sleep(0.02)
