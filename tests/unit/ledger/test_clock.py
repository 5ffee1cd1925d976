# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One clock for a ledger, whatever the clocks of its controllers say."""

from __future__ import annotations

import platform
import time

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils import liveness
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import clock
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Held, Lease
from tests.unit.ledger.helpers import at_once, incident, opened

FAST = 300.0
"""Seconds by which a controller's clock is wrong."""


def set_clock(patched: pytest.MonkeyPatch, ahead: float) -> None:
    """This machine's clock, as Python sees it, from now on."""
    real = time.time
    patched.setattr(time, "time", lambda: real() + ahead)


def test_a_clock_goes_on_by_itself_once_it_was_set() -> None:
    ticks = iter([10.0, 12.0, 15.0, 21.0])
    now = clock.clock_of(lambda: 1000.0, lambda: next(ticks))
    assert now() == 1004.0  # it was 1000 at 11
    assert now() == 1010.0


def test_the_time_of_a_ledger_is_the_time_of_day(ledger: Ledger) -> None:
    assert ledger.now() == pytest.approx(time.time(), abs=60.0)
    assert ledger.now() <= ledger.now()


def test_a_wrong_clock_of_the_controller_does_not_change_the_time_of_a_shared_ledger(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = time.time()
    before = Ledger.open(postgres_url)
    set_clock(monkeypatch, FAST)
    after = Ledger.open(postgres_url)
    assert before.now() == pytest.approx(right, abs=60.0)
    assert after.now() == pytest.approx(right, abs=60.0)


def test_a_ledger_in_a_file_has_the_clock_of_its_machine(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger.open(sqlite_url)
    set_clock(monkeypatch, FAST)
    assert ledger.now() == pytest.approx(time.time(), abs=60.0)


def at(url: str, ahead: float) -> Ledger:
    """The ledger as a controller has it whose clock is wrong by ``ahead``."""
    with pytest.MonkeyPatch.context() as patched:
        set_clock(patched, ahead)
        return Ledger.open(url)


@pytest.mark.parametrize(("one", "other"), [(0.0, FAST), (FAST, 0.0), (-FAST, FAST)])
def test_controllers_minutes_apart_never_both_hold_a_lease(postgres_url: str, one: float, other: float) -> None:
    first, second = at(postgres_url, one), at(postgres_url, other)
    episodes = [opened(first, sweep, alertname=sweep, now=first.now()) for sweep in ("s1", "s2")]
    mine = first.acquire("hetzner", episodes[0], "s1", FAST / 2, first.now())
    assert isinstance(mine, Lease)
    assert isinstance(second.acquire("hetzner", episodes[1], "s2", FAST / 2, second.now()), Held)
    assert first.release("hetzner", mine.fence, first.now())
    theirs = second.acquire("hetzner", episodes[1], "s2", FAST / 2, second.now())
    assert isinstance(theirs, Lease)
    assert isinstance(first.acquire("hetzner", episodes[0], "s1", FAST / 2, first.now()), Held)


def hold(url: str, sweep: str, episode: str, ahead: float) -> bool:
    ledger = at(url, ahead)
    return isinstance(ledger.acquire("hetzner", episode, sweep, FAST / 2, ledger.now()), Lease)


def test_of_controllers_minutes_apart_that_ask_at_once_exactly_one_gets_the_target(postgres_url: str) -> None:
    ledger = Ledger.open(postgres_url)
    sweeps = [(f"s{n}", opened(ledger, f"s{n}", alertname=f"A{n}", now=ledger.now())) for n in range(4)]
    calls = [(postgres_url, sweep, episode, n * FAST) for n, (sweep, episode) in enumerate(sweeps)]
    assert sorted(at_once(hold, calls)) == [False, False, False, True]


def test_with_local_times_instead_they_would(ledger: Ledger) -> None:
    """What the one clock is for: the lease of a controller whose clock is right, seen by one that is ahead."""
    first, second = opened(ledger, "s1"), opened(ledger, "s2", alertname="Other")
    ledger.acquire("hetzner", first, "s1", 60.0, 100.0)
    assert isinstance(ledger.acquire("hetzner", second, "s2", 60.0, 100.0), Held)
    assert isinstance(ledger.acquire("hetzner", second, "s2", 60.0, 100.0 + FAST), Lease)


@pytest.mark.parametrize("ahead", [-FAST, FAST])
def test_a_sweep_of_a_machine_with_a_wrong_clock_is_not_taken_for_dead(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, ahead: float
) -> None:
    ledger = Ledger.open(postgres_url)
    liveness.begin_sweep(ledger, ledger.now())
    set_clock(monkeypatch, ahead)
    assert liveness.abandon_the_dead(ledger, platform.node(), ledger.now()) == []
    assert ledger.open_episode(incident(), ledger.now()).opened_at == pytest.approx(ledger.now(), abs=60.0)
