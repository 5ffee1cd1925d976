# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Cohorts: those that are alike, such as the nodes of a cluster. Only so many of them are mended at the same time."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.connect import Store, lock, look
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.standings import UNFINISHED, read_mitigations
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Mitigation

E = schema.episodes.c
M = schema.mitigations.c
K = schema.cohorts.c


def lock_cohorts(connection: sa.Connection, names: Iterable[str], now: float) -> None:
    """Locks the row of each cohort until the end of the caller's step: of sweeps that count at once, one counts after
    the other and sees what the first was given."""
    wanted = sorted(set(names) - {""})
    known = set(connection.scalars(sa.select(K.name).where(K.name.in_(wanted)))) if wanted else set()
    for name in wanted:
        if name not in known:
            connection.execute(schema.cohorts.insert().values(name=name, changed_at=now))
    lock(connection, K.name, wanted)


def members_under_way(connection: sa.Connection, cohort: str) -> set[str]:
    """The targets of a cohort that are being mended: a permit was given for them, and nothing is verified so far."""
    rows = connection.scalars(
        sa.select(M.target)
        .join(schema.episodes, E.id == M.episode)
        .where(
            M.cohort == cohort,
            sa.or_(
                M.state.in_(UNFINISHED),
                sa.and_(M.state == "finished", E.state.in_(("mending", "verifying"))),
            ),
        )
    )
    return set(rows)


class Cohorts(Store):
    """How many, and how it went."""

    @look
    def under_way(self, connection: sa.Connection, cohort: str) -> int:
        """How many members are being mended: from their permit until it is verified or the episode is left. A permit
        that ran out unused counts until the sweep that comes after takes it back."""
        return len(members_under_way(connection, cohort))

    @look
    def cohorts_now(
        self, connection: sa.Connection, names: Iterable[str], since: float
    ) -> dict[str, tuple[int, list[Mitigation]]]:
        """``under_way`` and ``cohort_history`` of each of these, read at one moment."""
        return {
            name: (
                len(members_under_way(connection, name)),
                read_mitigations(connection, M.cohort == name, M.began_at >= since),
            )
            for name in names
        }

    @look
    def cohort_history(self, connection: sa.Connection, cohort: str, since: float) -> list[Mitigation]:
        """What was begun on any member since then, oldest first."""
        return read_mitigations(connection, M.cohort == cohort, M.began_at >= since)
