# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A permit locks what its target stands on as well: guests on a hypervisor, services behind an edge."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import (
    Held,
    Intent,
    Lease,
    Mitigation,
    PermitRefused,
)
from tests.unit.ledger.helpers import RESTART, at_once, events, intent, opened


def seen(ledger: Ledger, *names: str) -> dict[str, int]:
    """The fence of each, as a gate reads it."""
    return {name: standing.fence for name, standing in ledger.standings(names, 0.0).items()}


def on_host(ledger: Ledger, episode: str, sweep: str, target: str = "guest", now: float = 100.0, **more: Any) -> Intent:
    """To mend a guest of the hypervisor ``host``, which stands on the switch ``rack``."""
    return intent(ledger, episode, sweep, target, now, beneath_seen=seen(ledger, "host", "rack"), **more)


def given(ledger: Ledger, sweep: str = "s1", target: str = "guest", now: float = 100.0, **more: Any) -> Mitigation:
    """A permit for a guest."""
    answer = ledger.issue_permit(on_host(ledger, opened(ledger, sweep, target, now), sweep, target, now, **more), now)
    assert isinstance(answer, Mitigation), answer
    return answer


def refused(answer: Mitigation | Held) -> str:
    """Why there was no permit."""
    assert isinstance(answer, Held), answer
    return answer.reason


def lease(ledger: Ledger, name: str) -> Lease:
    found = ledger.lease(name)
    assert found is not None
    return found


def test_a_permit_holds_the_lease_of_everything_beneath_and_knows_their_fences(ledger: Ledger) -> None:
    permit = given(ledger)
    assert permit.fences == {"guest": 1, "host": 1, "rack": 1}
    assert ledger.mitigation(permit.permit) == permit
    for name in ("guest", "host", "rack"):
        assert lease(ledger, name).held(159.0)
        assert lease(ledger, name).episode == permit.episode


def test_no_permit_while_somebody_holds_what_it_stands_on(ledger: Ledger) -> None:
    given(ledger)
    other = opened(ledger, "s2", "guest2")
    reason = refused(ledger.issue_permit(on_host(ledger, other, "s2", "guest2"), 100.0))
    assert reason.startswith("guest2 stands on host: host is held by s1")


def test_no_permit_for_what_others_stand_on_while_one_of_them_is_mended(ledger: Ledger) -> None:
    given(ledger)
    host = opened(ledger, "s2", "host")
    assert "host is held by s1" in refused(ledger.issue_permit(intent(ledger, host, "s2", "host"), 100.0))


def test_it_is_all_leases_or_none(ledger: Ledger) -> None:
    rack = opened(ledger, "s2", "rack")
    ledger.acquire("rack", rack, "s2", 60.0, 100.0)
    guest = opened(ledger, "s1", "guest")
    answers = ledger.issue_permits([on_host(ledger, guest, "s1")], 100.0)
    assert "stands on rack" in refused(answers[0])
    assert ledger.lease("guest") is None
    assert ledger.lease("host") is None
    assert ledger.unfinished() == []


def test_no_permit_if_anybody_has_held_what_is_beneath_since_the_decision(ledger: Ledger) -> None:
    guest = opened(ledger, "s1", "guest")
    decided = on_host(ledger, guest, "s1")
    other = ledger.acquire("host", opened(ledger, "s2", "host"), "s2", 60.0, 101.0)
    assert isinstance(other, Lease)
    ledger.release("host", other.fence, 102.0)
    reason = refused(ledger.issue_permit(decided, 103.0))
    assert reason == "guest stands on host: somebody else has held the lease of host since this was decided"


def test_using_the_permit_lengthens_every_lease(ledger: Ledger) -> None:
    permit = given(ledger)
    ledger.consume(permit.permit, "guest", 150.0)
    assert {lease(ledger, name).expires_at for name in ("guest", "host", "rack")} == {450.0}


@pytest.mark.parametrize("name", ["guest", "host", "rack"])
def test_a_permit_is_fenced_off_by_whoever_took_one_of_its_leases(ledger: Ledger, name: str) -> None:
    permit = given(ledger)
    assert ledger.release(name, 1, 110.0)
    with pytest.raises(PermitRefused, match=f"its lease of {name} is over"):
        ledger.consume(permit.permit, "guest", 111.0)
    assert {lease(ledger, other).expires_at for other in ("guest", "host", "rack")} == {160.0}
    assert ledger.mitigation(permit.permit).state == "issued"


