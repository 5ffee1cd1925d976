# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is open, in one look."""

from __future__ import annotations

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.watched import Watched
from tests.unit.ledger.helpers import opened, permitted


def test_an_empty_ledger_has_nothing_open(ledger: Ledger) -> None:
    assert ledger.watched(100.0) == Watched()


def test_only_what_is_open_is_seen(ledger: Ledger) -> None:
    over, waiting = opened(ledger, "s1", "over"), opened(ledger, "s1", "waiting")
    ledger.close_episode(over, "resolved", "s1", 110.0)
    ledger.wait(waiting, "held", 200.0, "s1", 110.0, outcome="held")
    paused = ledger.pause("waiting", "move of the racks", "ada", 900.0, 100.0)
    ledger.pause("", "was short", "ada", 105.0, 100.0)
    found = ledger.watched(120.0)
    assert [one.id for one in found.episodes] == [waiting]
    assert found.pauses == (paused,)
    assert found.leases == ()


def test_a_lease_that_ran_out_and_was_not_given_back_is_stale(ledger: Ledger) -> None:
    sweep = ledger.start_sweep("ops1", 1, 100.0)
    episode = opened(ledger, sweep)
    permit = permitted(ledger, episode, sweep)
    ledger.consume(permit, "hetzner", 101.0)
    found = ledger.watched(120.0)
    assert [one.permit for one in found.unfinished] == [permit]
    assert [one.target for one in found.leases] == ["hetzner"]
    assert found.stale(120.0) == ()
    assert [one.target for one in found.stale(5000.0)] == ["hetzner"]


def test_the_last_success_is_of_a_sweep_of_everything_that_ended_well(ledger: Ledger) -> None:
    def swept(began: float, summary: dict[str, object]) -> str:
        sweep = ledger.start_sweep("ops1", 1, began)
        ledger.finish_sweep(sweep, summary, began + 5)
        return sweep

    good = swept(100.0, {"fault": ""})
    swept(200.0, {"fault": "", "narrowed": True})
    last = swept(300.0, {"fault": "no space left on device"})
    running = ledger.start_sweep("ops1", 1, 400.0)
    found = ledger.watched(410.0)
    assert found.last_success
    assert found.last_sweep
    assert (found.last_success.id, found.last_sweep.id) == (good, last)
    assert [one.id for one in found.under_way] == [running]


def test_a_call_that_did_not_arrive_is_seen_with_its_incident_also_when_that_is_over(ledger: Ledger) -> None:
    episode = opened(ledger, "s1")
    ledger.escalate(episode, 1, "platform", "it is down", 100.0)
    ledger.close_episode(episode, "resolved", "s1", 110.0)
    found = ledger.watched(120.0)
    assert [one.to for one in found.undelivered] == ["platform"]
    assert [one.id for one in found.over] == [episode]


def test_conditions_and_sources_are_seen(ledger: Ledger) -> None:
    ledger.set_condition("storm", {"on": True}, 100.0)
    ledger.heard("lab", "http://lab", {"alerts": 1}, 90.0)
    found = ledger.watched(120.0)
    assert found.storm
    assert [(one.source, one.answered_at) for one in found.sources] == [("lab", 90.0)]


def test_the_targets_that_something_was_done_on_are_named_once(ledger: Ledger) -> None:
    sweep = ledger.start_sweep("ops1", 1, 100.0)
    for target in ("edge2", "edge1"):
        permit = permitted(ledger, opened(ledger, sweep, target), sweep, target)
        ledger.consume(permit, target, 101.0)
    opened(ledger, sweep, "only-looked-at")
    assert ledger.acted_on(50.0) == ["edge1", "edge2"]
    assert ledger.acted_on(500.0) == []
