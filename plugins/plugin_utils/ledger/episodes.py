# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Episodes: one per incident, from the first time the engine sees it until it is over.

Two alerts are one incident if source, target, alert name and the runbook's bound inputs are the same: the runbook would
then ask the same questions and do the same thing. The fingerprint does not count: it hashes labels that no input is
bound to (a pod's name, a replica), so it changes while the incident stays. ``startsAt`` does not count either: it
starts anew with Prometheus. Where there is no alert (an operator's run), the runbook stands for the alert's name.

A claim says which sweep works on an episode. It divides the work and no more: what may be written is decided by the
lease and the permit (``leases.py``, ``permits.py``).
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.connect import Store, look, step
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.timeline import tell, tell_all
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import (
    CLAIM_MAX,
    CLOCK_TOLERANCE,
    ClaimLost,
    Entry,
    Episode,
    Incident,
    LedgerError,
    StepRefused,
    Why,
)

_CHUNK = 500
"""Values in one ``IN``: SQLite takes 32766, older ones 999."""

T = TypeVar("T")
E = schema.episodes.c
L = schema.leases.c
M = schema.mitigations.c
_FIELDS = [schema.episodes.c[field.name] for field in dataclasses.fields(Episode)]


def incident_key(incident: Incident) -> str:
    """What makes two alerts the same incident, see above."""
    name = ["alert", incident.alertname] if incident.alertname else ["runbook", incident.runbook]
    words = json.dumps([incident.source, incident.target, name, incident.inputs], sort_keys=True)
    return hashlib.sha256(words.encode()).hexdigest()


def chunks(members: Iterable[T]) -> Iterator[list[T]]:
    """The members in lists that fit into one statement."""
    everything = list(members)
    return (everything[start : start + _CHUNK] for start in range(0, len(everything), _CHUNK))


def _episodes(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> list[Episode]:
    rows = connection.execute(sa.select(*_FIELDS).where(*where).order_by(E.due_at, E.opened_at, E.id))
    return [Episode(**row._mapping) for row in rows]


def _claimable(now: float) -> sa.ColumnElement[bool]:
    """Nobody works on it: no claim, one that ran out, or one that no right clock can have made."""
    return sa.or_(E.claimed_by.is_(None), E.claimed_until <= now, E.claimed_until > now + CLAIM_MAX)


def change(connection: sa.Connection, episode: str, by: str, now: float, **values: Any) -> None:
    """Changes an open episode for the sweep that has claimed it, within the step of the caller. Raises ClaimLost."""
    changed = connection.execute(
        sa.update(schema.episodes)
        .where(E.id == episode, E.state != "closed", E.claimed_by == by)
        .values(changed_at=now, **values)
    )
    if changed.rowcount != 1:
        holder = connection.execute(sa.select(E.claimed_by, E.state).where(E.id == episode)).one_or_none()
        if holder is None:
            raise ClaimLost(f"there is no episode {episode}")
        if holder.state == "closed":
            raise ClaimLost(f"episode {episode} is closed")
        raise ClaimLost(f"episode {episode} is worked on by {holder.claimed_by or 'nobody'}, not by {by}")


class Episodes(Store):
    """Opening, claiming, waiting, closing."""

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
        known = _echoes(connection, dict(zip(keys, incidents, strict=True)), now) | _open_by_key(connection, keys)
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
        return _episodes(connection, E.state != "closed", *narrowed)

    @look
    def due(self, connection: sa.Connection, now: float) -> list[Episode]:
        """The open episodes that are to be looked at and that no sweep works on, longest overdue first.

        Those that were changed in the future are due as well: the clock was set back, and waiting for the old time to
        come round again could last for ever.
        """
        return _episodes(
            connection,
            E.state != "closed",
            sa.or_(E.due_at <= now, E.changed_at > now + CLOCK_TOLERANCE),
            _claimable(now),
        )

    def claim(self, episode: str, sweep: str, until: float, now: float) -> bool:
        """``claim_many`` of one: whether the sweep has it."""
        return episode in self.claim_many([episode], sweep, until, now)

    @step
    def claim_many(
        self, connection: sa.Connection, episodes: Sequence[str], sweep: str, until: float, now: float
    ) -> frozenset[str]:
        """Claims what nobody else works on, until ``until``; returns the ids that the sweep has now.

        Of any number of sweeps that ask at once exactly one gets an episode. Asking again lengthens one's own claim.
        Dying before: as it was; after: nobody else gets them until the claim runs out or the sweep is ``abandon``-ed.
        """
        if not now < until <= now + CLAIM_MAX:
            raise ValueError(f"a claim lasts more than 0 and at most {CLAIM_MAX:.0f} seconds")
        mine: set[str] = set()
        for some in chunks(episodes):
            before = {episode.id: episode.claimed_by for episode in _episodes(connection, E.id.in_(some))}
            connection.execute(
                sa.update(schema.episodes)
                .where(E.id.in_(some), E.state != "closed", sa.or_(_claimable(now), E.claimed_by == sweep))
                .values(claimed_by=sweep, claimed_until=until)
            )
            got = connection.scalars(sa.select(E.id).where(E.id.in_(some), E.claimed_by == sweep, E.state != "closed"))
            mine.update(got)
            tell_all(connection, _takeovers(before, mine, sweep, now))
        return frozenset(mine)

    @step
    def release_claims(self, connection: sa.Connection, sweep: str) -> None:
        """Gives back all claims of a sweep: at its end. Dying before: they run out by themselves."""
        connection.execute(
            sa.update(schema.episodes).where(E.claimed_by == sweep).values(claimed_by=None, claimed_until=None)
        )

    @step
    def wait(
        self,
        connection: sa.Connection,
        episode: str,
        why: Why,
        due_at: float,
        by: str,
        now: float,
        outcome: str = "",
        detail: str = "",
    ) -> None:
        """Puts an episode off until ``due_at``; ``look_again`` counts one look. An unused permit becomes void and the
        lease of the target is free again. ``outcome`` is that of the case so far (held, proposed, escalated, …).

        An episode whose alert still fires is put off, never closed: else the next sweep would begin it anew and call
        the same human again. Raises ClaimLost; StepRefused while a mitigation has begun and has no outcome. Dying
        before: the claim runs out and the next sweep looks anew; after: it is looked at when it is due.
        """
        _let_go(connection, episode, now, f"put off: {why}")
        more = {"looks": E.looks + 1} if why == "look_again" else {}
        change(connection, episode, by, now, state="waiting", why=why, due_at=due_at, outcome=outcome, **more)
        tell(connection, episode, now, "close", detail or f"waits: {why}", {"why": why, "due_at": due_at})

    @step
    def verifying(self, connection: sa.Connection, episode: str, due_at: float, by: str, now: float) -> None:
        """Goes on verifying at ``due_at``, in this sweep or a later one; the lease is kept. Raises ClaimLost."""
        change(connection, episode, by, now, state="verifying", why="", due_at=due_at)

    @step
    def close_episode(
        self,
        connection: sa.Connection,
        episode: str,
        outcome: str,
        by: str,
        now: float,
        echo_until: float | None = None,
        detail: str = "",
    ) -> None:
        """Ends an episode and frees the lease of its target. Until ``echo_until`` the same firing opens no new one.

        Raises ClaimLost; StepRefused while a mitigation has begun and has no outcome. Dying before: it is open and
        due, the next sweep comes to the same end; after: it is closed and its claim gone.
        """
        _let_go(connection, episode, now, f"closed: {outcome}")
        change(
            connection,
            episode,
            by,
            now,
            state="closed",
            why="",
            outcome=outcome,
            closed_at=now,
            echo_until=echo_until,
            open_key=None,
            claimed_by=None,
            claimed_until=None,
        )
        tell(connection, episode, now, "close", detail or f"closed: {outcome}", {"outcome": outcome})


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
        for key, incident in fresh.items()
    ]
    connection.execute(schema.episodes.insert(), rows)
    tell_all(connection, [Entry(row["id"], now, "discover", "opened", {"runbook": row["runbook"]}) for row in rows])


def _mark_seen(connection: sa.Connection, seen: Sequence[tuple[Episode, Incident]], now: float) -> None:
    rows = [
        {"_id": episode.id, "_fingerprint": incident.fingerprint, "_starts_at": incident.starts_at}
        for episode, incident in seen
        if episode.state != "closed"
    ]
    if rows:
        connection.execute(
            sa.update(schema.episodes)
            .where(E.id == sa.bindparam("_id"))
            .values(fingerprint=sa.bindparam("_fingerprint"), starts_at=sa.bindparam("_starts_at"), seen_at=now),
            rows,
        )


def _takeovers(before: dict[str, str | None], mine: set[str], sweep: str, now: float) -> list[Entry]:
    return [
        Entry(episode, now, "discover", f"taken over from sweep {former}, whose claim ran out", {"by": sweep})
        for episode, former in before.items()
        if former not in (None, sweep) and episode in mine
    ]


def _let_go(connection: sa.Connection, episode: str, now: float, why: str) -> None:
    """Frees the lease and the unused permits of an episode, unless something may still be written under them."""
    # The lease first: a permit that is being used at this moment has locked that row, and is seen afterwards.
    connection.execute(
        sa.update(schema.leases).where(L.episode == episode, L.released_at.is_(None)).values(released_at=now)
    )
    begun = connection.execute(sa.select(M.permit).where(M.episode == episode, M.state == "begun")).first()
    if begun is not None:
        raise StepRefused(f"a mitigation of episode {episode} has begun and has no outcome: record that first")
    connection.execute(
        sa.update(schema.mitigations)
        .where(M.episode == episode, M.state == "issued")
        .values(state="void", ended_at=now, outcome=why)
    )
