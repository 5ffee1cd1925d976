# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Approvals: asked once, decided once by one human, and good for just what was shown and for just as long."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.binding import approval_id
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Approval, StepRefused
from tests.unit.ledger.helpers import RESTART, at_once, events, opened

NOW = 100.0
HOUR = 3600.0


def question(episode: str, plan: str = "p1", evidence: str = "e1", now: float = NOW, **more: Any) -> Approval:
    """A restart that waits for somebody's yes for an hour."""
    fields: dict[str, Any] = {
        "id": approval_id(episode, plan, evidence),
        "kind": "approval",
        "target": "hetzner",
        "remedy": RESTART,
        "finding": "edge_outage",
        "because": "0 of 3 pods are ready",
        "plan": {"mitigation": "restart"},
        "plan_hash": plan,
        "evidence_hash": evidence,
        "state": "waiting",
        "asked_at": now,
        "expires_at": now + HOUR,
    }
    return Approval(episode=episode, **{**fields, **more})


def waiting(ledger: Ledger, sweep: str = "s1", target: str = "hetzner", due_at: float = 400.0) -> str:
    """The id of an episode that was asked about and left to wait for the answer."""
    episode = opened(ledger, sweep, target)
    ledger.ask([question(episode)], NOW)
    ledger.wait(episode, "approval", due_at, sweep, NOW)
    return episode


def only(ledger: Ledger, episode: str) -> Approval:
    found = ledger.approval_of(episode)
    assert found is not None
    return found


# ---- asking


def test_what_was_asked_comes_back_as_it_was_asked(ledger: Ledger) -> None:
    episode = opened(ledger, "s1")
    asked = question(episode)
    assert ledger.ask([asked], NOW) == [asked]
    assert only(ledger, episode) == asked
    assert events(ledger, episode)[-1] == f"approval {asked.id} is asked for: {RESTART}, for 1 h"


def test_asking_the_same_again_changes_nothing_whatever_state_it_is_in(ledger: Ledger) -> None:
    episode = waiting(ledger)
    first = only(ledger, episode)
    assert ledger.ask([question(episode, now=NOW + 60)], NOW + 60) == [first]
    approved = ledger.decide_approval(first.id, True, "ada", "", NOW + 70)
    assert ledger.ask([question(episode, now=NOW + 80)], NOW + 80) == [approved]
    assert len([line for line in events(ledger, episode) if "is asked for" in line]) == 1


def test_asking_for_nothing_is_no_fault(ledger: Ledger) -> None:
    assert ledger.ask([], NOW) == []
    assert ledger.approvals_of([]) == {}


@pytest.mark.parametrize("changed", [{"plan": "p2"}, {"evidence": "e2"}], ids=["another plan", "other evidence"])
@pytest.mark.parametrize("approved", [False, True])
def test_a_changed_decision_makes_the_open_one_void(ledger: Ledger, changed: dict[str, Any], approved: bool) -> None:
    episode = waiting(ledger)
    former = only(ledger, episode)
    if approved:
        ledger.decide_approval(former.id, True, "ada", "", NOW + 1)
    (new,) = ledger.ask([question(episode, **changed)], NOW + 10)
    assert new.id != former.id
    assert only(ledger, episode) == new
    assert [one.state for one in ledger.approvals(("void",))] == ["void"]
    assert f"the asking {former.id} is void: the decision has changed" in events(ledger, episode)
    with pytest.raises(StepRefused, match=r"is void|already"):
        ledger.decide_approval(former.id, True, "bob", "", NOW + 20)


def test_a_rejection_stands_and_is_not_asked_again(ledger: Ledger) -> None:
    episode = waiting(ledger)
    rejected = ledger.decide_approval(only(ledger, episode).id, False, "ada", "we are in the middle of it", NOW + 1)
    assert ledger.ask([question(episode)], NOW + 60) == [rejected]
    assert only(ledger, episode).decided_why == "we are in the middle of it"


