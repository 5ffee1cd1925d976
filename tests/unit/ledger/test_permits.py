# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lock of a target, the permit that comes with it, and what a later gate learns of both."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import (
    LEASE_MAX,
    Held,
    Lease,
    Mitigation,
    PermitRefused,
    StepRefused,
)
from tests.unit.ledger.helpers import RESTART, asked, at_once, events, incident, intent, opened, permitted

# ---- leases


def test_a_target_has_one_holder_until_the_lease_runs_out(ledger: Ledger) -> None:
    first, second = opened(ledger, "s1"), opened(ledger, "s2", alertname="Other")
    assert isinstance(ledger.acquire("hetzner", first, "s1", 60.0, 100.0), Lease)
    held = ledger.acquire("hetzner", second, "s2", 60.0, 159.0)
    assert isinstance(held, Held)
    assert held.reason == f"hetzner is held by s1 for episode {first[:8]}, for at most 1 s more"
    taken = ledger.acquire("hetzner", second, "s2", 60.0, 160.0)
    assert isinstance(taken, Lease)
    assert taken.fence == 2


def test_taking_over_a_lease_that_ran_out_stands_in_both_timelines(ledger: Ledger) -> None:
    first, second = opened(ledger, "s1"), opened(ledger, "s2", alertname="Other")
    ledger.acquire("hetzner", first, "s1", 60.0, 100.0)
    ledger.acquire("hetzner", second, "s2", 60.0, 170.0)
    assert "lease taken over by s2, 10 s after it ran out" in events(ledger, first)
    assert "lease taken over from s1, 10 s after it ran out" in events(ledger, second)


def test_a_lease_that_was_given_back_is_free_and_no_takeover(ledger: Ledger) -> None:
    first, second = opened(ledger, "s1"), opened(ledger, "s2", alertname="Other")
    lease = ledger.acquire("hetzner", first, "s1", 60.0, 100.0)
    assert isinstance(lease, Lease)
    assert ledger.release("hetzner", lease.fence, 110.0)
    assert isinstance(ledger.acquire("hetzner", second, "s2", 60.0, 111.0), Lease)
    assert events(ledger, first) + events(ledger, second) == ["opened", "opened"]


def test_a_late_release_does_not_free_the_next_holders_lease(ledger: Ledger) -> None:
    first, second = opened(ledger, "s1"), opened(ledger, "s2", alertname="Other")
    old = ledger.acquire("hetzner", first, "s1", 60.0, 100.0)
    assert isinstance(old, Lease)
    ledger.acquire("hetzner", second, "s2", 60.0, 170.0)
    assert not ledger.release("hetzner", old.fence, 171.0)
    now = ledger.lease("hetzner")
    assert now is not None
    assert now.held(171.0)


def test_the_holder_asking_again_lengthens_the_lease_under_the_same_fence(ledger: Ledger) -> None:
    episode = opened(ledger, "s1")
    first = ledger.acquire("hetzner", episode, "s1", 60.0, 100.0)
    again = ledger.acquire("hetzner", episode, "s1", 60.0, 130.0)
    shorter = ledger.acquire("hetzner", episode, "s1", 1.0, 130.0)
    assert isinstance(first, Lease)
    assert again == shorter == dataclasses.replace(first, expires_at=190.0)


def test_a_decision_on_an_old_picture_gets_no_lease(ledger: Ledger) -> None:
    first, second = opened(ledger, "s1"), opened(ledger, "s2", alertname="Other")
    lease = ledger.acquire("hetzner", first, "s1", 60.0, 100.0, fence_seen=0)
    assert isinstance(lease, Lease)
    ledger.release("hetzner", lease.fence, 101.0)
    held = ledger.acquire("hetzner", second, "s2", 60.0, 102.0, fence_seen=0)
    assert held == Held("hetzner", "somebody else has held the lease of hetzner since this was decided")


def test_a_lease_made_by_a_wrong_clock_holds_and_says_so(ledger: Ledger) -> None:
    first, second = opened(ledger, "s1"), opened(ledger, "s2", alertname="Other")
    ledger.acquire("hetzner", first, "s1", 60.0, 1e9)
    held = ledger.acquire("hetzner", second, "s2", 60.0, 100.0)
    assert isinstance(held, Held)
    assert "a clock is or was wrong" in held.reason


