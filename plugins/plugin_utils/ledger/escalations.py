# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Escalations: every call for a human is written down before it is sent, once per episode and level, and never lost."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import sqlalchemy as sa

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.connect import Store, chunks, look, step
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.timeline import tell_all
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Call, Entry, Escalation

X = schema.escalations.c
_FIELDS = [schema.escalations.c[field.name] for field in dataclasses.fields(Escalation)]


class Escalations(Store):
    """Recorded, attempted, sent."""

    def escalate(self, episode: str, level: int, to: str, why: str, now: float) -> bool:
        """``escalate_many`` of one: whether it is new."""
        return bool(self.escalate_many([Call(episode, level, to, why)], now))

    @step
    def escalate_many(self, connection: sa.Connection, calls: Sequence[Call], now: float) -> list[Call]:
        """Records escalations, due at once; returns those that are new. An episode has one of each level and no more.

        Dying before: nothing, the next sweep comes to it again; after: each is in ``unsent`` until it was sent.
        """
        known: set[tuple[str, int]] = set()
        for some in chunks({call.episode for call in calls}):
            rows = connection.execute(sa.select(X.episode, X.level).where(X.episode.in_(some)))
            known.update((row.episode, row.level) for row in rows)
        fresh = {(call.episode, call.level): call for call in calls if (call.episode, call.level) not in known}
        if fresh:
            connection.execute(
                schema.escalations.insert(),
                [
                    {
                        "episode": call.episode,
                        "level": call.level,
                        "to": call.to,
                        "why": call.why,
                        "state": "recorded",
                        "recorded_at": now,
                        "due_at": now,
                    }
                    for call in fresh.values()
                ],
            )
        tell_all(connection, [_escalated(call, now) for call in fresh.values()])
        return list(fresh.values())

    @look
    def unsent(self, connection: sa.Connection, now: float) -> list[Escalation]:
        """Those that are to be sent or tried again by now, oldest first."""
        return _escalations(connection, X.state != "sent", X.due_at <= now)

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

    @step
    def attempt_escalation(
        self, connection: sa.Connection, escalation: int, attempts: int, retry_at: float, now: float
    ) -> bool:
        """Says that one is about to send, having seen ``attempts`` so far; True for exactly one who says so.

        Dying after it: the attempt counts and is repeated at ``retry_at``. So a human is called at least once, and
        twice only if the engine died between sending and recording it.
        """
        changed = connection.execute(
            sa.update(schema.escalations)
            .where(X.id == escalation, X.state != "sent", X.attempts == attempts, X.due_at <= now)
            .values(attempts=X.attempts + 1, due_at=retry_at)
        )
        return changed.rowcount == 1

    @step
    def escalation_sent(self, connection: sa.Connection, escalation: int, now: float) -> None:
        """Records that it has arrived."""
        connection.execute(
            sa.update(schema.escalations)
            .where(X.id == escalation)
            .values(state="sent", sent_at=now, due_at=None, error="")
        )

    @step
    def escalation_failed(self, connection: sa.Connection, escalation: int, error: str, retry_at: float) -> None:
        """Records why an attempt did not arrive and when the next one is due. One that was sent stays sent."""
        connection.execute(
            sa.update(schema.escalations)
            .where(X.id == escalation, X.state != "sent")
            .values(state="failed", error=error, due_at=retry_at)
        )


def _escalations(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> list[Escalation]:
    rows = connection.execute(sa.select(*_FIELDS).where(*where).order_by(X.id))
    return [Escalation(**row._mapping) for row in rows]


def _escalated(call: Call, now: float) -> Entry:
    detail = {"to": call.to, "level": call.level}
    return Entry(call.episode, now, "close", f"escalated to {call.to}: {call.why}", detail)
