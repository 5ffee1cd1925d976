# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Heals that did not hold, and what the verification and the approval learn of each other."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import (
    Approval,
    Held,
    Mitigation,
    PermitRefused,
    Relapse,
    StepRefused,
)
from tests.unit.ledger.helpers import RESTART, incident, intent, opened

HOUR = 3600.0


def ended(ledger: Ledger, at: float, *remedies: str, outcome: str = "healed", **more: Any) -> str:
    """The id of an episode that ends a second after ``at``; of several remedies the first is the one that healed."""
    episode = opened(ledger, "s1", now=at, **more)
    target = ledger.episode(episode).target
    for number, remedy in enumerate(remedies):
        permit = ledger.issue_permit(intent(ledger, episode, "s1", target, at, remedy=remedy), at)
        assert isinstance(permit, Mitigation)
        ledger.consume(permit.permit, target, at)
        ledger.finished(permit.permit, "done", {}, at)
        ledger.verified(permit.permit, "not_healed" if number else outcome, at)
    ledger.close_episode(episode, outcome, "s1", at + 1)
    return episode


def relapses(ledger: Ledger, since: float = 0.0, must_hold: float = HOUR) -> tuple[Relapse, ...]:
    return ledger.standings(["hetzner"], since, must_hold)["hetzner"].relapses


def test_what_comes_back_within_the_time_that_a_heal_has_to_hold_is_a_relapse(ledger: Ledger) -> None:
    ended(ledger, 100.0, RESTART)
    assert relapses(ledger) == ()
    ledger.open_episode(incident(), 3000.0)
    assert relapses(ledger) == (Relapse("hetzner", RESTART, 101.0, 3000.0),)


def test_what_comes_back_later_is_none(ledger: Ledger) -> None:
    ended(ledger, 100.0, RESTART)
    ledger.open_episode(incident(), 101.0 + HOUR + 1)
    assert relapses(ledger) == ()
    assert len(relapses(ledger, must_hold=HOUR + 2)) == 1


@pytest.mark.parametrize(
    "other",
    [{"target": "honeydue"}, {"runbook": "target_down", "alertname": "TargetDown"}],
    ids=["another target", "another runbook"],
)
def test_something_else_that_begins_is_none(ledger: Ledger, other: dict[str, str]) -> None:
    ended(ledger, 100.0, RESTART)
    ledger.open_episode(incident(**other), 200.0)
    assert relapses(ledger) == ()


def test_what_got_well_by_itself_or_was_not_healed_cannot_relapse(ledger: Ledger) -> None:
    ended(ledger, 100.0)
    ended(ledger, 200.0, RESTART, outcome="not_healed")
    ledger.open_episode(incident(), 300.0)
    assert relapses(ledger) == ()


def test_the_remedy_of_a_relapse_is_the_one_that_healed(ledger: Ledger) -> None:
    ended(ledger, 100.0, "rollback", "restart")
    ledger.open_episode(incident(), 200.0)
    assert [one.remedy for one in relapses(ledger)] == ["rollback"]


def test_a_heal_relapses_once_however_often_it_comes_back(ledger: Ledger) -> None:
    ended(ledger, 100.0, RESTART)
    ended(ledger, 200.0, outcome="resolved")
    ledger.open_episode(incident(), 300.0)
    assert relapses(ledger) == (Relapse("hetzner", RESTART, 101.0, 200.0),)


def test_relapses_are_those_that_came_back_since_then_oldest_first(ledger: Ledger) -> None:
    for at in (100.0, 1000.0, 2000.0):
        ended(ledger, at, RESTART)
    assert [one.back_at for one in relapses(ledger)] == [1000.0, 2000.0]
    assert [one.back_at for one in relapses(ledger, since=1500.0)] == [2000.0]


# ---- verified


def used(ledger: Ledger, **more: Any) -> Mitigation:
    episode = opened(ledger, "s1")
    answer = ledger.issue_permit(intent(ledger, episode, "s1", **more), 100.0)
    assert isinstance(answer, Mitigation), answer
    return ledger.consume(answer.permit, "hetzner", 110.0)


def test_what_the_verification_said_is_kept_with_the_mitigation(ledger: Ledger) -> None:
    permit = used(ledger).permit
    assert ledger.mitigation(permit).verified == ""
    with pytest.raises(StepRefused, match="nothing to verify"):
        ledger.verified(permit, "healed", 115.0)
    ledger.finished(permit, "done", {}, 120.0)
    ledger.verified(permit, "not_healed", 130.0)
    assert ledger.mitigation(permit).verified == "not_healed"
    with pytest.raises(PermitRefused, match="there is no permit"):
        ledger.verified("nothing", "healed", 130.0)


