# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A pool of daemon threads with one deadline.

``concurrent.futures`` joins its threads at the end of the block and again at exit, so one hung witness would hold the
whole sweep. Here a call that has not answered by the deadline is reported as late and left behind; its own connect and
read timeouts end it.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class Pool(Generic[Key]):
    """Runs calls side by side and yields each result as it comes."""

    def __init__(self, workers: int, deadline: float) -> None:
        """``deadline`` is in seconds of ``time.monotonic()``; no result is waited for beyond it."""
        self._workers = workers
        self._deadline = deadline
        self._calls: queue.SimpleQueue[tuple[Key, Callable[[], Any]] | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[tuple[Key, Any, BaseException | None]] = queue.SimpleQueue()
        self._pending: set[Key] = set()
        self._threads = 0

    @property
    def pending(self) -> frozenset[Key]:
        """The keys of the calls that have not answered yet."""
        return frozenset(self._pending)

    def submit(self, key: Key, call: Callable[[], Any]) -> None:
        """Has ``call`` run by a thread; its result comes back from ``next_result`` under ``key``."""
        self._pending.add(key)
        self._calls.put((key, call))
        if self._threads < min(self._workers, len(self._pending)):
            self._threads += 1
            threading.Thread(target=self._work, daemon=True, name=f"probe-{self._threads}").start()

    def next_result(self) -> tuple[Key, Any, BaseException | None] | None:
        """The next (key, result, error), or None where nothing is pending or the deadline has come."""
        if not self._pending:
            return None
        while True:
            try:
                key, result, error = self._results.get(timeout=max(0.0, self._deadline - time.monotonic()))
            except queue.Empty:
                return None
            if key in self._pending:
                self._pending.discard(key)
                return key, result, error

    def give_up(self) -> list[Key]:
        """The keys that have not answered; an answer that comes later is not heard any more."""
        late = sorted(self._pending, key=repr)
        self._pending.clear()
        return late

    def close(self) -> None:
        """Lets idle threads end. One that hangs in its call ends with it, or with the process."""
        for _thread in range(self._threads):
            self._calls.put(None)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            key, function = call
            try:
                self._results.put((key, function(), None))
            except BaseException as error:  # noqa: BLE001  the caller judges it; a thread that died would be a call without an answer
                self._results.put((key, None, error))
