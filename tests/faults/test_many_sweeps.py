# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Many sweeps at once on one PostgreSQL ledger: each incident is acted on exactly once, whatever the server does.

``tools/faults sweeps`` has the full size: 16 sweeps over 500 firing alerts.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.options import TOLD, Record
from tests.support.estate import Run
from tests.support.fleet import ALERT, FAULTS, Fleet
from tests.support.postgres import Postgres

LONGEST = 900.0
SKEWED = FAULTS / "skewed"
"""The folder of a wrong clock."""
MOST_SWEEPS = 8
PUT_OFF = 400.0
"""Seconds between two sweeps: longer than anything is put off for, and than a lease lasts."""


@dataclasses.dataclass(frozen=True)
class Size:
    """How many sweeps begin at once, over how many alerts."""

    sweeps: int
    alerts: int


@pytest.fixture
def size(pytestconfig: pytest.Config) -> Size:
    return Size(pytestconfig.getoption("sweeps"), pytestconfig.getoption("alerts"))


@pytest.fixture(scope="module")
def server(postgres: Postgres) -> Iterator[Postgres]:
    """A server of their own, as they stop it; ``postgres`` says what follows where none can be had."""
    assert postgres.is_running
    with Postgres(max_connections="300") as server:
        yield server


Build = Callable[[int], Fleet]


@pytest.fixture
def build(server: Postgres, tmp_path: Path) -> Iterator[Build]:
    """Makes a fleet that is down, with a ledger on the server."""
    with contextlib.ExitStack() as stack:

        def make(alerts: int) -> Fleet:
            fleet = stack.enter_context(Fleet(tmp_path, alerts, ledger_url=server.new_database()))
            fleet.break_all()
            return fleet

        yield make


def at_once(fleet: Fleet, sweeps: int) -> list[Run]:
    """Begins sweeps at once and waits for all. More of the outage is seen by each."""
    fleet.alertmanager.spread = sweeps
    begun = [fleet.begin() for _ in range(sweeps)]
    return [fleet.finish(one, LONGEST) for one in begun]


def sweep_until_quiet(fleet: Fleet) -> int:
    """Sweeps until one finds nothing to write to, and every incident is healed or has a human who was told; how many
    sweeps it took. On a slow machine permits run out and witnesses are silent: the next sweep comes to those."""
    fleet.alertmanager.spread = 1
    sweeps, is_quiet = 0, False
    while not is_quiet and sweeps < MOST_SWEEPS:
        fleet.what_is_mended_resolves()
        written = fleet.written.total()
        sweeps += 1
        run = fleet.finish(fleet.begin(), LONGEST)
        told = all(one.state == "waiting" and fleet.ledger.escalations(one.id) for one in fleet.ledger.episodes())
        is_quiet = told and fleet.written.total() == written
        fleet.later(PUT_OFF)
    run.ended_well()
    return sweeps


def check_each_acted_on_once(fleet: Fleet) -> None:
    """One incident for each alert, and one write under one permit for each that is healed; nothing is locked."""
    ledger = fleet.ledger
    cases = {case["target"]: case for case in ledger.cases(limit=10 * len(fleet.members))}
    assert sorted(cases) == fleet.members
    assert {name: count for name, count in fleet.written.items() if count != 1} == {}
    for name, case in cases.items():
        assert case["alertname"] == ALERT
        assert fleet.incidents[name] in ([], [case["id"]])
        begun = [one for one in ledger.mitigations(case["id"]) if one.began_at is not None]
        assert len(begun) <= 1
        assert len(begun) >= fleet.written[name], f"{name} was written to without a permit"
        assert (case["outcome"] == "healed") == (name not in fleet.broken), f"{name}: {case['outcome']}"
        assert case["outcome"] == "healed" or ledger.escalations(case["id"]), f"{name}: {case['outcome']}, nobody told"
        lease = ledger.lease(name)
        assert lease is None or not lease.held(ledger.now()), f"{name} is locked"
    assert [one for one in ledger.episodes() if one.claimed_by] == []
    assert ledger.unfinished() == []
    assert ledger.sweeps(unfinished=True) == []


def tell(record: Record, what: str, fleet: Fleet) -> None:
    """The line of the account."""
    cases = fleet.ledger.cases(limit=10 * len(fleet.members))
    ended = collections.Counter(case["outcome"] for case in cases)
    by_sweep = collections.Counter(one.owner for case in cases for one in fleet.ledger.mitigations(case["id"]))
    words = ", ".join(f"{count} {outcome}" for outcome, count in ended.most_common())
    parts = ", ".join(str(count) for _owner, count in by_sweep.most_common())
    record(TOLD, f"{what}: {words}; {fleet.written.total()} writes, permits by sweep: {parts}")


def test_of_sweeps_that_begin_at_once_exactly_one_acts_on_each_incident(
    build: Build, size: Size, record_property: Record
) -> None:
    fleet = build(size.alerts)
    at_once(fleet, size.sweeps)
    more = sweep_until_quiet(fleet)
    tell(record_property, f"{size.sweeps} sweeps over {size.alerts} alerts, {more} after", fleet)
    check_each_acted_on_once(fleet)
    assert fleet.broken == set()


@pytest.mark.parametrize("off_by", ["3600", "-3600"])
def test_a_controller_whose_clock_is_an_hour_wrong_takes_nothing_from_another(
    build: Build, off_by: str, record_property: Record
) -> None:
    fleet = build(16)
    fleet.alertmanager.spread = 2
    wrong = {"PYTHONPATH": str(SKEWED), "CLOCK_IS_OFF_BY": off_by}
    begun = [fleet.begin(), fleet.begin(**wrong)]
    for one in begun:
        fleet.finish(one, LONGEST).ended_well()
    fleet.what_is_mended_resolves()
    fleet.sweep(**wrong).ended_well()
    tell(record_property, f"two controllers, one clock off by {off_by} s", fleet)
    check_each_acted_on_once(fleet)
    assert fleet.broken == set()
    told = [line.event for case in fleet.cases() for line in fleet.ledger.timeline(case["id"])]
    assert [event for event in told if "taken over" in event] == []


@pytest.mark.parametrize("how", ["stopped", "crashed"])
def test_where_postgresql_goes_away_and_comes_back_in_between_nothing_is_lost(
    build: Build, server: Postgres, size: Size, how: str, record_property: Record
) -> None:
    alerts = -(-size.alerts // 4)
    fleet = build(alerts)
    fleet.alertmanager.spread = size.sweeps
    begun = [fleet.begin() for _ in range(size.sweeps)]
    assert fleet.wait_for_writes(alerts // 4, LONGEST)
    if how == "stopped":
        server.stop()
    else:
        server.kill()
    runs = [fleet.finish(one, LONGEST) for one in begun]
    server.start()
    assert any(run.code for run in runs), "no sweep noticed"
    more = sweep_until_quiet(fleet)
    tell(record_property, f"PostgreSQL {how} under {size.sweeps} sweeps over {alerts} alerts, {more} after", fleet)
    check_each_acted_on_once(fleet)
