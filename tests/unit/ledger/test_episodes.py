# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is one incident, when it is over, and which sweep works on it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import (
    CLAIM_MAX,
    ClaimLost,
    Departure,
    LedgerError,
    StepRefused,
)
from tests.unit.ledger.helpers import asked, at_once, events, incident, opened, permitted


@pytest.mark.parametrize(
    "change",
    [
        {"fingerprint": "another pod's"},
        {"starts_at": 99.0},
        {"runbook": "traefik_down_renamed"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_same_incident_stays_one_episode_when_this_changes(ledger: Ledger, change: dict[str, Any]) -> None:
    first = ledger.open_episode(incident(), 1.0)
    assert ledger.open_episode(incident(**change), 2.0).id == first.id


@pytest.mark.parametrize(
    "change",
    [
        {"source": "other"},
        {"target": "honeydue"},
        {"alertname": "TargetDown"},
        {"inputs": {"job": "node"}},
        {"alertname": ""},
    ],
    ids=lambda change: next(iter(change)),
)
def test_this_makes_it_another_incident(ledger: Ledger, change: dict[str, Any]) -> None:
    first = ledger.open_episode(incident(), 1.0)
    assert ledger.open_episode(incident(**change), 2.0).id != first.id


def test_runs_of_an_operator_without_an_alert_go_by_the_runbook(ledger: Ledger) -> None:
    run = incident(alertname="", origin="operator")
    first = ledger.open_episode(run, 1.0)
    assert ledger.open_episode(run, 2.0).id == first.id
    assert ledger.open_episode(dataclasses.replace(run, runbook="target_down"), 2.0).id != first.id


def test_an_alert_named_like_a_runbook_is_not_an_operators_run(ledger: Ledger) -> None:
    alert = ledger.open_episode(incident(alertname="traefik_down"), 1.0)
    assert ledger.open_episode(incident(alertname="", runbook="traefik_down"), 1.0).id != alert.id


def test_many_are_opened_in_order_and_an_incident_that_comes_twice_is_one(ledger: Ledger) -> None:
    old = ledger.open_episode(incident("b"), 1.0)
    found = ledger.open_episodes([incident("a"), incident("b"), incident("c"), incident("a")], 2.0)
    assert [episode.target for episode in found] == ["a", "b", "c", "a"]
    assert found[1].id == old.id
    assert found[0].id == found[3].id
    assert len(ledger.episodes()) == 3


def test_five_hundred_and_more_are_opened_claimed_and_left_in_one_step_each(ledger: Ledger) -> None:
    many = [incident(f"target{number}") for number in range(1100)]
    episodes = ledger.open_episodes(many, 1.0)
    assert ledger.open_episodes(many, 2.0) == [dataclasses.replace(one, seen_at=2.0) for one in episodes]
    mine = ledger.claim_many([episode.id for episode in episodes], "s1", 60.0, 2.0)
    assert len(mine) == 1100
    refused = ledger.leave([Departure(episode.id, "closed", "resolved") for episode in episodes], "s1", 3.0)
    assert refused == {}
    assert ledger.episodes() == []


def test_seeing_it_again_keeps_the_latest_fingerprint_and_start(ledger: Ledger) -> None:
    episode = ledger.open_episode(incident(fingerprint="f1", starts_at=1.0), 10.0)
    ledger.open_episode(incident(fingerprint="f2", starts_at=5.0), 20.0)
    now = ledger.episode(episode.id)
    assert (now.fingerprint, now.starts_at, now.seen_at, now.opened_at) == ("f2", 5.0, 20.0, 10.0)


def test_an_incident_that_comes_back_after_its_end_is_a_new_one(ledger: Ledger) -> None:
    first = opened(ledger, "s1")
    ledger.close_episode(first, "healed", "s1", 200.0)
    assert ledger.open_episode(incident(), 300.0).id != first


@pytest.mark.parametrize(
    ("starts_at", "now", "echo"),
    [
        (50.0, 250.0, True),
        (200.0, 250.0, True),
        (201.0, 250.0, False),
        (50.0, 300.0, False),
        (None, 250.0, False),
        (50.0, -1000.0, False),
    ],
    ids=["still the old firing", "at the very end", "fires anew", "lasts too long", "no start known", "clock set back"],
)
def test_a_firing_that_is_only_the_echo_of_a_healed_one_opens_nothing(
    ledger: Ledger, starts_at: float | None, now: float, echo: bool
) -> None:
    first = opened(ledger, "s1", starts_at=50.0)
    ledger.close_episode(first, "healed", "s1", 200.0, echo_until=300.0)
    found = ledger.open_episode(incident(starts_at=starts_at), now)
    assert (found.id == first, found.state == "closed") == (echo, echo)


def test_an_incident_that_is_open_again_is_no_echo(ledger: Ledger) -> None:
    first = opened(ledger, "s1", starts_at=50.0)
    ledger.close_episode(first, "healed", "s1", 200.0, echo_until=900.0)
    second = ledger.open_episode(incident(starts_at=220.0), 230.0)
    assert ledger.open_episode(incident(starts_at=50.0), 240.0).id == second.id


@pytest.mark.parametrize(
    "text", ["nul\x00inside", "half \ud800 a pair", "{{ lookup('pipe', 'id') }}", "x" * 100_000, "';--"]
)
def test_hostile_text_is_stored_and_found_again_as_the_same_incident(ledger: Ledger, text: str) -> None:
    hostile = incident(text, alertname=text, fingerprint=text, inputs={text: [text]})
    first = ledger.open_episode(hostile, 1.0)
    assert ledger.open_episode(hostile, 2.0).id == first.id
    assert first.target.isprintable()
    assert ledger.standings([first.target], 0.0)[first.target].fence == 0


def test_due_is_what_has_come_to_its_time_longest_overdue_first(ledger: Ledger) -> None:
    waits, open_, later = (opened(ledger, "s1", name) for name in ("waits", "open", "later"))
    ledger.wait(waits, "held", 90.0, "s1", 100.0)
    ledger.wait(later, "held", 500.0, "s1", 100.0)
    ledger.release_claims("s1")
    assert [episode.id for episode in ledger.due(101.0)] == [waits, open_]
    assert [episode.id for episode in ledger.due(500.0)] == [waits, open_, later]


def test_what_a_sweep_works_on_is_not_due_for_another_until_its_claim_runs_out(ledger: Ledger) -> None:
    episode = opened(ledger, "s1", now=100.0)
    assert ledger.due(699.0) == []
    assert [one.id for one in ledger.due(700.0)] == [episode]


def test_a_clock_set_back_makes_no_episode_wait_for_the_old_time(ledger: Ledger) -> None:
    episode = opened(ledger, "s1", now=1e9)
    ledger.wait(episode, "look_again", 1e9 + 300, "s1", 1e9)
    assert [one.id for one in ledger.due(1e9 - 1e6)] == [episode]


def test_clocks_that_differ_a_little_do_not_shorten_a_wait(ledger: Ledger) -> None:
    episode = opened(ledger, "s1", now=1000.0)
    ledger.wait(episode, "look_again", 1300.0, "s1", 1000.0)
    assert ledger.due(940.0) == []


def test_asking_for_an_episode_that_is_none_is_an_error(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="no episode"):
        ledger.episode("none")


# ---- claims


@pytest.mark.parametrize(
    ("by", "now", "got"),
    [("s1", 150.0, True), ("s2", 150.0, False), ("s2", 199.9, False), ("s2", 200.0, True), ("s2", 1000.0, True)],
)
def test_a_claim_is_one_sweeps_until_it_runs_out(ledger: Ledger, by: str, now: float, got: bool) -> None:
    episode = ledger.open_episode(incident(), 100.0).id
    assert ledger.claim(episode, "s1", 200.0, 100.0)
    assert ledger.claim(episode, by, now + 100, now) is got
    assert ledger.episode(episode).claimed_by == (by if got else "s1")


def test_taking_over_a_claim_that_ran_out_stands_in_the_timeline(ledger: Ledger) -> None:
    episode = opened(ledger, "s1", now=100.0)
    assert ledger.claim(episode, "s2", 900.0, 800.0)
    assert "taken over from sweep s1, whose claim ran out" in events(ledger, episode)


def test_claiming_ones_own_again_is_no_takeover(ledger: Ledger) -> None:
    episode = opened(ledger, "s1", now=100.0)
    assert ledger.claim(episode, "s1", 900.0, 200.0)
    assert events(ledger, episode) == ["opened"]
    assert ledger.episode(episode).claimed_until == 900.0


def test_a_claim_made_by_a_wrong_clock_blocks_nobody(ledger: Ledger) -> None:
    episode = ledger.open_episode(incident(), 100.0).id
    assert ledger.claim(episode, "s1", 1e9 + 60, 1e9)
    assert ledger.claim(episode, "s2", 200.0, 100.0)


@pytest.mark.parametrize("until", [100.0, 50.0, 100.1 + CLAIM_MAX])
def test_a_claim_for_no_time_or_for_ever_is_refused(ledger: Ledger, until: float) -> None:
    with pytest.raises(ValueError, match="a claim lasts"):
        ledger.claim(ledger.open_episode(incident(), 100.0).id, "s1", until, 100.0)


def test_a_closed_episode_cannot_be_claimed(ledger: Ledger) -> None:
    episode = opened(ledger, "s1")
    ledger.close_episode(episode, "resolved", "s1", 100.0)
    assert not ledger.claim(episode, "s1", 200.0, 100.0)
    assert not ledger.claim("no such episode", "s1", 200.0, 100.0)


def claim_all(url: str, sweep: str) -> frozenset[str]:
    ledger = Ledger.open(url)
    return ledger.claim_many([episode.id for episode in ledger.due(10.0)], sweep, 60.0, 10.0)


def test_sweeps_that_claim_at_once_share_the_episodes_each_one_to_exactly_one(url: str, ledger: Ledger) -> None:
    episodes = ledger.open_episodes([incident(f"target{number}") for number in range(40)], 1.0)
    shares = at_once(claim_all, [(url, f"s{number}") for number in range(6)])
    assert sorted(episode for share in shares for episode in share) == sorted(episode.id for episode in episodes)
    holders = {episode.id: episode.claimed_by for episode in ledger.episodes()}
    assert holders == {episode: f"s{number}" for number, share in enumerate(shares) for episode in share}


def claim_one_by_one(url: str, sweep: str, episodes: list[str]) -> list[str]:
    ledger = Ledger.open(url)
    return [episode for episode in episodes if ledger.claim(episode, sweep, 60.0, 10.0)]


def test_of_sweeps_that_race_for_single_episodes_exactly_one_gets_each(url: str, ledger: Ledger) -> None:
    episodes = [one.id for one in ledger.open_episodes([incident(f"target{number}") for number in range(25)], 1.0)]
    shares = at_once(claim_one_by_one, [(url, f"s{number}", episodes) for number in range(4)])
    assert sorted(episode for share in shares for episode in share) == sorted(episodes)


# ---- leaving


def test_putting_off_gives_back_claim_and_lease_and_voids_what_was_not_used(ledger: Ledger) -> None:
    episode = opened(ledger, "s1")
    permit = permitted(ledger, episode, "s1")
    ledger.wait(episode, "held", 200.0, "s1", 110.0, outcome="held", detail="the kill switch is pulled")
    now = ledger.episode(episode)
    assert (now.state, now.why, now.due_at, now.outcome, now.claimed_by) == ("waiting", "held", 200.0, "held", None)
    lease = ledger.lease("hetzner")
    assert lease is not None
    assert not lease.held(110.0)
    assert ledger.mitigation(permit).state == "void"
    assert events(ledger, episode)[-1] == "the kill switch is pulled"


def test_only_a_second_look_counts_as_a_look(ledger: Ledger) -> None:
    episode = opened(ledger, "s1")
    for why, looks in (("look_again", 1), ("patience", 1), ("held", 1), ("look_again", 2)):
        assert ledger.claim(episode, "s1", 200.0, 100.0)
        ledger.wait(episode, why, 100.0, "s1", 100.0)  # type: ignore[arg-type]
        assert ledger.episode(episode).looks == looks


def test_a_runbook_that_takes_over_keeps_the_episode_and_counts_its_own_looks(ledger: Ledger) -> None:
    episode = opened(ledger, "s1")
    began = ledger.episode(episode).runbook
    for runbook, known, looks in (("", began, 1), ("edge_down", "edge_down", 0), ("", "edge_down", 1)):
        assert ledger.claim(episode, "s1", 200.0, 100.0)
        left = Departure(episode, "waiting", "waiting", "look_again", 100.0, runbook=runbook)
        assert ledger.leave([left], "s1", 100.0) == {}
        found = ledger.episode(episode)
        assert (found.runbook, found.looks) == (known, looks)
    assert ledger.open_episode(incident(), 150.0).id == episode
    assert ledger.episode(episode).runbook == "edge_down"
    said = [line.detail.get("runbook") for line in ledger.timeline(episode) if line.stage == "close"]
    assert said == [None, "edge_down", None]


def test_closing_ends_it_for_good(ledger: Ledger) -> None:
    episode = opened(ledger, "s1")
    ledger.close_episode(episode, "healed", "s1", 200.0)
    now = ledger.episode(episode)
    assert (now.state, now.outcome, now.closed_at, now.claimed_by) == ("closed", "healed", 200.0, None)
    assert ledger.due(1e6) == []
    with pytest.raises(ClaimLost, match="is closed"):
        ledger.wait(episode, "held", 300.0, "s1", 200.0)


def test_a_sweep_that_lost_its_claim_can_neither_put_off_nor_close(ledger: Ledger) -> None:
    episode = opened(ledger, "s1", now=100.0)
    assert ledger.claim(episode, "s2", 900.0, 800.0)
    before = ledger.episode(episode)
    with pytest.raises(ClaimLost, match="worked on by s2"):
        ledger.close_episode(episode, "healed", "s1", 801.0)
    with pytest.raises(ClaimLost, match="worked on by s2"):
        ledger.verifying(episode, 900.0, "s1", 801.0)
    assert ledger.episode(episode) == before


def test_nothing_is_left_over_a_mitigation_without_an_outcome(ledger: Ledger) -> None:
    episode = opened(ledger, "s1")
    ledger.consume(permitted(ledger, episode, "s1"), "hetzner", 110.0)
    with pytest.raises(StepRefused, match="has no outcome"):
        ledger.close_episode(episode, "healed", "s1", 120.0)
    with pytest.raises(StepRefused, match="has no outcome"):
        ledger.wait(episode, "held", 200.0, "s1", 120.0)
    lease = ledger.lease("hetzner")
    assert lease is not None
    assert lease.held(120.0)
    assert ledger.episode(episode).state == "mending"


def test_one_that_cannot_be_left_holds_up_no_other(ledger: Ledger) -> None:
    mending, lost, fine = (opened(ledger, "s1", name) for name in ("mending", "lost", "fine"))
    ledger.consume(permitted(ledger, mending, "s1", "mending"), "mending", 110.0)
    assert ledger.claim(lost, "s2", 900.0, 800.0)
    refused = ledger.leave([Departure(one, "closed", "healed") for one in (mending, lost, fine, "none")], "s1", 800.0)
    assert {episode: type(error) for episode, error in refused.items()} == {
        mending: StepRefused,
        lost: ClaimLost,
        "none": ClaimLost,
    }
    assert ledger.episode(fine).state == "closed"


def test_an_unhealed_episode_can_be_mended_again(ledger: Ledger) -> None:
    episode = opened(ledger, "s1")
    permit = permitted(ledger, episode, "s1")
    ledger.consume(permit, "hetzner", 110.0)
    ledger.finished(permit, "done", {}, 120.0)
    assert permitted(ledger, episode, "s1", now=130.0) != permit
    assert ledger.episode(episode).state == "permitted"


# ---- dead sweeps


def test_a_sweeps_end_gives_back_what_it_had_claimed(ledger: Ledger) -> None:
    sweep = ledger.start_sweep("controller", 4711, 100.0)
    episode = opened(ledger, sweep)
    ledger.finish_sweep(sweep, {"mended": 0}, 110.0)
    assert [one.id for one in ledger.due(110.0)] == [episode]
    assert ledger.sweeps()[0].summary == {"mended": 0}
    assert ledger.sweeps(unfinished=True) == []


def test_what_a_dead_sweep_had_is_due_at_once(ledger: Ledger) -> None:
    sweep = ledger.start_sweep("controller", 4711, 100.0)
    unused, begun = opened(ledger, sweep, "unused"), opened(ledger, sweep, "begun")
    unused_permit = permitted(ledger, unused, sweep, "unused")
    ledger.consume(permitted(ledger, begun, sweep, "begun"), "begun", 105.0)
    assert [(one.host, one.pid) for one in ledger.sweeps(unfinished=True)] == [("controller", 4711)]
    assert ledger.abandon_sweep(sweep, "process 4711 is gone", 110.0) == sorted([unused, begun])
    assert {one.id for one in ledger.due(110.0)} == {unused, begun}
    assert ledger.mitigation(unused_permit).state == "void"
    assert "its sweep died: process 4711 is gone" in events(ledger, begun)
    assert ledger.claim(unused, "s2", 200.0, 110.0)
    assert permitted(ledger, unused, "s2", "unused", 110.0)


def test_what_a_dead_sweep_had_begun_keeps_its_target_locked(ledger: Ledger) -> None:
    sweep = ledger.start_sweep("controller", 4711, 100.0)
    episode = opened(ledger, sweep)
    permit = permitted(ledger, episode, sweep)
    ledger.consume(permit, "hetzner", 105.0)
    ledger.abandon_sweep(sweep, "gone", 110.0)
    assert ledger.claim(episode, "s2", 600.0, 110.0)
    assert "is held by" in getattr(asked(ledger, episode, "s2", now=110.0), "reason", "")
    ledger.finished(permit, "interrupted", {}, 120.0)
    assert "is held by" in getattr(asked(ledger, episode, "s2", now=120.0), "reason", "")
    assert permitted(ledger, episode, "s2", now=406.0)
