# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hundreds of alerts in one sweep: few are acted on, and a human is called once."""

from __future__ import annotations

import collections
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.faults.humans import Humans, listening
from tests.support.fleet import FAULTS, GROUP, Fleet

ALERTS = 200
PUT_OFF = 400.0

Build = Callable[[int], tuple[Fleet, Humans]]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    """Makes a fleet of that size, and those who are called about it."""
    with contextlib.ExitStack() as stack:

        def make(size: int) -> tuple[Fleet, Humans]:
            fleet = stack.enter_context(Fleet(tmp_path, size))
            return fleet, stack.enter_context(listening(fleet))

        yield make


def sweep_later(fleet: Fleet) -> None:
    """The next sweep, after everything that was put off is due."""
    fleet.later(PUT_OFF)
    fleet.what_is_mended_resolves()
    fleet.sweep().ended_well()


def test_of_a_whole_group_no_more_is_mended_than_may_be_at_once_and_one_call_tells_that_it_does_not_help(
    build: Build,
) -> None:
    fleet, humans = build(ALERTS)
    fleet.settings["remedy_group"] = {"name": GROUP, "at_once": 5}
    fleet.heals = False
    fleet.break_all()

    fleet.sweep().ended_well()
    assert collections.Counter(fleet.written.values()) == {1: 5}
    assert len(humans.calls) == 1, humans.calls

    sweep_later(fleet)
    assert fleet.written.total() == 5, "what did not help five is not done to the others"
    assert len(humans.calls) == 1, humans.calls
    outcomes = {case["outcome"] for case in fleet.ledger.cases(limit=10 * ALERTS)}
    assert outcomes == {"held"}


def test_a_group_that_can_be_mended_is_mended_a_part_at_a_time_and_nobody_is_called(build: Build) -> None:
    fleet, humans = build(30)
    fleet.settings["remedy_group"] = {"name": GROUP, "at_once": "20%"}
    fleet.break_all()
    fleet.sweep().ended_well()
    mended = [fleet.written.total()]
    for _ in range(4):
        sweep_later(fleet)
        mended.append(fleet.written.total())
    assert mended == [6, 12, 18, 24, 30]
    assert set(fleet.written.values()) == {1}
    assert humans.calls == []


def test_an_outage_of_no_known_group_is_mended_once_before_anything_else(build: Build) -> None:
    fleet, _humans = build(30)
    del fleet.settings["remedy_group"]
    fleet.break_all()
    fleet.sweep().ended_well()
    assert fleet.written.total() == 1
    sweep_later(fleet)
    assert fleet.written.total() <= 1 + 30 // 10


def test_unrelated_failures_by_the_dozen_are_left_alone_told_once_and_mended_when_the_storm_is_over(
    build: Build,
) -> None:
    fleet, humans = build(12)
    del fleet.settings["remedy_group"]
    fleet.settings |= {
        "remedy_storm": {"begins": 10, "ends": 5},
        "remedy_playbooks": [str(runbooks_of_different_kinds(fleet))],
    }
    fleet.broken = set(fleet.members)
    for number, name in enumerate(fleet.members):
        fleet.alertmanager.fire(f"Kind{number}", {"cluster": name})

    fleet.sweep().ended_well()
    assert fleet.written.total() == 0
    assert len(humans.calls) == 1, humans.calls

    fleet.broken = set(fleet.members[:7])  # fewer than it takes to begin, more than to end
    sweep_later(fleet)
    assert fleet.written.total() == 0

    fleet.broken = set(fleet.members[:4])
    sweep_later(fleet)
    assert sorted(fleet.written) == fleet.members[:4]
    assert set(fleet.written.values()) == {1}


def runbooks_of_different_kinds(fleet: Fleet) -> Path:
    """A runbook for the alert of each member: so their failures have nothing to do with each other."""
    folder = fleet.folder / "runbooks"
    folder.mkdir()
    text = (FAULTS / "runbooks" / "member_down.yml").read_text()
    for number in range(len(fleet.members)):
        plays = yaml.safe_load(text)
        plays[0]["vars"]["runbook"]["alerts"] = [f"Kind{number}"]
        (folder / f"kind_{number}.yml").write_text(yaml.safe_dump(plays, sort_keys=False))
    return folder
