# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sums for the metrics never fall: not when rows are removed, not when several sweeps add at once."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.tallies import Sum, add, observation, totals_of
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Approval
from tests.unit.ledger.helpers import at_once, opened, permitted

BOOK = {"runbook": "traefik_down"}


def sums(ledger: Ledger) -> dict[str, float]:
    """Every sum by its name and labels, as one word each."""
    return {f"{one.name}{sorted(one.labels.values())}": one.value for one in ledger.tallies()}


def healed(
    ledger: Ledger, target: str = "hetzner", now: float = 100.0, took: float = 90.0, starts: float = 80.0
) -> str:
    """The id of an incident that was mended and closed ``took`` seconds after it was opened."""
    sweep = ledger.start_sweep("ops1", 1, now)
    episode = opened(ledger, sweep, target, now, starts_at=starts)
    permit = permitted(ledger, episode, sweep, target, now)
    ledger.consume(permit, target, now + 1)
    ledger.finished(permit, "done", {}, now + 10)
    ledger.verified(permit, "healed", now + took)
    ledger.close_episode(episode, "healed", sweep, now + took)
    ledger.finish_sweep(sweep, {"fault": ""}, now + took)
    return episode


def remove(ledger: Ledger, episodes: Sequence[str]) -> None:
    """What retention does: the rows go, and what they amount to stays."""
    with ledger._transaction(writes=True) as connection:
        add(connection, totals_of(connection, episodes))
        for table in (schema.timeline, schema.escalations, schema.approvals, schema.mitigations, schema.leases):
            connection.execute(sa.delete(table).where(table.c.episode.in_(episodes)))
        connection.execute(sa.delete(schema.cases).where(schema.cases.c.id.in_(episodes)))
        connection.execute(sa.delete(schema.episodes).where(schema.episodes.c.id.in_(episodes)))


def test_an_incident_counts_when_it_is_over_and_not_before(ledger: Ledger) -> None:
    episode = opened(ledger, "s1")
    ledger.wait(episode, "held", 200.0, "s1", 110.0, outcome="held")
    assert "incidents['held', 'traefik_down']" not in sums(ledger)
    ledger.claim(episode, "s2", 900.0, 300.0)
    ledger.close_episode(episode, "resolved", "s2", 310.0)
    assert sums(ledger)["incidents['resolved', 'traefik_down']"] == 1


def test_a_healing_of_which_no_human_heard_is_a_page_that_was_prevented(ledger: Ledger) -> None:
    healed(ledger, "quiet")
    called = opened(ledger, "s1", "called")
    ledger.escalate(called, 1, "platform", "it is down", 100.0)
    ledger.close_episode(called, "healed", "s1", 150.0)
    asked = opened(ledger, "s1", "asked")
    question = Approval(
        "", "approval", asked, "asked", "r", "f", "because", {}, "p", "e", "waiting", 100.0, expires_at=900.0
    )
    ledger.ask([question], 100.0)
    ledger.close_episode(asked, "healed", "s1", 150.0)
    found = sums(ledger)
    assert found["incidents['healed', 'traefik_down']"] == 3
    assert found["pages_prevented['traefik_down']"] == 1
    assert found["escalations['traefik_down']"] == 1


def test_the_time_to_mend_counts_from_the_start_of_the_alert_to_the_proof(ledger: Ledger) -> None:
    healed(ledger, "one", took=90.0, starts=80.0)
    healed(ledger, "two", took=400.0, starts=100.0)
    found = sums(ledger)
    assert found["time_to_mend_sum['traefik_down']"] == 110.0 + 400.0
    assert found["time_to_mend_bucket['60.0', 'traefik_down']"] == 0
    assert found["time_to_mend_bucket['120.0', 'traefik_down']"] == 1
    assert found["time_to_mend_bucket['600.0', 'traefik_down']"] == 2
    assert found["time_to_mend_bucket['+Inf', 'traefik_down']"] == 2


def test_a_start_that_a_wrong_clock_puts_after_the_end_does_not_make_a_time_negative(ledger: Ledger) -> None:
    healed(ledger, took=90.0, starts=9999.0)
    assert sums(ledger)["time_to_mend_sum['traefik_down']"] == 90.0


