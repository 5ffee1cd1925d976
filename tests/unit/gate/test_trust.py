# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Earned autonomy: what takes trust away, what makes up for it, and what a human is told could be trusted with more."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Approval, Mitigation, Standing
from ansible_collections.oncall.remedy.plugins.plugin_utils.trust import demotion, track_record
from tests.unit.gate.views import NOW, REMEDY, approval, healed, relapse, standing

HOUR = 3600.0


def fallen(found: Standing, trusted_since: float = 0.0) -> int | None:
    """How many approved heals have held since the one that did not, or None where it is not demoted."""
    demoted = demotion(found, REMEDY, trusted_since, HOUR, NOW)
    return None if demoted is None else demoted.held


def approved(*hours_ago: float, **more: Any) -> tuple[Mitigation, ...]:
    return tuple(healed(hours, approval=f"a{hours}", **more) for hours in hours_ago)


@pytest.mark.parametrize(
    ("found", "held"),
    [
        (standing(), None),
        (standing(relapses=(relapse(24),)), 0),
        (standing(relapses=(relapse(24, remedy="another"),)), None),
        (standing(relapses=(relapse(24),), history=approved(20, 10)), 2),
        (standing(relapses=(relapse(24),), history=approved(20, 10, 5)), None),
        # Not one that is too young to have held, was before it, was nobody's yes, did not heal, or was another's.
        (standing(relapses=(relapse(24),), history=approved(20, 10, 0.9)), 2),
        (standing(relapses=(relapse(24),), history=approved(20, 10, 1)), None),
        (standing(relapses=(relapse(24),), history=approved(25, 20, 10)), 2),
        (standing(relapses=(relapse(24),), history=(*approved(20, 10), healed(5))), 2),
        (standing(relapses=(relapse(24),), history=(*approved(20, 10), *approved(5, verified="not_healed"))), 2),
        (standing(relapses=(relapse(24),), history=(*approved(20, 10), *approved(5, remedy="another"))), 2),
        (standing(relapses=(relapse(24),), history=(*approved(20, 10), *approved(5, ended_at=None))), 2),
        # What comes back once more begins anew.
        (standing(relapses=(relapse(24), relapse(9)), history=approved(20, 10, 5)), 1),
    ],
)
def test_a_heal_that_did_not_hold_is_made_up_for_by_three_that_humans_allowed(
    found: Standing, held: int | None
) -> None:
    assert fallen(found) == held


def test_trust_that_is_younger_than_the_relapse_forgives_it_and_older_trust_does_not() -> None:
    found = standing(relapses=(relapse(24),))
    assert fallen(found, NOW - 24 * HOUR + 1) is None
    assert fallen(found, NOW - 24 * HOUR) == 0


def yes(hours_ago: float, **more: Any) -> Approval:
    return approval(**{"state": "used", "decided_at": NOW - hours_ago * HOUR, "outcome": "healed", **more})


def proposal(outcome: str = "resolved", **more: Any) -> Approval:
    return approval(kind="proposal", state="proposed", decided_at=None, outcome=outcome, **more)


def suggestion(done: Any = (), shown: Any = (), relapses: Any = (), trusted_since: float = 0.0) -> str:
    (record,) = track_record(done, shown, relapses, NOW, HOUR, {"hetzner": trusted_since})
    return record.suggestion


FIVE = (50, 40, 30, 20, 10)


@pytest.mark.parametrize(
    ("done", "shown", "relapses", "says"),
    [
        (approved(*FIVE), [], [], "could be act: the last 5 approved heals have held"),
        (approved(*FIVE[1:]), [], [], ""),
        (approved(*FIVE[1:], 0.5), [], [], ""),
        ((*approved(*FIVE[1:]), healed(5)), [], [], ""),
        ((*approved(*FIVE), *approved(5, verified="not_healed")), [], [], ""),
        ((*approved(60, verified="cannot_tell"), *approved(*FIVE)), [], [], "could be act"),
        (approved(*FIVE), [yes(5, state="rejected")], [], ""),
        (approved(*FIVE), [yes(55, state="rejected")], [], "could be act"),
        (approved(*FIVE), [], [relapse(45)], ""),
        (approved(*FIVE), [], [relapse(55)], "could be act"),
        (approved(20, 10), [], [relapse(25)], "demoted: a heal did not hold; 2 of 3 approved heals have held since"),
        ([], [proposal() for _ in range(5)], [], "could be approve: it was proposed 5 times"),
        ([], [proposal() for _ in range(4)], [], ""),
        ([], [*(proposal() for _ in range(4)), proposal("")], [], ""),
        ([], [*(proposal() for _ in range(5)), yes(5)], [], ""),
    ],
)
def test_more_trust_is_suggested_after_a_row_of_good_endings_and_never_given(
    done: Any, shown: Any, relapses: Any, says: str
) -> None:
    found = suggestion(done, shown, relapses)
    assert found.startswith(says)
    assert bool(found) is bool(says)


def test_the_counts_are_of_one_remedy_on_one_target() -> None:
    mitigations = [
        healed(10),
        healed(9, verified="not_healed"),
        healed(8, verified="", outcome="failed"),
        healed(7, target="another"),
        healed(6, undoes="p1"),
        healed(5, began_at=None),
    ]
    shown = [yes(5), yes(4, state="rejected"), yes(3, state="expired"), proposal(), proposal("", target="another")]
    another, hetzner = track_record(mitigations, shown, [relapse(1), relapse(2)], NOW, HOUR)
    assert (another.target, another.healed, another.proposed, another.asked) == ("another", 1, 1, 0)
    assert (hetzner.target, hetzner.remedy) == ("hetzner", REMEDY)
    assert (hetzner.proposed, hetzner.asked, hetzner.approved, hetzner.rejected) == (1, 3, 1, 1)
    assert (hetzner.resolved, hetzner.healed, hetzner.not_healed, hetzner.relapsed) == (1, 1, 2, 2)