def test_what_ran_out_is_asked_anew_and_the_old_id_opens_nothing(ledger: Ledger) -> None:
    episode = waiting(ledger)
    former = only(ledger, episode)
    later = NOW + HOUR + 1
    (again,) = ledger.ask([question(episode, now=later)], later)
    assert (again.state, again.asked_at, again.expires_at) == ("waiting", later, later + HOUR)
    assert again.id != former.id
    with pytest.raises(StepRefused, match="ran out"):
        ledger.decide_approval(former.id, True, "ada", "", later)
    assert only(ledger, episode) == again


def test_a_decision_that_goes_back_and_forth_needs_a_new_answer_each_time(ledger: Ledger) -> None:
    episode = waiting(ledger)
    names = {only(ledger, episode).id}
    for round_, plan in enumerate(["p2", "p1", "p2", "p1"]):
        (asked,) = ledger.ask([question(episode, plan)], NOW + round_)
        assert asked.state == "waiting"
        names.add(asked.id)
    assert len(names) == 5


def test_proposals_are_kept_once_and_wait_for_nobody(ledger: Ledger) -> None:
    episode = opened(ledger, "s1")
    proposal = question(episode, kind="proposal", state="proposed", expires_at=None)
    assert ledger.ask([proposal], NOW) == ledger.ask([proposal], NOW + 60) == [proposal]
    assert ledger.approval_of(episode) is None
    with pytest.raises(StepRefused, match="proposal"):
        ledger.decide_approval(proposal.id, True, "ada", "", NOW)
    assert events(ledger, episode) == ["opened"]


def test_plans_of_many_incidents_are_asked_in_one_step(ledger: Ledger) -> None:
    episodes = [opened(ledger, "s1", f"t{number}") for number in range(3)]
    asked = ledger.ask([question(episode, target=f"t{number}") for number, episode in enumerate(episodes)], NOW)
    assert ledger.approvals_of(episodes) == dict(zip(episodes, asked, strict=True))


def ask(url: str, episode: str) -> str:
    (asked,) = Ledger.open(url).ask([question(episode)], NOW)
    return asked.id


def test_sweeps_that_ask_at_once_ask_once(url: str, ledger: Ledger) -> None:
    episode = opened(ledger, "s1")
    assert len(set(at_once(ask, [(url, episode)] * 5))) == 1
    assert len(ledger.approvals()) == 1


# ---- deciding


def test_a_decision_says_who_and_why_and_makes_the_incident_due_at_once(ledger: Ledger) -> None:
    episode = waiting(ledger, due_at=400.0)
    name = only(ledger, episode).id
    decided = ledger.decide_approval(name[:8], True, "ada", "seen on the dashboard", 150.0)
    assert (decided.state, decided.decided_by, decided.decided_why) == ("approved", "ada", "seen on the dashboard")
    assert decided.decided_at == 150.0
    assert [one.id for one in ledger.due(150.0)] == [episode]
    line = ledger.timeline(episode)[-1]
    assert line.event == f"approved by ada ({name}): seen on the dashboard"
    assert (line.detail["who"], line.detail["why"]) == ("ada", "seen on the dashboard")


def test_a_rejection_is_looked_at_at_once_as_well(ledger: Ledger) -> None:
    episode = waiting(ledger)
    assert ledger.decide_approval(only(ledger, episode).id, False, "ada", "no", 150.0).state == "rejected"
    assert [one.id for one in ledger.due(150.0)] == [episode]


def test_the_second_to_decide_is_told_who_did_and_why(ledger: Ledger) -> None:
    name = only(ledger, waiting(ledger)).id
    ledger.decide_approval(name, False, "ada", "a deploy is running", 150.0)
    with pytest.raises(StepRefused, match=r"rejected already, by ada, 30 s ago: a deploy is running"):
        ledger.decide_approval(name, True, "bob", "go", 180.0)
    assert ledger.find_approval(name).decided_by == "ada"


def decide(url: str, name: str, who: str) -> str:
    try:
        return Ledger.open(url).decide_approval(name, who != "bob", who, "", 150.0).decided_by
    except StepRefused as refusal:
        return str(refusal)


