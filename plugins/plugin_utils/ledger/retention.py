# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Retention: incidents that are long over go, as a whole, a few at a time. What they were counted for stays counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.connect import Store, step
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.tallies import add, totals_of

D = schema.deliveries.c
E = schema.episodes.c
L = schema.leases.c
P = schema.pauses.c
S = schema.sweeps.c
X = schema.escalations.c

AT_ONCE = 200
"""Incidents that one call removes at most: no sweep waits long for it."""

SHORTEST = 86400.0
"""Seconds. Whoever keeps less than a day has mistaken the unit, and would take their past from the guards."""


class Retention(Store):
    """Removing what is old."""

    @step
    def retain(self, connection: sa.Connection, keep_seconds: float, now: float) -> list[str]:
        """Removes closed episodes that ended more than ``keep_seconds`` ago, with everything that belongs to them; and
        sweeps and pauses that are as old. Returns the ids of the cases that are gone, at most ``AT_ONCE``, those that
        ended first in front. Calling it again removes the next.

        What the metrics count of them goes into the tallies. An episode stays while a call of it is on its way,
        and while it was the last to hold a target: fences never begin anew. Raises ValueError for less than a day.
        Dying before: all is there; after: these are gone, and counted.
        """
        if keep_seconds < SHORTEST:
            raise ValueError(f"records are kept for at least {SHORTEST:.0f} seconds")
        before = now - keep_seconds
        gone: list[str] = list(connection.scalars(_long_over(before)))
        counted = totals_of(connection, gone)
        _remove(connection, gone)
        connection.execute(sa.delete(schema.sweeps).where(S.started_at < before))
        connection.execute(sa.delete(schema.pauses).where(P.ends_at < before))
        add(connection, counted)
        return gone


def _long_over(before: float) -> sa.Select[Any]:
    """Locked, and without those that another sweep is removing at this moment."""
    unheard = sa.exists().where(X.episode == E.id, D.escalation == X.id, D.state != "sent")
    last_holder = sa.exists().where(L.episode == E.id)
    return (
        sa.select(E.id)
        .where(E.state == "closed", E.closed_at < before, sa.not_(unheard), sa.not_(last_holder))
        .order_by(E.closed_at, E.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )


def _remove(connection: sa.Connection, episodes: Sequence[str]) -> None:
    """What refers to others goes first. A call of another incident that was told of by one of these keeps its state."""
    calls = sa.select(X.id).where(X.episode.in_(episodes)).scalar_subquery()
    connection.execute(sa.update(schema.escalations).where(X.told_by.in_(calls)).values(told_by=None))
    connection.execute(sa.delete(schema.deliveries).where(D.escalation.in_(calls)))
    for table in (schema.escalations, schema.approvals, schema.mitigations, schema.timeline):
        connection.execute(sa.delete(table).where(table.c.episode.in_(episodes)))
    connection.execute(sa.delete(schema.cases).where(schema.cases.c.id.in_(episodes)))
    connection.execute(sa.delete(schema.episodes).where(E.id.in_(episodes)))
