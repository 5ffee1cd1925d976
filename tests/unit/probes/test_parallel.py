"""Several jobs side by side."""

from __future__ import annotations

import threading
import time

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.probes.parallel import WORKERS, at_once


def test_outcomes_come_in_the_order_of_the_jobs_and_errors_stand_among_them() -> None:
    failure = ProbeError("refused", "x")

    def fail() -> int:
        raise failure

    assert at_once([lambda: 1, fail, lambda: 3], time.monotonic() + 10) == [1, failure, 3]
    assert at_once([], time.monotonic() + 10) == []


def test_jobs_run_at_the_same_time() -> None:
    together = threading.Barrier(WORKERS, timeout=10)
    assert set(at_once([together.wait] * WORKERS, time.monotonic() + 10)) == set(range(WORKERS))


def test_more_jobs_than_workers_are_all_done() -> None:
    jobs = [lambda number=number: number for number in range(100)]
    assert at_once(jobs, time.monotonic() + 10) == list(range(100))


def test_a_job_that_hangs_is_left_behind_and_the_others_count() -> None:
    release = threading.Event()
    first, second = at_once([release.wait, lambda: True], time.monotonic() - 0.4)
    release.set()
    assert isinstance(first, ProbeError)
    assert (first.kind, second) == ("timeout", True)


def test_a_bug_is_no_answer() -> None:
    def bug() -> int:
        return {"y": 1}["x"]

    with pytest.raises(KeyError):
        at_once([bug], time.monotonic() + 10)
