"""What the operator sees while the lab works: one line for each step, with its time."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager


class LabError(Exception):
    """Something the operator has to know or to do; the text says what."""


_lock = threading.Lock()
_started = time.monotonic()


def say(text: str) -> None:
    """Prints one line with the seconds since the command began."""
    with _lock:
        print(f"{time.monotonic() - _started:6.1f}s  {text}", file=sys.stderr, flush=True)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Announces the end of a step and how long it took."""
    begin = time.monotonic()
    yield
    say(f"{title} ({time.monotonic() - begin:.1f} s)")


def wait_until(what: str, condition: Callable[[], bool], timeout: float, every: float = 0.25) -> None:
    """Waits for ``condition``; raises LabError naming ``what`` after ``timeout`` seconds.

    A condition may raise OSError or LabError while it cannot be asked yet: that counts as "not yet", and the last
    one is named in the error.
    """
    deadline = time.monotonic() + timeout
    last: Exception | None = None
    while True:
        try:
            if condition():
                return
            last = None
        except (OSError, LabError) as error:
            last = error
        if time.monotonic() > deadline:
            raise LabError(f"{what}: not within {timeout:.0f} s" + (f" ({last})" if last else ""))
        time.sleep(every)


def side_by_side(*tasks: Callable[[], object]) -> None:
    """Runs the tasks concurrently, waits for all, and raises the first error."""
    with ThreadPoolExecutor(max_workers=max(1, len(tasks))) as pool:
        for future in [pool.submit(task) for task in tasks]:
            future.result()
