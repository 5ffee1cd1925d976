# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What every remedy has earned on every target, from the ledger and the inventory's ``remedy_trusted_since``."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Protocol

from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.settings import SettingsError
from ansible_collections.oncall.remedy.plugins.plugin_utils.trust import Demotion, Record, demotion, track_record

if TYPE_CHECKING:
    from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger

HORIZON = 90 * 86400.0
"""Seconds of the past that count. What was earned or lost before has no bearing on today."""


class Trusting(Protocol):
    """A target of the inventory, as far as it matters here."""

    @property
    def trusted_since(self) -> float:
        """Unix seconds."""


class Inventory(Protocol):
    """``Estate``, as far as it matters here."""

    def target(self, name: str) -> Trusting:
        """Raises SettingsError where there is no such target, or a variable of it cannot be used."""


@dataclasses.dataclass(frozen=True)
class Earned:
    """A record of each remedy on each target, and those that are demoted."""

    records: tuple[Record, ...]
    demotions: tuple[Demotion, ...]


def earned(ledger: Ledger, inventory: Inventory, must_hold: float, now: float) -> Earned:
    """Reads what was proposed, approved, done, healed and came back since the horizon. Raises LedgerError."""
    since = now - HORIZON
    targets = ledger.acted_on(since)
    standings = ledger.standings(targets, since, must_hold)
    trusted = {name: _trusted_since(inventory, name) for name in targets}
    records = track_record(
        (one for standing in standings.values() for one in standing.history),
        ledger.approvals((), since, limit=10_000),
        (one for standing in standings.values() for one in standing.relapses),
        now,
        must_hold,
        trusted,
    )
    found = [
        demotion(standings[one.target], one.remedy, trusted[one.target], must_hold, now)
        for one in records
        if one.target in standings
    ]
    return Earned(tuple(records), tuple(one for one in found if one is not None))


def _trusted_since(inventory: Inventory, name: str) -> float:
    """Where the inventory does not know the target any more, or cannot be read, nobody has trusted it anew."""
    try:
        return inventory.target(name).trusted_since
    except SettingsError:
        return 0.0
