# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Escalations: every call for a human is written down before it is sent, once per episode and level, and never lost.

How a call travels, channel by channel, is in ``deliveries.py``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.connect import Store, chunks, look, step
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.timeline import tell_all
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Call, Entry, Escalation

X = schema.escalations.c
E = schema.episodes.c
Row = dict[str, object]
_FIELDS = [schema.escalations.c[field.name] for field in dataclasses.fields(Escalation)]

ARRIVED = ("sent", "told")
"""The states of a call that is not to be sent (any more)."""


class Escalations(Store):
    """Recorded, told by another, asked for."""

    def escalate(self, episode: str, level: int, to: str, why: str, now: float) -> bool:
        """``escalate_many`` of one: whether it is new."""
        return bool(self.escalate_many([Call(episode, level, to, why)], now))

    @step
    def escalate_many(self, connection: sa.Connection, calls: Sequence[Call], now: float) -> list[Call]:
        """Records escalations, due at once; returns those that are new. An episode has one of each level and no more.

        One that is told by another episode's call of its level is recorded as told, after that one, and never sent; if
        there is no such call, it is a call like any other. Dying before: nothing, the next sweep comes to it again;
        after: each is in ``undelivered`` until it was sent.
        """
        known = _known(connection, {name for call in calls for name in (call.episode, call.told_by) if name})
        fresh: list[Call] = []
        told: list[Row] = []
        for call in sorted(calls, key=lambda one: bool(one.told_by)):
            if (call.episode, call.level) in known:
                continue
            fresh.append(call)
            teller = known.get((call.told_by, call.level)) if call.told_by != call.episode else None
            if teller is None:
                known[call.episode, call.level] = _insert(connection, _row(call, None, now))
            else:
                known[call.episode, call.level] = teller
                told.append(_row(call, teller, now))
        if told:
            connection.execute(schema.escalations.insert(), told)
        tell_all(connection, [_escalated(call, now) for call in fresh])
        return fresh

    @look
    def undelivered(self, connection: sa.Connection, now: float) -> list[Escalation]:
        """Calls recorded by now that have not arrived by every channel they go by, oldest first."""
        return _escalations(connection, X.state.not_in(ARRIVED), X.recorded_at <= now)

    @look
    def calls_under_way(self, connection: sa.Connection) -> list[Escalation]:
        """All calls of the episodes that are open: what the next level is judged by."""
        is_open = sa.select(E.id).where(E.state != "closed")
        return _escalations(connection, X.episode.in_(is_open))

    @look
    def escalations(self, connection: sa.Connection, episode: str) -> list[Escalation]:
        """Those of an episode, lowest level first."""
        return sorted(_escalations(connection, X.episode == episode), key=lambda one: one.level)

    @look
    def escalations_of(self, connection: sa.Connection, episodes: Sequence[str]) -> dict[str, list[Escalation]]:
        """``escalations`` of several episodes; an episode without any is not among them."""
        found: dict[str, list[Escalation]] = {}
        for some in chunks(episodes):
            for one in _escalations(connection, X.episode.in_(some)):
                found.setdefault(one.episode, []).append(one)
        return {episode: sorted(rows, key=lambda one: one.level) for episode, rows in found.items()}


def _known(connection: sa.Connection, episodes: set[str]) -> dict[tuple[str, int], int]:
    """(episode, level) → the id of the call that speaks for it: its own, or the one that has told of it."""
    known: dict[tuple[str, int], int] = {}
    for some in chunks(episodes):
        rows = connection.execute(sa.select(X.episode, X.level, X.id, X.told_by).where(X.episode.in_(some)))
        known.update({(row.episode, row.level): row.told_by or row.id for row in rows})
    return known


def _row(call: Call, teller: int | None, now: float) -> Row:
    return {
        "episode": call.episode,
        "level": call.level,
        "to": call.to,
        "why": call.why,
        "state": "told" if teller else "recorded",
        "recorded_at": now,
        "due_at": None if teller else now,
        "told_by": teller,
    }


def _insert(connection: sa.Connection, row: Row) -> int:
    key: Any = connection.execute(schema.escalations.insert().values(row)).inserted_primary_key
    return int(key[0])


def _escalations(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> list[Escalation]:
    rows = connection.execute(sa.select(*_FIELDS).where(*where).order_by(X.id))
    return [Escalation(**row._mapping) for row in rows]


def _escalated(call: Call, now: float) -> Entry:
    detail = {"to": call.to, "level": call.level, **({"told_by": call.told_by} if call.told_by else {})}
    again = f" (level {call.level})" if call.level > 1 else ""
    return Entry(call.episode, now, "close", f"escalated to {call.to}{again}: {call.why}", detail)
