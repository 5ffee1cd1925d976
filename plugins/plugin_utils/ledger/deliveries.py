# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Deliveries: an escalation on its way to a human, channel by channel, until it has arrived by each of them.

An attempt is written down before anything is sent. Dying in between: the attempt counts and is repeated when its time
has come; so a human is called at least once, and twice only where the engine died between sending and recording it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.connect import Store, chunks, look, step
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.escalations import ARRIVED
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.timeline import tell
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Delivery, Escalation

D = schema.deliveries.c
X = schema.escalations.c
E = schema.episodes.c
_FIELDS = [schema.deliveries.c[field.name] for field in dataclasses.fields(Delivery)]
_OF_ESCALATION = [
    schema.escalations.c[field.name].label(f"of_{field.name}") for field in dataclasses.fields(Escalation)
]

GOOD_ENDS = ("healed", "resolved")
"""Outcomes after which those who were called are told that it is over. After others a human is still needed."""


class Deliveries(Store):
    """Opened, attempted, sent."""

    @step
    def open_deliveries(self, connection: sa.Connection, channels: Mapping[int, Sequence[str]], now: float) -> int:
        """Has escalations go by these channels, due at once; says how many deliveries are new. Done twice, it is done.

        What was to go by a channel that the inventory does not name for it any more is withdrawn unless it has arrived.
        An escalation that has arrived by all of its channels is sent.
        """
        opened = 0
        for escalation, names in sorted(channels.items()):
            _lock(connection, escalation)
            known = _deliveries(connection, D.escalation == escalation, D.kind == "call")
            gone = [one.channel for one in known if one.state != "sent" and one.channel not in names]
            connection.execute(
                sa.delete(schema.deliveries).where(D.escalation == escalation, D.kind == "call", D.channel.in_(gone))
            )
            missing = [name for name in dict.fromkeys(names) if name not in {one.channel for one in known}]
            opened += _open(connection, [(escalation, name) for name in missing], "call", now)
            _conclude(connection, escalation, now)
        return opened

    @step
    def open_clears(self, connection: sa.Connection, now: float) -> int:
        """Has the word go out that an incident ended well, once, by the channels by which its call has arrived.

        A call that told of several waits until all of them are over. One that was made at the end itself (it healed,
        and the cause is still to be seen to) is for a human to end.
        """
        told = schema.escalations.alias()
        theirs = schema.episodes.alias()
        clears = schema.deliveries.alias()
        others_open = (
            sa.select(told.c.id)
            .join(theirs, theirs.c.id == told.c.episode)
            .where(told.c.told_by == X.id, theirs.c.state != "closed")
        )
        has_clear = sa.select(clears.c.kind).where(
            clears.c.escalation == D.escalation, clears.c.channel == D.channel, clears.c.kind == "clear"
        )
        rows = connection.execute(
            sa.select(D.escalation, D.channel)
            .join(schema.escalations, X.id == D.escalation)
            .join(schema.episodes, E.id == X.episode)
            .where(D.kind == "call", D.state == "sent", E.state == "closed", E.outcome.in_(GOOD_ENDS))
            .where(X.recorded_at < E.closed_at, ~others_open.exists(), ~has_clear.exists())
            .order_by(D.escalation, D.channel)
        )
        return _open(connection, [(row.escalation, row.channel) for row in rows], "clear", now)

    @look
    def due_deliveries(self, connection: sa.Connection, now: float) -> list[tuple[Delivery, Escalation]]:
        """What is to be sent, or tried again, by now, the oldest first; each with what it is about."""
        rows = connection.execute(
            sa.select(*_FIELDS, *_OF_ESCALATION)
            .join(schema.escalations, X.id == D.escalation)
            .where(D.state != "sent", D.due_at <= now)
            .order_by(D.escalation, D.kind, D.channel)
        )
        return [(_delivery(row._mapping), _escalation(row._mapping)) for row in rows]

    @look
    def deliveries_of(self, connection: sa.Connection, escalations: Sequence[int]) -> dict[int, list[Delivery]]:
        """The deliveries of each escalation; one without any is not among them."""
        found: dict[int, list[Delivery]] = {}
        for some in chunks(escalations):
            for one in _deliveries(connection, D.escalation.in_(some)):
                found.setdefault(one.escalation, []).append(one)
        return found

    @step
    def attempt_delivery(self, connection: sa.Connection, delivery: Delivery, retry_at: float, now: float) -> bool:
        """Says that one is about to be sent, as it was read; True for exactly one who says so.

        Dying after it: the attempt counts, and it is due again at ``retry_at``.
        """
        _lock(connection, delivery.escalation)
        changed = connection.execute(
            sa.update(schema.deliveries)
            .where(*_this(delivery), D.state != "sent", D.attempts == delivery.attempts, D.due_at <= now)
            .values(attempts=D.attempts + 1, due_at=retry_at)
        )
        if changed.rowcount == 1 and delivery.kind == "call":
            connection.execute(
                sa.update(schema.escalations)
                .where(X.id == delivery.escalation, X.state.not_in(ARRIVED))
                .values(attempts=X.attempts + 1)
            )
        return changed.rowcount == 1

    @step
    def delivery_sent(self, connection: sa.Connection, delivery: Delivery, now: float, remark: str = "") -> None:
        """Records that one has arrived; its escalation is sent when all of its deliveries are."""
        _lock(connection, delivery.escalation)
        changed = connection.execute(
            sa.update(schema.deliveries)
            .where(*_this(delivery), D.state != "sent")
            .values(state="sent", sent_at=now, due_at=None, error="")
        )
        if changed.rowcount == 1:
            _tell(
                connection, delivery, "told by" if delivery.kind == "call" else "told that it is over by", remark, now
            )
            _conclude(connection, delivery.escalation, now)

    @step
    def delivery_failed(
        self, connection: sa.Connection, delivery: Delivery, error: str, retry_at: float, now: float
    ) -> None:
        """Records why an attempt did not arrive and when the next one is due. One that was sent stays sent.

        The timeline tells of the first failure; the later ones are counted.
        """
        _lock(connection, delivery.escalation)
        changed = connection.execute(
            sa.update(schema.deliveries)
            .where(*_this(delivery), D.state != "sent")
            .values(state="failed", error=error, due_at=retry_at)
        )
        if changed.rowcount == 1:
            if delivery.attempts == 0:
                _tell(connection, delivery, "could not be reached by", error, now)
            _conclude(connection, delivery.escalation, now)


