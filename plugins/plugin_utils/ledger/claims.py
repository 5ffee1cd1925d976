# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Claims: which sweep works on which episode.

A claim divides the work and no more: what may be written is decided by the lease and the permit. It runs out by itself,
so that what a dead sweep had claimed is anybody's again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.connect import Store, chunks, lock, look, step
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.timeline import tell_all
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import CLAIM_MAX, ClaimLost, Entry

E = schema.episodes.c


def claimable(now: float) -> sa.ColumnElement[bool]:
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
        row = connection.execute(sa.select(E.claimed_by, E.state).where(E.id == episode)).one_or_none()
        claimed_by, state = (row.claimed_by, row.state) if row else (None, "unknown")
        raise ClaimLost(whose(episode, claimed_by, state, by))


def whose(episode: str, claimed_by: str | None, state: str, by: str) -> str:
    """Why an episode is not this sweep's, in words."""
    if state == "unknown":
        return f"there is no episode {episode}"
    if state == "closed":
        return f"episode {episode} is closed"
    return f"episode {episode} is worked on by {claimed_by or 'nobody'}, not by {by}"


class Claims(Store):
    """Claiming and giving back."""

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
        lock(connection, E.id, episodes)
        for some in chunks(episodes):
            rows = connection.execute(sa.select(E.id, E.claimed_by).where(E.id.in_(some)))
            before = {row.id: row.claimed_by for row in rows}
            connection.execute(
                sa.update(schema.episodes)
                .where(E.id.in_(some), E.state != "closed", sa.or_(claimable(now), E.claimed_by == sweep))
                .values(claimed_by=sweep, claimed_until=until)
            )
            got = connection.scalars(sa.select(E.id).where(E.id.in_(some), E.claimed_by == sweep, E.state != "closed"))
            mine.update(got)
            tell_all(connection, _takeovers(before, mine, sweep, now))
        return frozenset(mine)

    @look
    def claimed_by(self, connection: sa.Connection, sweep: str) -> frozenset[str]:
        """The ids of the open episodes that a sweep works on, also those whose claim has run out and nobody took."""
        return frozenset(connection.scalars(sa.select(E.id).where(E.claimed_by == sweep, E.state != "closed")))

    @step
    def release_claims(self, connection: sa.Connection, sweep: str) -> None:
        """Gives back all claims of a sweep: at its end. Dying before: they run out by themselves."""
        connection.execute(
            sa.update(schema.episodes).where(E.claimed_by == sweep).values(claimed_by=None, claimed_until=None)
        )


def _takeovers(before: dict[str, str | None], mine: set[str], sweep: str, now: float) -> list[Entry]:
    return [
        Entry(episode, now, "discover", f"taken over from sweep {former}, whose claim ran out", {"by": sweep})
        for episode, former in before.items()
        if former not in (None, sweep) and episode in mine
    ]