@pytest.mark.parametrize("ttl", [0.0, -1.0, LEASE_MAX + 1, math.nan])
def test_a_lease_for_no_time_or_for_ever_is_refused(ledger: Ledger, ttl: float) -> None:
    with pytest.raises(ValueError, match="a lease lasts"):
        ledger.acquire("hetzner", opened(ledger, "s1"), "s1", ttl, 100.0)


def take_lease(url: str, episode: str, owner: str) -> int:
    answer = Ledger.open(url).acquire("hetzner", episode, owner, 60.0, 100.0)
    return answer.fence if isinstance(answer, Lease) else 0


def test_of_processes_that_race_for_a_target_exactly_one_gets_it(url: str, ledger: Ledger) -> None:
    episodes = [one.id for one in ledger.open_episodes([incident(alertname=f"A{number}") for number in range(6)], 1.0)]
    assert sorted(at_once(take_lease, [(url, episode, episode) for episode in episodes])) == [0, 0, 0, 0, 0, 1]


# ---- permits


def test_the_intent_is_in_the_ledger_before_anything_happens(ledger: Ledger) -> None:
    episode = opened(ledger, "s1")
    permit = permitted(ledger, episode, "s1")
    (found,) = ledger.unfinished()
    assert (found.permit, found.state, found.remedy, found.fence) == (permit, "issued", RESTART, 1)
    assert ledger.episode(episode).state == "permitted"
    assert f"permit for {RESTART}" in events(ledger, episode)


def test_a_permit_is_used_once(ledger: Ledger) -> None:
    permit = permitted(ledger, opened(ledger, "s1"), "s1")
    used = ledger.consume(permit, "hetzner", 110.0)
    assert (used.state, used.began_at, used.plan["mitigation"]) == ("begun", 110.0, "restart")
    with pytest.raises(PermitRefused, match="was used already"):
        ledger.consume(permit, "hetzner", 111.0)


def test_using_a_permit_locks_the_target_for_as_long_as_the_task_may_last(ledger: Ledger) -> None:
    episode = opened(ledger, "s1")
    ledger.consume(permitted(ledger, episode, "s1"), "hetzner", 159.0)
    lease, now = ledger.lease("hetzner"), ledger.episode(episode)
    assert lease is not None
    assert lease.expires_at == 459.0
    assert (now.state, now.due_at, now.claimed_until) == ("mending", 459.0, 700.0)


def test_a_mitigation_that_lasts_longer_than_the_claim_lengthens_the_claim(ledger: Ledger) -> None:
    episode = opened(ledger, "s1")
    answer = ledger.issue_permit(intent(ledger, episode, "s1", hold_for=3600.0), 100.0)
    assert isinstance(answer, Mitigation)
    ledger.consume(answer.permit, "hetzner", 150.0)
    assert ledger.episode(episode).claimed_until == 3750.0


@pytest.mark.parametrize(
    ("target", "now", "says"),
    [
        ("honeydue", 110.0, "is for hetzner, not for honeydue"),
        ("hetzner", 160.0, "ran out 0 s ago"),
        ("hetzner", 1e6, "ran out"),
        ("hetzner", -1000.0, "issued in the future"),
    ],
    ids=["another target", "just run out", "long run out", "clock set back"],
)
def test_a_permit_is_refused(ledger: Ledger, target: str, now: float, says: str) -> None:
    permit = permitted(ledger, opened(ledger, "s1"), "s1")
    with pytest.raises(PermitRefused, match=says):
        ledger.consume(permit, target, now)
    assert ledger.mitigation(permit).state == "issued"


def test_a_made_up_permit_is_refused(ledger: Ledger) -> None:
    for name in ("", "%", "0" * 32):
        with pytest.raises(PermitRefused, match="there is no permit"):
            ledger.consume(name, "hetzner", 100.0)


def test_a_worker_that_comes_after_its_lease_went_to_another_is_fenced_off(ledger: Ledger) -> None:
    permit = permitted(ledger, opened(ledger, "s1"), "s1")
    other = opened(ledger, "s2", alertname="Other", now=161.0)
    assert isinstance(ledger.acquire("hetzner", other, "s2", 60.0, 161.0), Lease)
    with pytest.raises(PermitRefused, match="is fenced off"):
        ledger.consume(permit, "hetzner", 159.0)


