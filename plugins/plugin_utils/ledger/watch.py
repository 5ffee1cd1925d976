# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads everything that is open at once, for the status and the metrics. Writes nothing."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

import sqlalchemy as sa

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.connect import Store, look
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.escalations import ARRIVED
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import (
    Answer,
    Approval,
    Delivery,
    Episode,
    Escalation,
    Lease,
    Mitigation,
    Pause,
    Sweep,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.watched import Condition, Watched, succeeded

Value = TypeVar("Value")

SWEEPS_LOOKED_AT = 2000
"""How far back the last success is searched for: more than a day of sweeps every minute."""


class Watch(Store):
    """One look at all of it."""

    @look
    def watched(self, connection: sa.Connection, now: float) -> Watched:
        """What is open at ``now``; see ``Watched``."""
        missing = schema.escalations.c.state.not_in(ARRIVED)
        called = sa.select(schema.escalations.c.episode).where(missing)
        closed = schema.episodes.c.state == "closed"
        return Watched(
            episodes=_read(connection, Episode, schema.episodes, sa.not_(closed)),
            over=_read(connection, Episode, schema.episodes, closed, schema.episodes.c.id.in_(called)),
            leases=_read(connection, Lease, schema.leases, schema.leases.c.released_at.is_(None)),
            unfinished=_read(connection, Mitigation, schema.mitigations, schema.mitigations.c.state == "begun"),
            approvals=_read(
                connection, Approval, schema.approvals, schema.approvals.c.state.in_(("waiting", "approved"))
            ),
            pauses=_read(
                connection,
                Pause,
                schema.pauses,
                schema.pauses.c.lifted_at.is_(None),
                schema.pauses.c.ends_at > now,
            ),
            undelivered=_read(connection, Escalation, schema.escalations, missing),
            deliveries=_missing(connection),
            **_sweeps(connection),
            sources=_read(connection, Answer, schema.sources),
            conditions={
                row.name: Condition(row.changed_at, row.value)
                for row in connection.execute(sa.select(schema.conditions))
            },
        )

    @look
    def acted_on(self, connection: sa.Connection, since: float) -> list[str]:
        """The targets on which something was begun or put before a human since then, in the order of their names."""
        began = sa.select(schema.mitigations.c.target).where(schema.mitigations.c.began_at >= since)
        asked = sa.select(schema.approvals.c.target).where(schema.approvals.c.asked_at >= since)
        return sorted(set(connection.scalars(sa.union(began, asked))))


def _read(
    connection: sa.Connection, kind: type[Value], table: sa.Table, *where: sa.ColumnElement[bool]
) -> tuple[Value, ...]:
    """The rows of a table as values of its class, in the order of their keys."""
    columns = [table.c[field.name] for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
    rows = connection.execute(sa.select(*columns).where(*where).order_by(*table.primary_key.columns))
    return tuple(kind(**row._mapping) for row in rows)


def _missing(connection: sa.Connection) -> tuple[Delivery, ...]:
    table = schema.deliveries
    open_ = sa.select(schema.escalations.c.id).where(schema.escalations.c.state.not_in(ARRIVED))
    return _read(connection, Delivery, table, table.c.escalation.in_(open_), table.c.state != "sent")


def _sweeps(connection: sa.Connection) -> dict[str, Any]:
    columns = [schema.sweeps.c[field.name] for field in dataclasses.fields(Sweep)]
    latest = sa.select(*columns).order_by(schema.sweeps.c.started_at.desc(), schema.sweeps.c.id)
    under_way, ended, success = [], None, None
    for row in connection.execute(latest.limit(SWEEPS_LOOKED_AT)):
        sweep = Sweep(**row._mapping)
        if sweep.finished_at is None:
            under_way.append(sweep)
            continue
        ended = ended or sweep
        if succeeded(sweep):
            success = sweep
            break
    return {"last_sweep": ended, "last_success": success, "under_way": tuple(under_way)}
