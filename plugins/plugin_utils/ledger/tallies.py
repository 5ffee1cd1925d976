# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sums for the metrics: counted from the rows that are there, and from what was counted of those that are gone.

A counter must never fall: Prometheus would take that for a restart and count everything a second time. So only what
no later step takes back is counted (an incident when it is closed, a mitigation's result once it is verified), and the
step that removes rows adds ``totals_of`` them to the tallies. What stands in no row, such as a guard that held at some
look, is added to the tallies when it happens.
"""

from __future__ import annotations

import dataclasses
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.connect import Store, chunks, look, step

E = schema.episodes.c
M = schema.mitigations.c
T = schema.tallies.c
X = schema.escalations.c

MEND_BUCKETS = (60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 4 * 3600.0, 24 * 3600.0)
"""Seconds, upper bounds: from the alert's start until it was proven healed."""

RELAPSE_SECONDS = 3600.0
"""An incident that opens anew so soon after it was healed has come back. Fixed, as a counter must not fall when a
setting changes."""

_VERIFIED = ("healed", "not_healed", "cannot_tell")


@dataclasses.dataclass(frozen=True)
class Sum:
    """One number that only grows: ``value`` more of ``name`` with these labels."""

    name: str
    labels: Mapping[str, str]
    value: float = 1.0


def add(connection: sa.Connection, sums: Iterable[Sum]) -> None:
    """Adds to the tallies, within the step of the caller; best as the last thing in it.

    The rows are locked in the order of their names, so that two steps that add at once wait for each other and never
    both for the other one.
    """
    for (name, labels), value in sorted(_merged(sums).items()):
        changed = connection.execute(
            sa.update(schema.tallies).where(T.name == name, T.labels == labels).values(value=T.value + value)
        )
        if changed.rowcount == 0:
            connection.execute(schema.tallies.insert().values(name=name, labels=labels, value=value))


def totals_of(connection: sa.Connection, episodes: Sequence[str] | None = None) -> list[Sum]:
    """What the counters count of these episodes, or of all, in the rows that are there. Retention adds it to the
    tallies (``add``) in the step that removes the rows."""
    if episodes is None:
        return [*_totals(connection, None)]
    counted = [one for some in chunks(episodes) for one in _totals(connection, some)]
    return _sums(_merged([*counted, *_relapses_that_lose_their_sequel(connection, frozenset(episodes))]))


class Tallies(Store):
    """Adding up."""

    @step
    def tally(self, connection: sa.Connection, sums: Sequence[Sum]) -> None:
        """Adds to the sums. Dying before: nothing was added; after: all of it."""
        add(connection, sums)

    @look
    def tallies(self, connection: sa.Connection) -> list[Sum]:
        """Every sum as it stands: what the rows amount to and what was added, at one moment."""
        return read_tallies(connection)


def read_tallies(connection: sa.Connection) -> list[Sum]:
    """``Tallies.tallies`` within the step of the caller."""
    kept = (Sum(row.name, json.loads(row.labels), row.value) for row in connection.execute(sa.select(schema.tallies)))
    return _sums(_merged([*kept, *_totals(connection, None)]))


def _merged(sums: Iterable[Sum]) -> dict[tuple[str, str], float]:
    merged: dict[tuple[str, str], float] = defaultdict(float)
    for one in sums:
        merged[one.name, json.dumps(dict(one.labels), sort_keys=True)] += one.value
    return merged


def _sums(merged: Mapping[tuple[str, str], float]) -> list[Sum]:
    return [Sum(name, json.loads(labels), value) for (name, labels), value in sorted(merged.items())]


def _totals(connection: sa.Connection, among: Sequence[str] | None) -> Iterator[Sum]:
    yield from _incidents(connection, among)
    yield from _time_to_mend(connection, among)
    yield from _mitigations(connection, among)
    yield from _escalations(connection, among)


def _incidents(connection: sa.Connection, among: Sequence[str] | None) -> Iterator[Sum]:
    closed = [E.state == "closed", *_narrowed(E.id, among)]
    healed = [*closed, E.outcome == "healed"]
    counted = sa.select(E.runbook, E.outcome, sa.func.count()).where(*closed).group_by(E.runbook, E.outcome)
    for runbook, outcome, count in connection.execute(counted):
        yield Sum("incidents", {"runbook": runbook, "outcome": outcome}, count)
    # Neither called nor asked: somebody who had to approve was woken as well.
    alone = sa.not_(
        sa.or_(
            sa.exists().where(X.episode == E.id),
            sa.exists().where(schema.approvals.c.episode == E.id, schema.approvals.c.kind == "approval"),
        )
    )
    yield from _by_runbook(connection, "pages_prevented", [*healed, alone])
    yield from _by_runbook(connection, "relapses", [*healed, sa.exists().where(_came_back())])


_BACK = schema.episodes.alias("back")


def _came_back() -> sa.ColumnElement[bool]:
    """``_BACK`` is the same incident, opened soon after it was healed."""
    soon = sa.and_(_BACK.c.opened_at >= E.closed_at, _BACK.c.opened_at <= E.closed_at + RELAPSE_SECONDS)
    return sa.and_(_BACK.c.key == E.key, E.state == "closed", E.outcome == "healed", soon)


def _relapses_that_lose_their_sequel(connection: sa.Connection, going: frozenset[str]) -> list[Sum]:
    """Healed incidents that stay while all that they came back as is going: from the rows that will be left, nobody
    could tell any more that they did not hold."""
    sequels = sa.select(E.id, E.runbook, _BACK.c.id.label("sequel")).where(_came_back())
    touched = {row.id for some in chunks(going) for row in connection.execute(sequels.where(_BACK.c.id.in_(some)))}
    rows = [row for some in chunks(touched - going) for row in connection.execute(sequels.where(E.id.in_(some)))]
    left = {row.id for row in rows if row.sequel not in going}
    lost = {row.id: row.runbook for row in rows if row.id not in left}
    return [Sum("relapses", {"runbook": runbook}) for runbook in lost.values()]


def _by_runbook(connection: sa.Connection, name: str, where: Sequence[Any]) -> Iterator[Sum]:
    for runbook, count in connection.execute(sa.select(E.runbook, sa.func.count()).where(*where).group_by(E.runbook)):
        yield Sum(name, {"runbook": runbook}, count)


def _time_to_mend(connection: sa.Connection, among: Sequence[str] | None) -> Iterator[Sum]:
    """From the alert's start (where there is none, or it lies after the end: from the opening) to the closing."""
    began = sa.case((E.starts_at <= E.closed_at, E.starts_at), else_=E.opened_at)
    took = sa.case((E.closed_at > began, E.closed_at - began), else_=0.0)
    columns = [sa.func.sum(sa.case((took <= bound, 1), else_=0)) for bound in MEND_BUCKETS]
    healed = [E.state == "closed", E.outcome == "healed", *_narrowed(E.id, among)]
    rows = connection.execute(
        sa.select(E.runbook, sa.func.sum(took), sa.func.count(), *columns).where(*healed).group_by(E.runbook)
    )
    for runbook, total, count, *within in rows:
        yield from _observed("time_to_mend", {"runbook": runbook}, MEND_BUCKETS, within, count, total)


def _observed(
    name: str, labels: Mapping[str, str], bounds: Sequence[float], within: Sequence[float], count: float, total: float
) -> Iterator[Sum]:
    for bound, reached in zip([*map(str, bounds), "+Inf"], [*within, count], strict=True):
        yield Sum(f"{name}_bucket", {**labels, "le": bound}, reached)
    yield Sum(f"{name}_sum", labels, total)


def observation(name: str, labels: Mapping[str, str], bounds: Sequence[float], value: float) -> list[Sum]:
    """One observation of a histogram, as sums."""
    value = max(0.0, value)
    return [*_observed(name, labels, bounds, [float(value <= bound) for bound in bounds], 1.0, value)]


def _mitigations(connection: sa.Connection, among: Sequence[str] | None) -> Iterator[Sum]:
    narrowed = [M.episode == E.id, *_narrowed(M.episode, among)]
    yield from _by_runbook(connection, "mitigations", [M.began_at.is_not(None), *narrowed])
    result = sa.case((M.verified.in_(_VERIFIED), M.verified), else_=M.outcome)
    known = sa.or_(M.verified.in_(_VERIFIED), M.outcome == "failed")
    rows = connection.execute(
        sa.select(E.runbook, result, sa.func.count())
        .where(M.state == "finished", known, *narrowed)
        .group_by(E.runbook, result)
    )
    for runbook, word, count in rows:
        yield Sum("mitigation_results", {"runbook": runbook, "result": word}, count)


def _escalations(connection: sa.Connection, among: Sequence[str] | None) -> Iterator[Sum]:
    """Calls to humans. One that another call tells of as well is none of its own."""
    calls = [X.episode == E.id, X.state != "told", *_narrowed(X.episode, among)]
    yield from _by_runbook(connection, "escalations", calls)


def _narrowed(column: sa.ColumnElement[str], among: Sequence[str] | None) -> list[sa.ColumnElement[bool]]:
    return [] if among is None else [column.in_(among)]
