# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What remedies have earned, from the ledger: a heal that did not hold is not forgotten, and may be forgiven."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.settings import SettingsError
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.watch.earned import HORIZON, earned
from tests.unit.ledger.helpers import RESTART, opened, permitted

START = 10_000_000.0
HOUR = 3600.0


@dataclasses.dataclass(frozen=True)
class Trusting:
    trusted_since: float


class Inventory:
    """One that knows hetzner alone."""

    def __init__(self, trusted_since: float = 0.0) -> None:
        self._target = Trusting(trusted_since)

    def target(self, name: str) -> Trusting:
        if name != "hetzner":
            raise SettingsError(f"{name!r} is not a host of the inventory")
        return self._target


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger.open(f"sqlite:///{tmp_path}/ledger.db")


def heal(ledger: Ledger, now: float, target: str = "hetzner") -> None:
    """An incident that a restart heals within two minutes."""
    sweep = ledger.start_sweep("ops1", 1, now)
    episode = opened(ledger, sweep, target, now)
    permit = permitted(ledger, episode, sweep, target, now)
    ledger.consume(permit, target, now + 1)
    ledger.finished(permit, "done", {}, now + 10)
    ledger.verified(permit, "healed", now + 120)
    ledger.close_episode(episode, "healed", sweep, now + 120)


def test_nothing_was_earned_where_nothing_was_done(ledger: Ledger) -> None:
    assert earned(ledger, Inventory(), HOUR, START).records == ()


def test_heals_that_hold_are_counted_and_demote_nothing(ledger: Ledger) -> None:
    heal(ledger, START)
    heal(ledger, START + 5 * HOUR)
    found = earned(ledger, Inventory(), HOUR, START + 9 * HOUR)
    ((target, remedy, healed, relapsed),) = [
        (one.target, one.remedy, one.healed, one.relapsed) for one in found.records
    ]
    assert (target, remedy, healed, relapsed) == ("hetzner", RESTART, 2, 0)
    assert found.demotions == ()


def test_a_heal_that_did_not_hold_demotes_until_a_human_trusts_it_again(ledger: Ledger) -> None:
    heal(ledger, START)
    heal(ledger, START + 600)
    later = START + 9 * HOUR
    found = earned(ledger, Inventory(), HOUR, later)
    assert [one.relapse.remedy for one in found.demotions] == [RESTART]
    assert found.records[0].suggestion.startswith("demoted")
    assert earned(ledger, Inventory(trusted_since=START + HOUR), HOUR, later).demotions == ()
    assert earned(ledger, Inventory(), HOUR, later + HORIZON).records == ()


def test_a_target_that_left_the_inventory_keeps_its_record(ledger: Ledger) -> None:
    heal(ledger, START, "berlin")
    heal(ledger, START + 600, "berlin")
    assert [one.relapse.target for one in earned(ledger, Inventory(), HOUR, START + HOUR).demotions] == ["berlin"]
