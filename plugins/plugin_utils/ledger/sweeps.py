# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sweeps and sources: that the engine runs, and when each Alertmanager was last heard."""

from __future__ import annotations

import dataclasses
import uuid
from typing import Any

import sqlalchemy as sa

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.connect import Store, lock, look, step
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.permits import void_unused
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.tallies import Sum, add
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.timeline import tell_all
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Answer, Entry, Sweep
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.watched import verdict_of
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json

S = schema.sweeps.c
E = schema.episodes.c
_FIELDS = [schema.sweeps.c[field.name] for field in dataclasses.fields(Sweep)]


class Sweeps(Store):
    """The runs of the engine and what they heard."""

    @step
    def start_sweep(
        self, connection: sa.Connection, host: str, pid: int, now: float, place: str = "", process_start: int = 0
    ) -> str:
        """Begins a sweep; returns its id, the name under which it claims. Dying after it: it stays unfinished."""
        sweep = uuid.uuid4().hex
        row = {"id": sweep, "host": host, "pid": pid, "place": place, "process_start": process_start}
        connection.execute(schema.sweeps.insert().values(**row, started_at=now))
        return sweep

    @step
    def finish_sweep(self, connection: sa.Connection, sweep: str, summary: Json, now: float) -> None:
        """Ends a sweep and gives its claims back."""
        _end(connection, sweep, summary, now)

    @step
    def abandon_sweep(self, connection: sa.Connection, sweep: str, why: str, now: float) -> list[str]:
        """Ends a sweep that is known to be dead (its process is gone) without waiting for its claims to run out.

        Its episodes are due at once; returns their ids. Permits that it did not use become void. The leases of those
        that it did use stay: a worker may outlive its sweep and still write.
        """
        void_unused(connection, sweep, f"its sweep died: {why}", now)
        left = list(connection.scalars(sa.select(E.id).where(E.claimed_by == sweep).order_by(E.id)))
        lock(connection, E.id, left)
        connection.execute(sa.update(schema.episodes).where(E.claimed_by == sweep).values(due_at=now))
        tell_all(connection, [Entry(episode, now, "discover", f"its sweep died: {why}") for episode in left])
        _end(connection, sweep, {"abandoned": why}, now)
        return left

    @look
    def sweeps(self, connection: sa.Connection, limit: int = 20, unfinished: bool = False) -> list[Sweep]:
        """The latest sweeps, newest first; or only those that have not ended."""
        query = sa.select(*_FIELDS).order_by(S.started_at.desc(), S.id).limit(limit)
        if unfinished:
            query = query.where(S.finished_at.is_(None))
        return [Sweep(**row._mapping) for row in connection.execute(query)]

    @step
    def heard(self, connection: sa.Connection, source: str, url: str, answer: Any, now: float) -> None:
        """Keeps the last good answer of a source (``answer`` is whatever JSON the caller wants back)."""
        values = {"answered_at": now, "url": url, "answer": answer}
        changed = connection.execute(
            sa.update(schema.sources).where(schema.sources.c.source == source).values(**values)
        )
        if changed.rowcount == 0:
            connection.execute(schema.sources.insert().values(source=source, **values))

    @look
    def last_answer(self, connection: sa.Connection, source: str) -> Answer | None:
        """The last good answer of a source, or None if it was never heard."""
        row = connection.execute(sa.select(schema.sources).where(schema.sources.c.source == source)).one_or_none()
        return None if row is None else Answer(row.source, row.answered_at, row.url, row.answer)


def _end(connection: sa.Connection, sweep: str, summary: Json, now: float) -> None:
    lock(connection, E.id, connection.scalars(sa.select(E.id).where(E.claimed_by == sweep)))
    connection.execute(
        sa.update(schema.episodes).where(E.claimed_by == sweep).values(claimed_by=None, claimed_until=None)
    )
    ended = connection.execute(
        sa.update(schema.sweeps).where(S.id == sweep, S.finished_at.is_(None)).values(finished_at=now, summary=summary)
    )
    if ended.rowcount == 1:
        began = connection.scalars(sa.select(S.started_at).where(S.id == sweep)).one()
        add(
            connection,
            [Sum("sweeps", {"result": verdict_of(summary)}), Sum("sweep_seconds", {}, max(0.0, now - began))],
        )