def _lock(connection: sa.Connection, escalation: int) -> None:
    """Two channels of one call end one after the other: each sees what the other has said. SQLite does so anyway."""
    connection.execute(sa.select(X.id).where(X.id == escalation).with_for_update())


def _open(connection: sa.Connection, pairs: Sequence[tuple[int, str]], kind: str, now: float) -> int:
    """Adds deliveries that are due at once."""
    if pairs:
        connection.execute(
            schema.deliveries.insert(),
            [
                {"escalation": escalation, "channel": channel, "kind": kind, "state": "due", "due_at": now}
                for escalation, channel in pairs
            ],
        )
    return len(pairs)


def _conclude(connection: sa.Connection, escalation: int, now: float) -> None:
    """Brings an escalation's own state in line with its deliveries'."""
    calls = _deliveries(connection, D.escalation == escalation, D.kind == "call")
    missing = [one for one in calls if one.state != "sent"]
    values: dict[str, object]
    if calls and not missing:
        values = {"state": "sent", "sent_at": now, "due_at": None, "error": ""}
    else:
        errors = [f"{one.channel}: {one.error}" for one in missing if one.error]
        times = [one.due_at for one in missing if one.due_at is not None]
        values = {"state": "failed" if errors else "recorded", "error": "; ".join(errors)}
        values |= {"due_at": min(times)} if times else {}
    connection.execute(
        sa.update(schema.escalations).where(X.id == escalation, X.state.not_in(ARRIVED)).values(**values)
    )


def _tell(connection: sa.Connection, delivery: Delivery, what: str, more: str, now: float) -> None:
    """A line in the timeline of the incident: who was, or was not, reached by which channel."""
    row = connection.execute(sa.select(X.episode, X.to).where(X.id == delivery.escalation)).one()
    detail = {"channel": delivery.channel, "attempts": delivery.attempts + 1}
    words = f"{row.to} {'was ' if what.startswith('told') else ''}{what} {delivery.channel}"
    tell(connection, row.episode, now, "close", f"{words}: {more}" if more else words, detail)


def _this(delivery: Delivery) -> tuple[sa.ColumnElement[bool], ...]:
    return (D.escalation == delivery.escalation, D.channel == delivery.channel, D.kind == delivery.kind)


def _deliveries(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> list[Delivery]:
    rows = connection.execute(sa.select(*_FIELDS).where(*where).order_by(D.escalation, D.kind, D.channel))
    return [Delivery(**row._mapping) for row in rows]


def _delivery(row: sa.RowMapping) -> Delivery:
    return Delivery(**{name.name: row[name.name] for name in dataclasses.fields(Delivery)})


def _escalation(row: sa.RowMapping) -> Escalation:
    return Escalation(**{name.name: row[f"of_{name.name}"] for name in dataclasses.fields(Escalation)})