def test_of_people_who_decide_at_once_one_counts_and_the_others_hear_of_it(url: str, ledger: Ledger) -> None:
    episode = waiting(ledger)
    name = only(ledger, episode).id
    people = ["ada", "bob", "cleo", "dan", "eve"]
    answers = at_once(decide, [(url, name, who) for who in people])
    winner = only(ledger, episode).decided_by
    assert sorted(answer for answer in answers if answer in people) == [winner]
    assert sum(f"already, by {winner}" in answer for answer in answers) == 4
    assert len([line for line in events(ledger, episode) if f"by {winner}" in line]) == 1


@pytest.mark.parametrize("name", ["", "3f9", "%%%%", "____", "feedbeef"])
def test_what_names_no_plan_is_refused(ledger: Ledger, name: str) -> None:
    waiting(ledger)
    with pytest.raises(StepRefused, match=r"no plan|at least 4"):
        ledger.decide_approval(name, True, "ada", "", NOW)


def test_a_beginning_that_several_plans_have_decides_none(ledger: Ledger) -> None:
    episodes = [opened(ledger, "s1", target) for target in ("a", "b")]
    names = ["abcdef000001", "abcdef000002"]
    ledger.ask([question(one, id=name) for one, name in zip(episodes, names, strict=True)], NOW)
    with pytest.raises(StepRefused, match=r"begins several ids: .*abcdef000002"):
        ledger.decide_approval("abcdef", True, "ada", "", NOW)
    assert {one.state for one in ledger.approvals()} == {"waiting"}


def test_at_the_very_end_of_its_time_it_cannot_be_decided_any_more(ledger: Ledger) -> None:
    episode = waiting(ledger)
    name = only(ledger, episode).id
    with pytest.raises(StepRefused, match="ran out"):
        ledger.decide_approval(name, True, "ada", "", NOW + HOUR)
    assert ledger.decide_approval(name, True, "ada", "", NOW + HOUR - 1).state == "approved"


def test_what_a_wrong_clock_asked_for_in_the_future_cannot_be_decided(ledger: Ledger) -> None:
    episode = opened(ledger, "s1")
    far = NOW + 86400.0
    ledger.ask([question(episode, now=far)], far)
    with pytest.raises(StepRefused, match="a clock is wrong"):
        ledger.decide_approval(only(ledger, episode).id, True, "ada", "", NOW)


def test_a_plan_of_an_incident_that_is_over_cannot_be_decided(ledger: Ledger) -> None:
    episode = opened(ledger, "s1")
    (one,) = ledger.ask([question(episode)], NOW)
    ledger.close_episode(episode, "resolved", "s1", NOW)
    with pytest.raises(StepRefused, match="over"):
        ledger.decide_approval(one.id, True, "ada", "", NOW)


def test_secrets_in_a_reason_are_not_kept(ledger: Ledger) -> None:
    episode = waiting(ledger)
    decided = ledger.decide_approval(only(ledger, episode).id, True, "ada", "password=pl4nted-s3cret", NOW)
    assert "pl4nted" not in decided.decided_why
    assert "pl4nted" not in "".join(events(ledger, episode))


def test_an_answer_that_comes_while_the_sweep_still_works_on_it_is_not_put_off_with_it(ledger: Ledger) -> None:
    episode = opened(ledger, "s1")
    (one,) = ledger.ask([question(episode)], NOW)
    ledger.decide_approval(one.id, True, "ada", "", NOW + 1)
    ledger.wait(episode, "approval", 900.0, "s1", NOW + 2)
    assert [each.id for each in ledger.due(NOW + 2)] == [episode]


def test_without_an_answer_it_is_put_off_as_the_sweep_says(ledger: Ledger) -> None:
    episode = waiting(ledger, due_at=400.0)
    assert ledger.due(399.0) == []
    assert [each.id for each in ledger.due(400.0)] == [episode]


def test_an_answer_to_an_earlier_question_does_not_hurry_the_later_one(ledger: Ledger) -> None:
    episode = opened(ledger, "s1")
    (one,) = ledger.ask([question(episode)], NOW)
    ledger.decide_approval(one.id, False, "ada", "no", NOW + 1)
    ledger.ask([question(episode, plan="p2")], NOW + 2)
    ledger.wait(episode, "approval", 900.0, "s1", NOW + 3)
    assert ledger.due(899.0) == []


