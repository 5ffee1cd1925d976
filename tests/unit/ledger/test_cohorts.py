# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Only so many of those that are alike are mended at the same time, however many sweeps ask."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Held, Mitigation
from tests.unit.ledger.helpers import at_once, intent, opened

EDGE = "edge nodes: restart"


def asked(ledger: Ledger, target: str, limit: int, sweep: str = "s1", **more: Any) -> Mitigation | Held:
    """What comes of asking for one more member."""
    episode = opened(ledger, sweep, target)
    return ledger.issue_permit(intent(ledger, episode, sweep, target, cohort=EDGE, at_once=limit, **more), 100.0)


def given(ledger: Ledger, target: str, limit: int) -> Mitigation:
    answer = asked(ledger, target, limit)
    assert isinstance(answer, Mitigation), answer
    return answer


def test_no_permit_beyond_the_limit(ledger: Ledger) -> None:
    given(ledger, "a", 2)
    given(ledger, "b", 2)
    answer = asked(ledger, "c", 2)
    assert isinstance(answer, Held)
    assert answer.reason == f"2 of {EDGE} are being mended (a, b); at most 2 may be at once"
    assert ledger.under_way(EDGE) == 2
    assert ledger.lease("c") is None


def test_without_a_limit_nobody_counts(ledger: Ledger) -> None:
    for name in "abc":
        given(ledger, name, 0)
    assert ledger.under_way(EDGE) == 3


def test_other_cohorts_do_not_count(ledger: Ledger) -> None:
    given(ledger, "a", 1)
    episode = opened(ledger, "s1", "b")
    answer = ledger.issue_permit(intent(ledger, episode, "s1", "b", cohort="others", at_once=1), 100.0)
    assert isinstance(answer, Mitigation)


@pytest.mark.parametrize("state", ["issued", "begun", "finished", "verifying"])
def test_a_member_counts_from_its_permit_until_its_episode_is_left(ledger: Ledger, state: str) -> None:
    permit = given(ledger, "a", 1)
    if state != "issued":
        ledger.consume(permit.permit, "a", 110.0)
    if state in ("finished", "verifying"):
        ledger.finished(permit.permit, "done", {}, 120.0)
    if state == "verifying":
        ledger.verifying(permit.episode, 200.0, "s1", 130.0)
    assert isinstance(asked(ledger, "b", 1), Held)
    if state in ("finished", "verifying"):
        ledger.close_episode(permit.episode, "healed", "s1", 140.0)
    elif state == "begun":
        ledger.finished(permit.permit, "done", {}, 130.0)
        ledger.wait(permit.episode, "human", 1e6, "s1", 140.0)
    else:
        ledger.void(permit.permit, "no", 140.0)
    assert isinstance(asked(ledger, "b", 1), Mitigation)


def test_a_member_that_is_being_mended_already_does_not_stand_in_its_own_way(ledger: Ledger) -> None:
    first = given(ledger, "a", 1)
    again = ledger.issue_permit(intent(ledger, first.episode, "s1", "a", cohort=EDGE, at_once=1), 110.0)
    assert isinstance(again, Mitigation)


def test_two_of_one_step_are_counted_one_after_the_other(ledger: Ledger) -> None:
    episodes = [(name, opened(ledger, "s1", name)) for name in "abc"]
    intents = [intent(ledger, episode, "s1", name, cohort=EDGE, at_once=2) for name, episode in episodes]
    answers = ledger.issue_permits(intents, 100.0)
    assert [type(answer) for answer in answers] == [Mitigation, Mitigation, Held]


def test_the_history_of_a_cohort_is_what_was_begun_on_any_member(ledger: Ledger) -> None:
    used, unused = given(ledger, "a", 0), given(ledger, "b", 0)
    ledger.consume(used.permit, "a", 150.0)
    assert [one.permit for one in ledger.cohort_history(EDGE, 100.0)] == [used.permit]
    assert ledger.cohort_history(EDGE, 151.0) == []
    assert unused.state == "issued"


def ask(url: str, target: str, sweep: str, episode: str) -> str:
    ledger = Ledger.open(url)
    answer = ledger.issue_permit(intent(ledger, episode, sweep, target, cohort=EDGE, at_once=2), 100.0)
    return type(answer).__name__


def test_of_sweeps_that_ask_at_once_as_many_get_a_member_as_may(url: str, ledger: Ledger) -> None:
    calls = [(url, f"t{n}", f"s{n}", opened(ledger, f"s{n}", f"t{n}")) for n in range(6)]
    assert sorted(at_once(ask, calls)) == ["Held"] * 4 + ["Mitigation"] * 2
