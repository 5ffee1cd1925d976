# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The pool of threads: results as they come, one deadline, nobody waits for who hangs."""

from __future__ import annotations

import threading
import time

from ansible_collections.oncall.remedy.plugins.plugin_utils.pool import Pool


def later(seconds: float) -> float:
    return time.monotonic() + seconds


def test_calls_run_side_by_side() -> None:
    pool: Pool[int] = Pool(3, later(30))
    together = threading.Barrier(3)
    for number in range(3):
        pool.submit(number, lambda: together.wait(30) >= 0)
    assert sorted(result[0] for _ in range(3) if (result := pool.next_result())) == [0, 1, 2]
    assert pool.next_result() is None


def test_no_more_threads_than_workers() -> None:
    pool: Pool[int] = Pool(2, later(30))
    for number in range(20):
        pool.submit(number, threading.get_ident)
    threads = set()
    while answer := pool.next_result():
        threads.add(answer[1])
    assert len(threads) <= 2


def test_what_a_call_raises_comes_back_with_its_key() -> None:
    pool: Pool[str] = Pool(1, later(30))
    pool.submit("a", lambda: 1 // 0)
    answer = pool.next_result()
    assert answer is not None
    assert (answer[0], type(answer[2])) == ("a", ZeroDivisionError)


def test_who_hangs_is_given_up_at_the_deadline_and_not_heard_any_more() -> None:
    pool: Pool[str] = Pool(2, later(0.2))
    release = threading.Event()
    pool.submit("hangs", lambda: release.wait(30))
    pool.submit("answers", lambda: "here")
    first = pool.next_result()
    assert first is not None
    assert first[:2] == ("answers", "here")
    assert pool.next_result() is None
    assert pool.pending == {"hangs"}
    assert pool.give_up() == ["hangs"]
    release.set()
    assert pool.next_result() is None


def test_what_is_submitted_while_results_come_is_run_as_well() -> None:
    pool: Pool[int] = Pool(4, later(30))
    pool.submit(0, lambda: 0)
    seen = []
    while answer := pool.next_result():
        seen.append(answer[0])
        if answer[0] < 5:
            pool.submit(answer[0] + 1, lambda: None)
    assert seen == [0, 1, 2, 3, 4, 5]