def leave(url: str, episode: str) -> None:
    Ledger.open(url).wait(episode, "approval", 900.0, "s1", NOW + 1)


def answer(url: str, name: str) -> None:
    Ledger.open(url).decide_approval(name, True, "ada", "", NOW + 1)


def either(url: str, episode: str, name: str) -> None:
    """One process leaves the episode, the other answers."""
    if name:
        answer(url, name)
    else:
        leave(url, episode)


def test_answering_and_leaving_at_the_same_moment_never_loses_the_answer(url: str, ledger: Ledger) -> None:
    for number in range(5):
        target, sweep = f"t{number}", "s1"
        episode = opened(ledger, sweep, target)
        (one,) = ledger.ask([question(episode, target=target)], NOW)
        assert at_once(either, [(url, episode, ""), (url, episode, one.id)]) == [None, None]
        assert episode in [each.id for each in ledger.due(NOW + 1)]


# ---- running out, and how it turned out


@pytest.mark.parametrize(
    ("approved", "words"), [(False, "nobody answered"), (True, "approved by ada and not used in time")]
)
def test_what_ran_out_says_whether_anybody_had_answered(ledger: Ledger, approved: bool, words: str) -> None:
    episode = waiting(ledger)
    asked = only(ledger, episode)
    if approved:
        asked = ledger.decide_approval(asked.id, True, "ada", "", NOW + 1)
    assert ledger.expire_approvals(NOW + HOUR - 1) == []
    assert ledger.expire_approvals(NOW + HOUR) == [dataclasses.replace(asked, state="expired")]
    assert ledger.expire_approvals(NOW + HOUR) == []
    assert events(ledger, episode)[-1] == f"the asking {asked.id} ran out: {words}"


def test_how_an_incident_turned_out_is_kept_with_its_plans_once(ledger: Ledger) -> None:
    episode = opened(ledger, "s1")
    ledger.ask([question(episode, kind="proposal", state="proposed", expires_at=None)], NOW)
    ledger.turned_out(episode, "resolved", 200.0)
    ledger.turned_out(episode, "healed", 300.0)
    (one,) = ledger.approvals()
    assert (one.outcome, one.ended_at, one.state) == ("resolved", 200.0, "proposed")


def test_what_still_waits_when_the_incident_is_over_becomes_void(ledger: Ledger) -> None:
    episode = waiting(ledger)
    ledger.turned_out(episode, "resolved", 200.0)
    assert ledger.approval_of(episode) is None
    assert [(one.state, one.outcome) for one in ledger.approvals()] == [("void", "resolved")]


def test_closing_an_incident_tells_its_plans_how_it_turned_out(ledger: Ledger) -> None:
    proposed, asked = opened(ledger, "s1", "a"), opened(ledger, "s1", "b")
    ledger.ask([question(proposed, kind="proposal", state="proposed", expires_at=None), question(asked)], NOW)
    ledger.close_episode(proposed, "resolved", "s1", 150.0)
    ledger.close_episode(asked, "resolved", "s1", 150.0)
    found = {one.episode: (one.state, one.outcome, one.ended_at) for one in ledger.approvals()}
    assert found == {proposed: ("proposed", "resolved", 150.0), asked: ("void", "resolved", 150.0)}


def test_an_incident_that_waits_on_leaves_its_plans_without_an_outcome(ledger: Ledger) -> None:
    episode = waiting(ledger)
    assert only(ledger, episode).outcome == ""
    assert only(ledger, episode).state == "waiting"


def test_they_are_listed_newest_first_by_state_and_time(ledger: Ledger) -> None:
    a, b = opened(ledger, "s1", "a"), opened(ledger, "s1", "b")
    ledger.ask([question(a, target="a")], 100.0)
    ledger.ask([question(b, target="b", now=200.0)], 200.0)
    ledger.decide_approval(only(ledger, a).id, True, "ada", "", 210.0)
    assert [one.target for one in ledger.approvals()] == ["b", "a"]
    assert [one.target for one in ledger.approvals(limit=1)] == ["b"]
    assert [one.target for one in ledger.approvals(since=150.0)] == ["b"]
    assert [one.target for one in ledger.approvals(("approved", "used"))] == ["a"]