def test_leaving_the_episode_frees_every_lease(ledger: Ledger) -> None:
    permit = given(ledger)
    ledger.consume(permit.permit, "guest", 110.0)
    ledger.finished(permit.permit, "done", {}, 120.0)
    assert lease(ledger, "host").held(120.0)
    ledger.close_episode(permit.episode, "healed", "s1", 130.0)
    assert [lease(ledger, name).released_at for name in ("guest", "host", "rack")] == [130.0] * 3


def test_a_permit_that_is_taken_back_frees_every_lease(ledger: Ledger) -> None:
    permit = given(ledger)
    assert ledger.void(permit.permit, "the host vanished", 110.0)
    assert [lease(ledger, name).released_at for name in ("guest", "host", "rack")] == [110.0] * 3


def test_a_dead_sweep_gives_every_lease_of_an_unused_permit_back(ledger: Ledger) -> None:
    permit = given(ledger)
    ledger.abandon_sweep("s1", "gone", 110.0)
    assert ledger.mitigation(permit.permit).state == "void"
    assert [lease(ledger, name).released_at for name in ("guest", "host", "rack")] == [110.0] * 3


def test_taking_over_what_is_beneath_stands_in_both_timelines(ledger: Ledger) -> None:
    dead = given(ledger)
    given(ledger, "s2", "guest2", now=200.0)
    assert "lease taken over by s2, 40 s after it ran out" in events(ledger, dead.episode)
    told = [line.detail for line in ledger.timeline(dead.episode) if "taken over" in line.event]
    assert [one["target"] for one in told] == ["host", "rack"]


def test_something_begun_without_an_outcome_keeps_others_off_what_it_stands_on(ledger: Ledger) -> None:
    ledger.consume(given(ledger).permit, "guest", 110.0)
    for target in ("host", "guest2"):
        episode = opened(ledger, "s2", target, now=1000.0)
        reason = refused(ledger.issue_permit(on_host(ledger, episode, "s2", target, 1000.0), 1000.0))
        assert reason == f"{RESTART} was begun on guest, which holds host, and has no outcome: look first"


def test_a_standing_names_what_is_unfinished_on_it_and_on_what_stands_on_it(ledger: Ledger) -> None:
    permit = given(ledger)
    standings = ledger.standings(["guest", "host", "elsewhere"], 0.0)
    assert [one.permit for one in standings["host"].unfinished] == [permit.permit]
    assert [one.permit for one in standings["guest"].unfinished] == [permit.permit]
    assert standings["elsewhere"].unfinished == ()


def test_a_target_may_be_called_like_a_secret(ledger: Ledger) -> None:
    episode = opened(ledger, "s1", "auth-token")
    wanted = intent(ledger, episode, "s1", "auth-token", beneath_seen=seen(ledger, "secret-store"))
    answer = ledger.issue_permit(wanted, 100.0)
    assert isinstance(answer, Mitigation)
    assert ledger.consume(answer.permit, "auth-token", 101.0).fences == {"auth-token": 1, "secret-store": 1}


# ---- several at once


def ask_for_guest(url: str, episode: str, sweep: str, target: str) -> str:
    ledger = Ledger.open(url)
    return type(ledger.issue_permit(on_host(ledger, episode, sweep, target), 100.0)).__name__


def test_of_guests_that_are_mended_at_once_exactly_one_gets_their_host(url: str, ledger: Ledger) -> None:
    calls = [(url, opened(ledger, f"s{n}", f"guest{n}"), f"s{n}", f"guest{n}") for n in range(6)]
    assert sorted(at_once(ask_for_guest, calls)) == ["Held"] * 5 + ["Mitigation"]


def ask_for_all(url: str, sweep: str, targets: list[str], episodes: list[str]) -> list[str]:
    """Asks for all in one step, in an order of its own."""
    ledger = Ledger.open(url)
    intents = [intent(ledger, episode, sweep, target) for target, episode in zip(targets, episodes, strict=True)]
    answers = ledger.issue_permits(intents, 100.0)
    return [target for target, answer in zip(targets, answers, strict=True) if isinstance(answer, Mitigation)]


def test_sweeps_that_ask_for_the_same_targets_in_any_order_share_them_and_none_is_lost(
    url: str, ledger: Ledger
) -> None:
    targets = [f"t{number}" for number in range(12)]
    calls = []
    for number in range(4):
        sweep = f"s{number}"
        order = targets[number:] + targets[:number] if number % 2 else targets[::-1]
        calls.append((url, sweep, order, [opened(ledger, sweep, one, alertname=sweep) for one in order]))
    got = [target for answer in at_once(ask_for_all, calls) for target in answer]
    assert sorted(got) == sorted(targets)
