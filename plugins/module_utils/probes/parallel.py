# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several requests of one question at once."""

from __future__ import annotations

import queue
import threading
import time
from typing import Callable, Sequence, TypeVar, Union

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError

T = TypeVar("T")
Outcome = Union[T, ProbeError]

WORKERS = 16


def at_once(jobs: Sequence[Callable[[], T]], deadline: float) -> list[Outcome[T]]:
    """Runs all jobs side by side; gives, in their order, what each returned or the ProbeError that it raised.

    A job that has not ended by the monotonic ``deadline`` counts as timed out and is left behind: the threads are
    daemons, and what they do keeps a deadline of its own. Any other exception is a bug and is raised here.
    """
    waiting: queue.Queue[int] = queue.Queue()
    done: queue.Queue[tuple[int, T | Exception]] = queue.Queue()
    for index in range(len(jobs)):
        waiting.put(index)

    def work() -> None:
        while True:
            try:
                index = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                done.put((index, jobs[index]()))
            except Exception as error:  # noqa: BLE001 - handed to the asking thread, which raises it
                done.put((index, error))

    for _worker in range(min(WORKERS, len(jobs))):
        threading.Thread(target=work, daemon=True).start()
    outcomes: list[Outcome[T]] = [ProbeError("timeout", "no answer in time") for _job in jobs]
    for _job in jobs:
        try:
            index, outcome = done.get(timeout=max(0.0, deadline + 0.5 - time.monotonic()))
        except queue.Empty:
            break
        if isinstance(outcome, Exception) and not isinstance(outcome, ProbeError):
            raise outcome
        outcomes[index] = outcome
    return outcomes