def test_a_permit_whose_lease_was_given_back_is_fenced_off(ledger: Ledger) -> None:
    permit = permitted(ledger, opened(ledger, "s1"), "s1")
    assert ledger.release("hetzner", 1, 105.0)
    with pytest.raises(PermitRefused, match="is fenced off"):
        ledger.consume(permit, "hetzner", 110.0)


def test_a_newer_permit_makes_the_older_one_void(ledger: Ledger) -> None:
    episode = opened(ledger, "s1")
    old = permitted(ledger, episode, "s1")
    new = permitted(ledger, episode, "s1", now=110.0)
    with pytest.raises(PermitRefused, match="a newer permit was issued"):
        ledger.consume(old, "hetzner", 111.0)
    assert ledger.consume(new, "hetzner", 111.0).state == "begun"


def test_a_void_permit_frees_the_target_and_cannot_be_used(ledger: Ledger) -> None:
    permit = permitted(ledger, opened(ledger, "s1"), "s1")
    assert ledger.void(permit, "the host vanished", 110.0)
    assert not ledger.void(permit, "again", 111.0)
    with pytest.raises(PermitRefused, match="is void: the host vanished"):
        ledger.consume(permit, "hetzner", 111.0)
    assert permitted(ledger, opened(ledger, "s2", alertname="Other"), "s2", now=112.0)


def test_a_used_permit_cannot_be_void_and_keeps_its_lease(ledger: Ledger) -> None:
    permit = permitted(ledger, opened(ledger, "s1"), "s1")
    ledger.consume(permit, "hetzner", 110.0)
    assert not ledger.void(permit, "changed my mind", 111.0)
    lease = ledger.lease("hetzner")
    assert lease is not None
    assert lease.held(111.0)


def test_no_permit_while_another_episode_has_the_target(ledger: Ledger) -> None:
    permitted(ledger, opened(ledger, "s1"), "s1")
    other = opened(ledger, "s2", alertname="Other")
    answer = asked(ledger, other, "s2")
    assert isinstance(answer, Held)
    assert ledger.episode(other).state == "open"
    assert len(ledger.unfinished()) == 1


def test_no_permit_over_something_begun_that_has_no_outcome_even_when_its_lease_ran_out(ledger: Ledger) -> None:
    ledger.consume(permitted(ledger, opened(ledger, "s1"), "s1"), "hetzner", 110.0)
    other = opened(ledger, "s2", alertname="Other", now=500.0)
    answer = asked(ledger, other, "s2", now=500.0)
    assert isinstance(answer, Held)
    assert "has no outcome: look first" in answer.reason
    lease = ledger.lease("hetzner")
    assert lease is not None
    assert lease.fence == 1


def test_no_permit_for_a_sweep_that_does_not_have_the_episode(ledger: Ledger) -> None:
    episode = opened(ledger, "s1")
    answer = asked(ledger, episode, "s2")
    assert isinstance(answer, Held)
    assert "worked on by s1" in answer.reason
    assert ledger.lease("hetzner") is None


def test_no_permit_on_a_picture_that_has_changed_since(ledger: Ledger) -> None:
    first, second = opened(ledger, "s1"), opened(ledger, "s2", alertname="Other")
    stale = intent(ledger, second, "s2")
    ledger.consume(permit := permitted(ledger, first, "s1"), "hetzner", 101.0)
    ledger.finished(permit, "done", {}, 102.0)
    ledger.close_episode(first, "healed", "s1", 103.0)
    answer = ledger.issue_permit(stale, 104.0)
    assert isinstance(answer, Held)
    assert "since this was decided" in answer.reason


def test_one_refused_permit_holds_up_no_other(ledger: Ledger) -> None:
    a, b, c = (opened(ledger, "s1", name) for name in "abc")
    ledger.acquire("b", b, "somebody", 60.0, 100.0)
    intents = [intent(ledger, one, "s1", name) for one, name in ((a, "a"), (b, "b"), (c, "c"))]
    answers = ledger.issue_permits(intents, 100.0)
    assert [type(answer) for answer in answers] == [Mitigation, Held, Mitigation]
    assert ledger.lease("a") is not None
    assert len(ledger.unfinished()) == 2


def test_two_intents_for_one_target_in_one_step_give_one_permit(ledger: Ledger) -> None:
    first, second = opened(ledger, "s1"), opened(ledger, "s1", alertname="Other")
    answers = ledger.issue_permits([intent(ledger, first, "s1"), intent(ledger, second, "s1")], 100.0)
    assert [type(answer) for answer in answers] == [Mitigation, Held]


