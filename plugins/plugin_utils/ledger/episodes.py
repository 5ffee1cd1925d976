# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Episodes: one per incident, from the first time the engine sees it until it is over.

Two alerts are one incident if source, target, alert name and the runbook's bound inputs are the same: the runbook would
then ask the same questions and do the same thing. The fingerprint does not count: it hashes labels that no input is
bound to (a pod's name, a replica), so it changes while the incident stays. ``startsAt`` does not count either: it
starts anew with Prometheus. Where there is no alert (an operator's run), the runbook stands for the alert's name.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import uuid
from collections.abc import Sequence

import sqlalchemy as sa

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.claims import claimable
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.connect import Store, chunks, look, step
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.timeline import tell_all
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import (
    CLOCK_TOLERANCE,
    Entry,
    Episode,
    Incident,
    LedgerError,
)

E = schema.episodes.c
OPEN = ("open", "waiting", "permitted", "mending", "verifying")
"""Every state but closed, one by one: so the index finds the few among all that ever were."""

_FIELDS = [schema.episodes.c[field.name] for field in dataclasses.fields(Episode)]


def incident_key(incident: Incident) -> str:
    """What makes two alerts the same incident, see above."""
    name = ["alert", incident.alertname] if incident.alertname else ["runbook", incident.runbook]
    words = json.dumps([incident.source, incident.target, name, incident.inputs], sort_keys=True)
    return hashlib.sha256(words.encode()).hexdigest()


def _episodes(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> list[Episode]:
    rows = connection.execute(sa.select(*_FIELDS).where(*where).order_by(E.due_at, E.opened_at, E.id))
    return [Episode(**row._mapping) for row in rows]


class Episodes(Store):
    """Opening and finding."""

    def open_episode(self, incident: Incident, now: float) -> Episode:
        """``open_episodes`` of one."""
        return self.open_episodes([incident], now)[0]

    @step
    def open_episodes(self, connection: sa.Connection, incidents: Sequence[Incident], now: float) -> list[Episode]:
        """The episode of each incident, in the same order: the one that is open, else a new one, due at once.

        Calling it twice is calling it once. An incident that is open is marked as seen, with its latest fingerprint.
        An alert that still fires for a moment after it was healed is an echo: while the closed episode says so
        (``close_episode(echo_until=…)``) and the alert did not start after the closing, the *closed* episode is
        returned and nothing is opened. Dying before: nothing; after: all of them are open and due.
        """
        keys = [incident_key(incident) for incident in incidents]
        # In this order: one that somebody closes at this moment is found open, or as an echo, and never as neither.
        known = _open_by_key(connection, keys)
        known = _echoes(connection, dict(zip(keys, incidents, strict=True)), now) | known
        fresh = {key: incident for key, incident in zip(keys, incidents, strict=True) if key not in known}
        _insert(connection, fresh, now)
        _mark_seen(connection, [(known[key], i) for key, i in zip(keys, incidents, strict=True) if key in known], now)
        found = _open_by_key(connection, keys)
        return [found.get(key) or known[key] for key in keys]

    @look
    def episode(self, connection: sa.Connection, episode: str) -> Episode:
        """One episode. Raises LedgerError if there is none of this id."""
        found = _episodes(connection, E.id == episode)
        if not found:
            raise LedgerError(f"there is no episode {episode}")
        return found[0]

    @look
    def episodes(self, connection: sa.Connection, target: str | None = None) -> list[Episode]:
        """All open episodes, or those of one target, what is due first in front."""
        narrowed = [] if target is None else [E.target == target]
        return _episodes(connection, E.state.in_(OPEN), *narrowed)

    @look
    def due(self, connection: sa.Connection, now: float) -> list[Episode]:
        """The open episodes that are to be looked at and that no sweep works on, longest overdue first.

        Those that were changed in the future are due as well: the clock was set back, and waiting for the old time to
        come round again could last for ever.
        """
        return _episodes(
            connection,
            E.state.in_(OPEN),
            sa.or_(E.due_at <= now, E.changed_at > now + CLOCK_TOLERANCE),
            claimable(now),
        )


def _open_by_key(connection: sa.Connection, keys: Sequence[str]) -> dict[str, Episode]:
    found = {}
    for some in chunks(keys):
        rows = connection.execute(sa.select(E.open_key, *_FIELDS).where(E.open_key.in_(some)))
        for row in rows:
            fields = dict(row._mapping)
            key = fields.pop("open_key")
            found[key] = Episode(**fields)
    return found


def _echoes(connection: sa.Connection, incidents: dict[str, Incident], now: float) -> dict[str, Episode]:
    """The closed episodes whose firing is still heard, by key."""
    found = {}
    for some in chunks(incidents):
        rows = connection.execute(
            sa.select(E.key, *_FIELDS).where(E.key.in_(some), E.state == "closed", E.echo_until > now)
        )
        for row in rows:
            fields = dict(row._mapping)
            key = fields.pop("key")
            episode = Episode(**fields)
            started, ended = incidents[key].starts_at, episode.closed_at
            set_back = ended is not None and ended > now + CLOCK_TOLERANCE
            if started is not None and ended is not None and started <= ended and not set_back:
                found[key] = episode
    return found


def _insert(connection: sa.Connection, fresh: dict[str, Incident], now: float) -> None:
    if not fresh:
        return
    rows = [
        {
            "id": uuid.uuid4().hex,
            "key": key,
            "open_key": key,
            **dataclasses.asdict(incident),
            "opened_at": now,
            "seen_at": now,
            "state": "open",
            "due_at": now,
            "changed_at": now,
        }
        for key, incident in sorted(fresh.items(), key=lambda one: one[0])
    ]
    connection.execute(schema.episodes.insert(), rows)
    tell_all(connection, [Entry(row["id"], now, "discover", "opened", {"runbook": row["runbook"]}) for row in rows])


def _mark_seen(connection: sa.Connection, seen: Sequence[tuple[Episode, Incident]], now: float) -> None:
    rows = [
        {
            "_id": episode.id,
            "_fingerprint": incident.fingerprint,
            "_starts_at": incident.starts_at,
            "_runbook": episode.runbook or incident.runbook,  # none at first, and somebody has written it meanwhile
        }
        for episode, incident in sorted(seen, key=lambda one: one[0].id)
        if episode.state != "closed"
    ]
    if rows:
        connection.execute(
            sa.update(schema.episodes)
            .where(E.id == sa.bindparam("_id"))
            .values(
                fingerprint=sa.bindparam("_fingerprint"),
                starts_at=sa.bindparam("_starts_at"),
                runbook=sa.bindparam("_runbook"),
                seen_at=now,
            ),
            rows,
        )
