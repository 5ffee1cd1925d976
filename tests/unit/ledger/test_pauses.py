# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Pauses: in force until they end or are lifted, never nameless and never for ever."""

from __future__ import annotations

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.pauses import PAUSE_MAX
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Pause, StepRefused
from tests.unit.ledger.helpers import at_once, opened


def test_a_pause_is_in_force_until_it_ends(ledger: Ledger) -> None:
    made = ledger.pause("hetzner", "a disk is being changed", "ada", ends_at=200.0, now=100.0)
    assert ledger.pauses(100.0) == ledger.pauses(199.0) == (made,)
    assert ledger.pauses(200.0) == ()
    assert made.holds(199.0)
    assert not made.holds(200.0)


def test_pauses_stand_beside_each_other_and_the_first_to_end_is_in_front(ledger: Ledger) -> None:
    long = ledger.pause("", "a game day", "bob", 900.0, 100.0)
    short = ledger.pause("hetzner", "a disk", "ada", 200.0, 100.0)
    assert ledger.pauses(150.0) == (short, long)
    assert ledger.pauses(250.0) == (long,)


@pytest.mark.parametrize(("reason", "owner"), [("", "ada"), ("a disk", "")])
def test_a_pause_without_a_reason_or_an_owner_is_refused(ledger: Ledger, reason: str, owner: str) -> None:
    with pytest.raises(StepRefused, match="an owner and a reason"):
        ledger.pause("hetzner", reason, owner, 200.0, 100.0)


@pytest.mark.parametrize("ends_at", [99.0, 100.0, 101.0 + PAUSE_MAX])
def test_a_pause_that_is_over_or_for_ever_is_refused(ledger: Ledger, ends_at: float) -> None:
    with pytest.raises(StepRefused, match="at most 30 d"):
        ledger.pause("hetzner", "a disk", "ada", ends_at, 100.0)


def test_lifting_ends_the_pauses_of_that_target_and_no_others(ledger: Ledger) -> None:
    mine = ledger.pause("hetzner", "a disk", "ada", 900.0, 100.0)
    others = [ledger.pause("other", "a disk", "ada", 900.0, 100.0), ledger.pause("", "a game day", "bob", 950.0, 100.0)]
    (lifted,) = ledger.lift("hetzner", "cleo", 150.0)
    assert (lifted.id, lifted.lifted_at, lifted.lifted_by) == (mine.id, 150.0, "cleo")
    assert ledger.pauses(150.0) == tuple(others)
    assert ledger.lift("hetzner", "cleo", 160.0) == []


def test_the_pause_of_everything_is_lifted_by_naming_nothing(ledger: Ledger) -> None:
    ledger.pause("", "a game day", "bob", 900.0, 100.0)
    kept = ledger.pause("hetzner", "a disk", "ada", 900.0, 100.0)
    assert len(ledger.lift("", "bob", 150.0)) == 1
    assert ledger.pauses(150.0) == (kept,)


def test_one_pause_is_lifted_by_the_beginning_of_its_id(ledger: Ledger) -> None:
    first, second = (ledger.pause("hetzner", why, "ada", 900.0, 100.0) for why in ("a", "b"))
    assert [one.id for one in ledger.lift(first.id[:8], "ada", 150.0)] == [first.id]
    assert ledger.pauses(150.0) == (second,)
    assert ledger.lift(first.id, "ada", 160.0) == []
    assert ledger.lift("zzzz", "ada", 160.0) == []


def test_what_was_held_is_looked_at_anew_as_soon_as_a_pause_is_lifted(ledger: Ledger) -> None:
    held, told = opened(ledger, "s1", "a"), opened(ledger, "s1", "b")
    ledger.wait(held, "held", 900.0, "s1", 100.0)
    ledger.wait(told, "human", 900.0, "s1", 100.0)
    ledger.pause("a", "a disk", "ada", 900.0, 100.0)
    ledger.lift("nothing", "ada", 150.0)
    assert ledger.due(150.0) == []
    ledger.lift("a", "ada", 150.0)
    assert [one.id for one in ledger.due(150.0)] == [held]


def lift(url: str) -> list[Pause]:
    return Ledger.open(url).lift("hetzner", "ada", 150.0)


def test_of_people_who_lift_it_at_once_one_has(url: str, ledger: Ledger) -> None:
    ledger.pause("hetzner", "a disk", "ada", 900.0, 100.0)
    assert sorted(map(len, at_once(lift, [(url,)] * 4))) == [0, 0, 0, 1]
