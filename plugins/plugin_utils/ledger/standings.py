# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the ledger knows of the past: of a target for the gate, of a remedy for its cooldown, of an episode."""

from __future__ import annotations

import bisect
import dataclasses
from collections.abc import Iterable, Iterator, Sequence

import sqlalchemy as sa

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.connect import Store, chunks, look
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.leases import read_leases
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import (
    Mitigation,
    PermitRefused,
    Relapse,
    Standing,
)

E = schema.episodes.c
M = schema.mitigations.c
_FIELDS = [schema.mitigations.c[field.name] for field in dataclasses.fields(Mitigation)]
UNFINISHED = ("issued", "begun")

MUST_HOLD = 3600.0
"""Seconds that a heal has to hold, where nobody says otherwise."""


def read_mitigations(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> list[Mitigation]:
    """Those that fit, oldest first."""
    rows = connection.execute(sa.select(*_FIELDS).where(*where).order_by(M.issued_at, M.permit))
    return [Mitigation(**row._mapping) for row in rows]


def read_permit(connection: sa.Connection, permit: str) -> Mitigation:
    """The one of this name. Raises PermitRefused if there is none."""
    found = read_mitigations(connection, M.permit == permit)
    if not found:
        raise PermitRefused(f"there is no permit {permit[:8]}")
    return found[0]


def unfinished_on(connection: sa.Connection, targets: Iterable[str]) -> dict[str, list[Mitigation]]:
    """For each target the mitigations without an outcome that hold, or held, its lease: on it, and on what stands on
    it."""
    found: dict[str, list[Mitigation]] = {target: [] for target in targets}
    for one in read_mitigations(connection, M.state.in_(UNFINISHED)):
        for target in {one.target, *one.fences} & found.keys():
            found[target].append(one)
    return found


def relapses_of(
    connection: sa.Connection, targets: Sequence[str], since: float, must_hold: float
) -> dict[str, list[Relapse]]:
    """For each target the heals that did not hold and came back after ``since``, oldest first; each counts once."""
    found: dict[str, list[Relapse]] = {target: [] for target in targets}
    backs = [
        one
        for some in chunks(targets)
        for one in _next_ones(connection, some, since - must_hold)
        if since <= one[3] <= one[2] + must_hold
    ]
    remedies = _what_healed(connection, [one[0] for one in backs])
    for episode, target, healed_at, back_at in sorted(backs, key=lambda one: one[3]):
        if episode in remedies:
            found[target].append(Relapse(target, remedies[episode], healed_at, back_at))
    return found


@dataclasses.dataclass(frozen=True)
class _Past:
    """Of an episode what a relapse is told by."""

    id: str
    target: str
    runbook: str
    opened_at: float
    closed_at: float | None
    outcome: str


def _next_ones(
    connection: sa.Connection, targets: Sequence[str], since: float
) -> Iterator[tuple[str, str, float, float]]:
    """Of the episodes that were healed since then: id, target, when they were healed, and when the next one of the same
    target and runbook was opened; those without a next one are left out.

    Paired here, because how fast a database joins a table with itself depends on what it believes of the table.
    """
    rows = connection.execute(
        sa.select(*(E[field.name] for field in dataclasses.fields(_Past)))
        .where(E.target.in_(targets), sa.or_(E.opened_at >= since, E.closed_at >= since))
        .order_by(E.opened_at)
    )
    past = [_Past(**row._mapping) for row in rows]
    opened: dict[tuple[str, str], list[_Past]] = {}
    for one in past:
        opened.setdefault((one.target, one.runbook), []).append(one)
    for one in past:
        if one.outcome == "healed" and one.closed_at is not None and one.closed_at >= since:
            others = opened[one.target, one.runbook]
            first = bisect.bisect_left(others, one.closed_at, key=lambda other: other.opened_at)
            back = next((other for other in others[first : first + 2] if other.id != one.id), None)
            if back is not None:
                yield one.id, one.target, one.closed_at, back.opened_at


def _what_healed(connection: sa.Connection, episodes: Sequence[str]) -> dict[str, str]:
    """The remedy that healed each episode: the one that was verified so, else the last that was used. An episode
    without any got well by itself."""
    used: dict[str, Mitigation] = {}
    for some in chunks(episodes):
        for one in read_mitigations(connection, M.episode.in_(some), M.began_at.is_not(None)):
            former = used.get(one.episode)
            if former is None or former.verified != "healed" or one.verified == "healed":
                used[one.episode] = one
    return {episode: one.remedy for episode, one in used.items()}


class Standings(Store):
    """Questions about what was permitted and what came of it."""

    @look
    def standings(
        self, connection: sa.Connection, targets: Sequence[str], since: float, must_hold: float = MUST_HOLD
    ) -> dict[str, Standing]:
        """For each name its lease, the mitigations without an outcome that touch it (on it, or on what stands on it),
        those on it that began after ``since``, and the heals that did not hold for ``must_hold`` seconds; oldest
        first, and all true at one moment. What a target stands on is asked for in the same way."""
        names = list(dict.fromkeys(targets))
        leases = read_leases(connection, names)
        unfinished = unfinished_on(connection, names)
        relapses = relapses_of(connection, names, since, must_hold)
        history: dict[str, list[Mitigation]] = {name: [] for name in names}
        for some in chunks(names):
            for found in read_mitigations(connection, M.target.in_(some), M.began_at >= since):
                history[found.target].append(found)
        return {
            name: Standing(
                name,
                since,
                leases[name].fence if name in leases else 0,
                leases.get(name),
                tuple(unfinished[name]),
                tuple(history[name]),
                tuple(relapses[name]),
            )
            for name in names
        }

    @look
    def mitigation(self, connection: sa.Connection, permit: str) -> Mitigation:
        """What became of a permit. Raises PermitRefused if there is none of this name."""
        return read_permit(connection, permit)

    @look
    def mitigations(self, connection: sa.Connection, episode: str) -> list[Mitigation]:
        """All that was ever permitted in an episode, oldest first."""
        return read_mitigations(connection, M.episode == episode)

    @look
    def mitigations_of(self, connection: sa.Connection, episodes: Sequence[str]) -> dict[str, list[Mitigation]]:
        """``mitigations`` of several episodes; an episode without any is not among them."""
        found: dict[str, list[Mitigation]] = {}
        for some in chunks(episodes):
            for one in read_mitigations(connection, M.episode.in_(some)):
                found.setdefault(one.episode, []).append(one)
        return found

    @look
    def unfinished(
        self, connection: sa.Connection, target: str | None = None, episode: str | None = None
    ) -> list[Mitigation]:
        """Intents without an outcome, oldest first: ``issued`` ones have done nothing, ``begun`` ones may have."""
        narrowed = [
            column == value for column, value in ((M.target, target), (M.episode, episode)) if value is not None
        ]
        return read_mitigations(connection, M.state.in_(UNFINISHED), *narrowed)

    @look
    def recent(self, connection: sa.Connection, target: str, remedy: str, since: float) -> list[Mitigation]:
        """When this remedy was used on this target since then, oldest first; what a clock set back puts into the
        future is among them."""
        return read_mitigations(connection, M.target == target, M.remedy == remedy, M.began_at >= since)

    @look
    def last(self, connection: sa.Connection, target: str, remedy: str) -> Mitigation | None:
        """The latest use of this remedy on this target, or None."""
        found = read_mitigations(connection, M.target == target, M.remedy == remedy, M.began_at.is_not(None))
        return found[-1] if found else None