@pytest.mark.parametrize(
    "plan",
    [{"arguments": {"admin_password": "hunter2"}}, {"url": "https://u:hunter2@host/"}, {"cooldown": math.nan}],
    ids=["key", "text", "no JSON"],
)
def test_a_plan_that_could_not_be_stored_whole_gets_no_permit(ledger: Ledger, plan: dict[str, Any]) -> None:
    episode = opened(ledger, "s1")
    with pytest.raises(StepRefused, match="looks like a secret"):
        ledger.issue_permit(intent(ledger, episode, "s1", plan=plan), 100.0)
    assert ledger.unfinished() == []
    assert ledger.lease("hetzner") is None


def use(url: str, permit: str) -> str:
    try:
        return Ledger.open(url).consume(permit, "hetzner", 110.0).state
    except PermitRefused as refused:
        return str(refused)


def test_of_processes_that_use_a_permit_at_once_exactly_one_may_write(url: str, ledger: Ledger) -> None:
    permit = permitted(ledger, opened(ledger, "s1"), "s1")
    answers = at_once(use, [(url, permit)] * 6)
    assert answers.count("begun") == 1
    assert all("was used" in answer for answer in answers if answer != "begun")


def ask(url: str, episode: str, owner: str) -> str:
    return type(asked(Ledger.open(url), episode, owner)).__name__


def test_of_sweeps_that_ask_at_once_for_one_target_exactly_one_gets_a_permit(url: str, ledger: Ledger) -> None:
    episodes = [(opened(ledger, f"s{number}", alertname=f"A{number}"), f"s{number}") for number in range(6)]
    answers = at_once(ask, [(url, episode, owner) for episode, owner in episodes])
    assert sorted(answers) == ["Held"] * 5 + ["Mitigation"]
    assert len(ledger.unfinished()) == 1


# ---- outcomes


def test_the_outcome_makes_the_episode_due_for_verification_and_keeps_the_lock(ledger: Ledger) -> None:
    episode = opened(ledger, "s1")
    permit = permitted(ledger, episode, "s1")
    ledger.consume(permit, "hetzner", 110.0)
    assert ledger.finished(permit, "done", {"changed": True}, 150.0)
    found, now, lease = ledger.mitigation(permit), ledger.episode(episode), ledger.lease("hetzner")
    assert (found.state, found.outcome, found.ended_at, found.result) == (
        "finished",
        "done",
        150.0,
        {"changed": True},
    )
    assert (now.state, now.due_at) == ("verifying", 150.0)
    assert ledger.unfinished() == []
    assert lease is not None
    assert lease.held(150.0)


def test_the_first_report_counts_and_a_late_one_is_kept_in_the_timeline(ledger: Ledger) -> None:
    episode = opened(ledger, "s1")
    permit = permitted(ledger, episode, "s1")
    ledger.consume(permit, "hetzner", 110.0)
    assert ledger.finished(permit, "interrupted", {}, 500.0)
    assert not ledger.finished(permit, "done", {"changed": True}, 600.0)
    assert ledger.mitigation(permit).outcome == "interrupted"
    last = ledger.timeline(episode)[-1]
    assert last.event == f"a late report that {RESTART} ended: done"
    assert last.detail["result"] == {"changed": True}


def test_a_worker_that_outlived_its_lease_is_heard_and_changes_nothing(ledger: Ledger) -> None:
    episode = opened(ledger, "s1")
    permit = permitted(ledger, episode, "s1")
    ledger.consume(permit, "hetzner", 110.0)
    other = opened(ledger, "s2", alertname="Other", now=500.0)
    ledger.acquire("hetzner", other, "s2", 60.0, 500.0)
    before = ledger.episode(episode)
    assert not ledger.finished(permit, "done", {"changed": True}, 501.0)
    assert ledger.mitigation(permit).state == "begun"
    assert ledger.episode(episode) == before
    last = ledger.timeline(episode)[-1]
    assert last.event == f"a late report that {RESTART} ended: done"
    assert last.detail["stale"] is True