def test_a_mitigation_counts_when_it_begins_and_its_result_when_it_is_known(ledger: Ledger) -> None:
    sweep = ledger.start_sweep("ops1", 1, 100.0)
    episode = opened(ledger, sweep)
    permit = permitted(ledger, episode, sweep)
    assert "mitigations['traefik_down']" not in sums(ledger)
    ledger.consume(permit, "hetzner", 101.0)
    ledger.finished(permit, "interrupted", {}, 110.0)
    assert sums(ledger)["mitigations['traefik_down']"] == 1
    assert not any(name.startswith("mitigation_results") for name in sums(ledger)), "it may still be verified"
    ledger.verified(permit, "not_healed", 120.0)
    assert sums(ledger)["mitigation_results['not_healed', 'traefik_down']"] == 1


def test_what_comes_back_within_an_hour_of_its_healing_is_a_relapse(ledger: Ledger) -> None:
    healed(ledger, "again", now=100.0)
    healed(ledger, "again", now=1000.0)
    assert sums(ledger)["relapses['traefik_down']"] == 1
    healed(ledger, "again", now=9000.0)
    assert sums(ledger)["relapses['traefik_down']"] == 1


def test_no_sum_changes_when_retention_removes_the_rows(ledger: Ledger) -> None:
    first, again = healed(ledger, "again", now=100.0), healed(ledger, "again", now=1000.0)
    called = opened(ledger, "s1", "called")
    ledger.escalate(called, 1, "platform", "it is down", 100.0)
    ledger.close_episode(called, "resolved", "s1", 150.0)
    before = sums(ledger)
    assert before["relapses['traefik_down']"] == 1
    remove(ledger, [first])
    assert sums(ledger) == before
    remove(ledger, [again, called])
    assert sums(ledger) == before
    healed(ledger, "later", now=5000.0)
    assert sums(ledger)["incidents['healed', 'traefik_down']"] == before["incidents['healed', 'traefik_down']"] + 1


def test_a_relapse_stays_counted_in_whatever_order_the_incidents_are_removed(ledger: Ledger) -> None:
    first = healed(ledger, "again", now=100.0)
    sequels = []
    for now in (1000.0, 2000.0):
        sequel = opened(ledger, "s1", "again", now)
        ledger.close_episode(sequel, "resolved", "s1", now + 50)
        sequels.append(sequel)
    before = sums(ledger)
    assert before["relapses['traefik_down']"] == 1
    for episode in (*sequels, first):
        remove(ledger, [episode])
        assert sums(ledger) == before


def test_a_sweep_counts_once_however_it_ends(ledger: Ledger) -> None:
    well, broken, dead = (ledger.start_sweep("ops1", pid, 100.0) for pid in (1, 2, 3))
    ledger.finish_sweep(well, {"fault": ""}, 112.0)
    ledger.finish_sweep(well, {"fault": ""}, 500.0)
    ledger.finish_sweep(broken, {"fault": "no space left on device"}, 105.0)
    ledger.abandon_sweep(dead, "process 3 is gone", 160.0)
    found = sums(ledger)
    assert (found["sweeps['completed']"], found["sweeps['failed']"], found["sweeps['died']"]) == (1, 1, 1)
    assert found["sweep_seconds[]"] == 12.0 + 5.0 + 60.0


def hold(url: str, times: int) -> None:
    """Adds to two sums again and again, in another order each time."""
    ledger = Ledger.open(url)
    both = [Sum("guard_holds", {"guard": guard}) for guard in ("lease", "evidence")]
    for number in range(times):
        ledger.tally(both if number % 2 else both[::-1])


def test_sweeps_that_add_at_once_lose_nothing_and_do_not_wait_for_each_other_for_ever(ledger: Ledger, url: str) -> None:
    assert at_once(hold, [(url, 20)] * 4) == [None] * 4
    assert sums(ledger) == {"guard_holds['evidence']": 80.0, "guard_holds['lease']": 80.0}


def test_an_observation_falls_into_every_bucket_that_is_wide_enough() -> None:
    found = {one.labels.get("le", ""): one.value for one in observation("time_to_diagnose", BOOK, (15.0, 60.0), 20.0)}
    assert found == {"15.0": 0.0, "60.0": 1.0, "+Inf": 1.0, "": 20.0}
