# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The ledger as the engine uses it: one class over the subjects. See docs/ledger.md for the states.

Each public method is one transaction. What stands after it, and what if the process dies before or after it, is in its
docstring. The time is always an argument: ``now``, Unix seconds, what ``Ledger.now()`` says. Everything raises
LedgerError, or a child of it that says more (``values.py``).
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Self

import sqlalchemy as sa

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.approvals import Approvals
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.cases import Cases
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.claims import Claims
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.clock import Clock
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.cohorts import Cohorts
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.conditions import Conditions
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.connect import Store
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.deliveries import Deliveries
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.engines import clock_for
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.episodes import Episodes
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.escalations import Escalations
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.leases import Leases
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.leaving import Leaving
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.opening import prepare
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.pauses import Pauses
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.permits import Permits
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.retention import Retention
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.standings import Standings
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.sweeps import Sweeps
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.tallies import Tallies
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.timeline import Timeline
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import LedgerError, LedgerMissing
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.watch import Watch

_ROWS_AT_ONCE = 500


class Ledger(
    Episodes,
    Claims,
    Leases,
    Permits,
    Standings,
    Cohorts,
    Leaving,
    Escalations,
    Deliveries,
    Cases,
    Conditions,
    Sweeps,
    Timeline,
    Approvals,
    Pauses,
    Tallies,
    Watch,
    Retention,
):
    """What the engine knows between two sweeps."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        super().__init__(engine)
        self._clock = clock

    def now(self) -> float:
        """The time of this ledger in Unix seconds: the one clock for what goes into it or is compared with it."""
        return self._clock()

    @classmethod
    def open(cls, url: str, read_only: bool = False) -> Self:
        """Opens the ledger at a URL (``sqlite:////var/lib/remedy/ledger.db``); makes it if it is not there.

        A new SQLite file may be read by its owner alone, and so may its folder if that is new. Raises LedgerMissing if
        it is to be read only and is not there: then nothing is made.
        """
        engine = prepare(url, read_only)
        return cls(engine, clock_for(engine))

    @classmethod
    def scratch_copy(cls, url: str, path: str) -> Self:
        """A throw-away ledger in the SQLite file ``path`` (which must not exist) to preview a sweep on.

        It begins as the ledger at ``url``, which is only read, without the cases and timelines of what is closed; or
        empty, if there is none there.
        """
        if Path(path).exists():
            raise LedgerError(f"{path} exists; a scratch ledger is made in a new file")
        scratch = cls.open(sa.URL.create("sqlite", database=str(Path(path).absolute())).render_as_string())
        with contextlib.suppress(LedgerMissing):
            _copy(cls.open(url, read_only=True), scratch)
        return scratch


def _copy(source: Store, scratch: Store) -> None:
    is_open = sa.select(schema.episodes.c.id).where(schema.episodes.c.state != "closed")
    narrowed = {
        schema.cases: sa.select(schema.cases).where(schema.cases.c.id.in_(is_open)),
        schema.timeline: sa.select(schema.timeline).where(schema.timeline.c.episode.in_(is_open)),
    }
    with source._transaction(writes=False) as reader, scratch._transaction(writes=True) as writer:
        for table in schema.metadata.sorted_tables:
            if table is schema.version:
                continue
            rows = reader.execute(narrowed.get(table, sa.select(table)).order_by(*table.primary_key))
            for some in rows.mappings().partitions(_ROWS_AT_ONCE):
                writer.execute(table.insert(), [dict(row) for row in some])