# ---- approvals


def approved(ledger: Ledger, now: float = 100.0, **more: Any) -> Approval:
    """One of an episode that sweep s1 works on, approved at ``now`` and good for an hour."""
    fields: dict[str, Any] = {
        "kind": "approval",
        "target": "hetzner",
        "remedy": RESTART,
        "finding": "edge_outage",
        "because": "0 of 3 pods are ready",
        "plan": {},
        "plan_hash": "p",
        "evidence_hash": "e",
        "state": "waiting",
        "asked_at": now,
        "expires_at": now + HOUR,
    }
    episode = opened(ledger, "s1", now=now)
    (asked,) = ledger.ask([Approval(id="0123456789ab", episode=episode, **{**fields, **more})], now)
    return ledger.decide_approval(asked.id, True, "ada", "looks right", now)


def with_approval(ledger: Ledger, approval: Approval, now: float = 200.0, **more: Any) -> Mitigation | Held:
    wanted = intent(ledger, approval.episode, "s1", now=now, approval=approval.id, **more)
    return ledger.issue_permit(wanted, now)


def test_an_approval_is_used_up_by_its_permit_and_learns_how_it_turned_out(ledger: Ledger) -> None:
    approval = approved(ledger)
    permit = with_approval(ledger, approval)
    assert isinstance(permit, Mitigation)
    assert permit.approval == approval.id
    now = ledger.approvals_of([approval.episode])[approval.episode]
    assert (now.state, now.permit, now.outcome) == ("used", permit.permit, "")
    ledger.consume(permit.permit, "hetzner", 210.0)
    ledger.finished(permit.permit, "done", {}, 220.0)
    ledger.verified(permit.permit, "healed", 230.0)
    now = ledger.approvals_of([approval.episode])[approval.episode]
    assert (now.outcome, now.ended_at) == ("healed", 230.0)


def test_an_approval_is_good_for_one_permit(ledger: Ledger) -> None:
    approval = approved(ledger)
    first = with_approval(ledger, approval)
    assert isinstance(first, Mitigation)
    ledger.void(first.permit, "the host vanished", 210.0)
    answer = with_approval(ledger, approval, 220.0)
    assert answer == Held("hetzner", "the approval 01234567 was used already")


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"plan_hash": "another"}, "for another plan, or on other evidence"),
        ({"evidence_hash": "another"}, "for another plan, or on other evidence"),
        ({"approval": "fedcba98"}, "there is no approval fedcba98"),
    ],
)
def test_an_approval_is_good_for_what_it_was_given_for(ledger: Ledger, changed: dict[str, Any], says: str) -> None:
    approval = approved(ledger)
    wanted = intent(ledger, approval.episode, "s1", **{"approval": approval.id, **changed})
    answer = ledger.issue_permit(wanted, 100.0)
    assert isinstance(answer, Held)
    assert says in answer.reason
    assert ledger.lease("hetzner") is None
    assert ledger.approvals_of([approval.episode])[approval.episode].state == "approved"


def test_an_approval_of_another_incident_is_good_for_nothing(ledger: Ledger) -> None:
    approval = approved(ledger)
    other = opened(ledger, "s1", alertname="Other")
    answer = ledger.issue_permit(intent(ledger, other, "s1", approval=approval.id), 100.0)
    assert answer == Held("hetzner", "the approval 01234567 is for another incident")


def test_an_approval_that_ran_out_is_good_for_nothing(ledger: Ledger) -> None:
    approval = approved(ledger)
    ledger.claim(approval.episode, "s1", 1e4, 100.0 + HOUR)
    answer = with_approval(ledger, approval, 100.0 + HOUR)
    assert answer == Held("hetzner", "the approval 01234567 ran out")


def test_a_permit_that_is_held_for_another_reason_does_not_use_up_the_approval(ledger: Ledger) -> None:
    approval = approved(ledger)
    ledger.acquire("hetzner", opened(ledger, "s2", alertname="Other"), "s2", 600.0, 150.0)
    assert isinstance(with_approval(ledger, approval), Held)
    assert ledger.approvals_of([approval.episode])[approval.episode].state == "approved"
