# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one clock of a ledger: what goes into it, and what is compared with it, is this clock's.

A ledger on PostgreSQL is shared, and the clocks of its controllers differ. So the server's clock counts: each opening
measures it once and counts on from there by this machine's steady clock, which nobody can set. A SQLite ledger belongs
to one machine, and so does its clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], float]
"""Unix seconds."""

_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Counts on while the machine sleeps, where the system knows such a clock."""


def local_clock() -> float:
    """This machine's clock."""
    return time.time()


def steady_clock() -> float:
    """Seconds since some moment. Only differences mean anything; setting the machine's clock changes none."""
    return time.clock_gettime(_STEADY)


def clock_of(ask: Clock, steady: Clock = steady_clock) -> Clock:
    """A clock that ``ask`` has set, once: it goes on by itself.

    The answer is taken for the middle of the time that the asking took. So it is wrong by half of that at most.
    """
    before = steady()
    answer = ask()
    after = steady()
    began = answer - (before + after) / 2

    def now() -> float:
        return began + steady()

    return now
