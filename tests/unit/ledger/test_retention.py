# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is long over goes, as a whole; what is still needed, and what it was counted for, stays."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import retention, schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Call, Mitigation
from tests.unit.ledger.helpers import at_once, everything_in, intent, opened

DAY = 86400.0
KEEP = 400 * DAY
MUCH_LATER = 100.0 + KEEP + 10.0


def over(ledger: Ledger, target: str = "hetzner", now: float = 100.0, outcome: str = "healed") -> str:
    """The id of an episode that was mended and closed, with a case, a call that arrived, and all that belongs to it."""
    episode = opened(ledger, "s1", target, now)
    permit = ledger.issue_permit(intent(ledger, episode, "s1", target, now), now)
    assert isinstance(permit, Mitigation)
    ledger.consume(permit.permit, target, now)
    ledger.finished(permit.permit, "done", {}, now)
    ledger.verified(permit.permit, outcome, now)
    called(ledger, episode, now)
    case = {"id": episode, "target": target, "runbook": "traefik_down", "outcome": outcome, "opened_at": now}
    ledger.close_episode(episode, outcome, "s1", now, case=case)
    return episode


def called(ledger: Ledger, episode: str, now: float, arrives: bool = True) -> None:
    """A call by one channel."""
    ledger.escalate(episode, 0, "platform", "for the record", now)
    (call,) = ledger.escalations(episode)
    ledger.open_deliveries({call.id: ["pager"]}, now)
    with ledger._transaction(writes=True) as connection:
        if arrives:
            connection.execute(
                sa.update(schema.deliveries).where(schema.deliveries.c.escalation == call.id).values(state="sent")
            )
            connection.execute(
                sa.update(schema.escalations).where(schema.escalations.c.id == call.id).values(state="sent")
            )


def let_go(ledger: Ledger, *targets: str) -> None:
    """Somebody else has held these targets since."""
    for target in targets:
        over(ledger, target, MUCH_LATER - 5.0)


def test_an_old_incident_goes_with_everything_that_belongs_to_it(ledger: Ledger) -> None:
    episode = over(ledger)
    let_go(ledger, "hetzner")
    assert ledger.retain(KEEP, MUCH_LATER) == [episode]
    assert episode not in everything_in(ledger)
    assert ledger.retain(KEEP, MUCH_LATER) == []


def test_what_ended_lately_or_is_open_stays(ledger: Ledger) -> None:
    lately, going_on = over(ledger, "a", now=1000.0), opened(ledger, "s1", "b")
    let_go(ledger, "a")
    before = everything_in(ledger)
    assert ledger.retain(KEEP, 1000.0 + KEEP) == []
    assert everything_in(ledger) == before
    assert {ledger.episode(one).id for one in (lately, going_on)} == {lately, going_on}


def test_the_last_holder_of_a_target_stays_so_that_fences_go_on(ledger: Ledger) -> None:
    first, last = over(ledger, now=100.0), over(ledger, now=200.0)
    assert ledger.retain(KEEP, 200.0 + 2 * KEEP) == [first]
    assert ledger.standings(["hetzner"], 0.0)["hetzner"].fence == 2
    assert ledger.episode(last).state == "closed"


def test_an_incident_whose_call_is_still_on_its_way_stays(ledger: Ledger) -> None:
    episode = opened(ledger, "s1", "a")
    called(ledger, episode, 100.0, arrives=False)
    ledger.close_episode(episode, "resolved", "s1", 100.0)
    assert ledger.retain(KEEP, MUCH_LATER) == []


def test_a_call_that_another_incident_was_told_by_goes_and_the_other_stays_told(ledger: Ledger) -> None:
    old, younger = over(ledger, "a"), opened(ledger, "s1", "b")
    ledger.escalate_many([Call(younger, 0, "platform", "the same", told_by=old)], 110.0)
    assert [one.state for one in ledger.escalations(younger)] == ["told"]
    let_go(ledger, "a")
    assert ledger.retain(KEEP, MUCH_LATER) == [old]
    assert [(one.state, one.told_by) for one in ledger.escalations(younger)] == [("told", None)]


def test_sums_are_the_same_before_and_after(ledger: Ledger) -> None:
    over(ledger, "a")
    over(ledger, "b", outcome="not_healed")
    let_go(ledger, "a", "b")
    before = ledger.tallies()
    assert len(ledger.retain(KEEP, MUCH_LATER)) == 2
    assert ledger.tallies() == before
    assert any(one.name == "incidents" and one.value for one in before)


def test_old_sweeps_and_pauses_go_as_well(ledger: Ledger) -> None:
    ledger.start_sweep("h", 1, 100.0)
    new = ledger.start_sweep("h", 2, MUCH_LATER)
    ledger.pause("hetzner", "why", "ada", 105.0, 100.0)
    ledger.retain(KEEP, MUCH_LATER)
    assert [one.id for one in ledger.sweeps()] == [new]
    with ledger._transaction(writes=False) as connection:
        assert connection.execute(sa.select(schema.pauses)).all() == []


def test_a_few_at_a_time_the_oldest_first(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    old = [over(ledger, name, now=100.0 + number) for number, name in enumerate("abc")]
    let_go(ledger, *"abc")
    assert ledger.retain(KEEP, MUCH_LATER) == old[:2]
    assert ledger.retain(KEEP, MUCH_LATER) == old[2:]


def test_nobody_keeps_less_than_a_day(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="at least 86400 seconds"):
        ledger.retain(400.0, MUCH_LATER)


def retain(url: str) -> list[str]:
    return Ledger.open(url).retain(KEEP, MUCH_LATER)


def test_sweeps_that_clear_away_at_once_remove_and_count_each_incident_once(url: str, ledger: Ledger) -> None:
    old = [over(ledger, name) for name in "abcdef"]
    let_go(ledger, *"abcdef")
    before = ledger.tallies()
    gone = [episode for each in at_once(retain, [(url,)] * 4) for episode in each]
    assert sorted(gone) == sorted(old)
    assert ledger.tallies() == before