def test_a_worker_whose_episode_another_sweep_works_on_is_heard_and_changes_nothing(ledger: Ledger) -> None:
    episode = opened(ledger, "s1")
    permit = permitted(ledger, episode, "s1")
    ledger.consume(permit, "hetzner", 110.0)
    ledger.abandon_sweep("s1", "gone", 120.0)
    assert ledger.claim(episode, "s2", 700.0, 121.0)
    assert not ledger.finished(permit, "done", {}, 122.0, by="s1")
    assert ledger.mitigation(permit).state == "begun"
    assert ledger.finished(permit, "interrupted", {}, 123.0, by="s2")
    assert ledger.mitigation(permit).outcome == "interrupted"


def test_the_sweep_that_looks_ends_what_was_begun_whoever_has_had_the_lease_since(ledger: Ledger) -> None:
    episode = opened(ledger, "s1")
    permit = permitted(ledger, episode, "s1")
    ledger.consume(permit, "hetzner", 110.0)
    ledger.acquire("hetzner", opened(ledger, "s2", alertname="Other", now=500.0), "s2", 60.0, 500.0)
    assert ledger.claim(episode, "s3", 9e4, 8e4)
    assert ledger.finished(permit, "interrupted", {}, 8e4, by="s3")
    assert ledger.episode(episode).state == "verifying"


def test_an_unused_permit_has_no_outcome(ledger: Ledger) -> None:
    permit = permitted(ledger, opened(ledger, "s1"), "s1")
    with pytest.raises(StepRefused, match="was never used"):
        ledger.finished(permit, "done", {}, 110.0)


def test_a_secret_in_a_result_is_not_stored(ledger: Ledger, url: str) -> None:
    permit = permitted(ledger, opened(ledger, "s1"), "s1")
    ledger.consume(permit, "hetzner", 110.0)
    ledger.finished(permit, "failed", {"stderr": "401 for Bearer abcdef0123456789", "api_token": "s3cr3t"}, 120.0)
    assert ledger.mitigation(permit).result == {"stderr": "401 for Bearer (redacted)", "api_token": "(redacted)"}


# ---- what the gate learns


def mended(ledger: Ledger, at: float, target: str = "hetzner", remedy: str = RESTART) -> str:
    episode = opened(ledger, "s1", target, now=at)
    answer = ledger.issue_permit(intent(ledger, episode, "s1", target, at, remedy=remedy), at)
    assert isinstance(answer, Mitigation)
    ledger.consume(answer.permit, target, at + 1)
    ledger.finished(answer.permit, "done", {}, at + 2)
    ledger.close_episode(episode, "healed", "s1", at + 3)
    return answer.permit


def test_the_history_of_a_remedy_is_what_was_begun_on_this_target(ledger: Ledger) -> None:
    old, new = mended(ledger, 100.0), mended(ledger, 1000.0)
    mended(ledger, 1000.0, target="honeydue")
    other = mended(ledger, 2000.0, remedy="rollback")
    permitted(ledger, opened(ledger, "s1", now=3000.0), "s1", now=3000.0)
    assert [one.permit for one in ledger.recent("hetzner", RESTART, 0.0)] == [old, new]
    assert [one.permit for one in ledger.recent("hetzner", RESTART, 500.0)] == [new]
    last = ledger.last("hetzner", RESTART)
    assert last is not None
    assert last.permit == new
    assert ledger.last("hetzner", "silence") is None
    assert [one.permit for one in ledger.standings(["hetzner"], 500.0)["hetzner"].history] == [new, other]


def test_a_standing_is_lease_open_intents_and_history_of_each_target(ledger: Ledger) -> None:
    permit = permitted(ledger, opened(ledger, "s1"), "s1")
    standings = ledger.standings(["hetzner", "never seen"], 0.0)
    assert standings["hetzner"].fence == 1
    assert [one.permit for one in standings["hetzner"].unfinished] == [permit]
    nothing = standings["never seen"]
    assert (nothing.fence, nothing.lease, nothing.unfinished, nothing.history) == (0, None, (), ())


def test_intents_without_an_outcome_are_found_by_target_and_by_episode(ledger: Ledger) -> None:
    a, b = opened(ledger, "s1", "a"), opened(ledger, "s1", "b")
    in_a, in_b = permitted(ledger, a, "s1", "a"), permitted(ledger, b, "s1", "b")
    assert [one.permit for one in ledger.unfinished(target="a")] == [in_a]
    assert [one.permit for one in ledger.unfinished(episode=b)] == [in_b]
    assert ledger.unfinished(target="a", episode=b) == []
    assert [one.permit for one in ledger.mitigations(a)] == [in_a]
