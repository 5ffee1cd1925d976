# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Leaving an episode: put off until a later time, or closed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.approvals import hurry, settle
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.cases import put_cases
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.claims import change, whose
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.connect import Store, chunks, lock, step
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.timeline import read_lines, tell_all
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import (
    ClaimLost,
    Departure,
    Entry,
    StepRefused,
    Why,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json

A = schema.approvals.c
E = schema.episodes.c
L = schema.leases.c
M = schema.mitigations.c


class Leaving(Store):
    """How a sweep lets go of an episode."""

    def wait(
        self,
        episode: str,
        why: Why,
        due_at: float,
        by: str,
        now: float,
        outcome: str = "",
        detail: str = "",
        case: Json | None = None,
    ) -> None:
        """``leave`` for one: puts an episode off until ``due_at``; ``look_again`` counts one look.

        An episode whose alert still fires is put off, never closed: else the next sweep would begin it anew and call
        the same human again. Raises ClaimLost or StepRefused.
        """
        self._leave_one(Departure(episode, "waiting", outcome, why, due_at, detail=detail, case=case), by, now)

    @step
    def verifying(self, connection: sa.Connection, episode: str, due_at: float, by: str, now: float) -> None:
        """Goes on verifying at ``due_at``, in this sweep or a later one; the lease is kept. Raises ClaimLost."""
        change(connection, episode, by, now, state="verifying", why="", due_at=due_at)

    def close_episode(
        self,
        episode: str,
        outcome: str,
        by: str,
        now: float,
        echo_until: float | None = None,
        detail: str = "",
        case: Json | None = None,
    ) -> None:
        """``leave`` for one: ends an episode. Until ``echo_until`` the same firing opens no new one.

        Raises ClaimLost or StepRefused.
        """
        departure = Departure(episode, "closed", outcome, echo_until=echo_until, detail=detail, case=case)
        self._leave_one(departure, by, now)

    @step
    def leave(
        self, connection: sa.Connection, departures: Sequence[Departure], by: str, now: float
    ) -> dict[str, ClaimLost | StepRefused]:
        """Puts episodes off or closes them, for the sweep that claims them. Returns what was refused, by episode: it is
        another sweep's, or a mitigation has begun and has no outcome. Of those nothing changed.

        The claim is given back, an unused permit becomes void, the lease of the target is free again, and the case, if
        it is given, is saved with the whole timeline. So this is the last step. Dying before: the claims run out and
        the next sweep comes to the same end; after: each waits for its time or is closed, and its case says so. What a
        human answered meanwhile is due at once, and the plans of what is closed learn how it turned out.
        """
        refused: dict[str, ClaimLost | StepRefused] = {}
        for some in chunks(departures):
            refused.update(_leave(connection, some, by, now))
        return refused

    def _leave_one(self, departure: Departure, by: str, now: float) -> None:
        for refusal in self.leave([departure], by, now).values():
            raise refusal


def _leave(
    connection: sa.Connection, departures: Sequence[Departure], by: str, now: float
) -> dict[str, ClaimLost | StepRefused]:
    ids = [departure.episode for departure in departures]
    _lock(connection, ids)
    refused = _refusals(connection, ids, by)
    left = [departure for departure in departures if departure.episode not in refused]
    if not left:
        return refused
    ids = [departure.episode for departure in left]
    connection.execute(
        sa.update(schema.leases).where(L.episode.in_(ids), L.released_at.is_(None)).values(released_at=now)
    )
    connection.execute(
        sa.update(schema.mitigations)
        .where(M.episode.in_(ids), M.state == "issued")
        .values(state="void", ended_at=now, outcome="the sweep left the episode")
    )
    for closed in (False, True):
        _put(connection, [departure for departure in left if (departure.state == "closed") is closed], closed, now)
    settle(connection, {one.episode: one.outcome for one in left if one.state == "closed"}, now)
    hurry(connection, [one.episode for one in left if one.why == "approval"], now)
    tell_all(connection, [_left(departure, now) for departure in left])
    lines = read_lines(connection, [one.episode for one in left if one.case is not None])
    put_cases(connection, [_told(one.case, lines[one.episode]) for one in left if one.case is not None], now)
    return refused


def _lock(connection: sa.Connection, ids: Sequence[str]) -> None:
    """Locks leases, approvals and episodes (in this order, as everywhere): whoever uses a permit, answers or claims at
    this moment has either done so already and is seen, or waits."""
    lock(connection, L.target, connection.scalars(sa.select(L.target).where(L.episode.in_(ids))))
    lock(connection, A.id, connection.scalars(sa.select(A.id).where(A.episode.in_(ids), A.outcome == "")))
    lock(connection, E.id, ids)


def _refusals(connection: sa.Connection, ids: Sequence[str], by: str) -> dict[str, ClaimLost | StepRefused]:
    begun = connection.scalars(sa.select(M.episode).where(M.episode.in_(ids), M.state == "begun"))
    refused: dict[str, ClaimLost | StepRefused] = {
        episode: StepRefused(f"a mitigation of episode {episode} has begun and has no outcome: record that first")
        for episode in begun
    }
    rows = connection.execute(sa.select(E.id, E.claimed_by, E.state).where(E.id.in_(ids)))
    known = {row.id: (row.claimed_by, row.state) for row in rows}
    for episode in ids:
        claimed_by, state = known.get(episode, (None, "unknown"))
        if claimed_by != by or state == "closed":
            refused[episode] = ClaimLost(whose(episode, claimed_by, state, by))
    return refused


def _put(connection: sa.Connection, departures: Sequence[Departure], closed: bool, now: float) -> None:
    if not departures:
        return
    same: dict[str, Any] = {"changed_at": now, "outcome": sa.bindparam("_outcome")}
    same |= {"claimed_by": None, "claimed_until": None}
    if closed:
        same |= {"state": "closed", "why": "", "closed_at": now, "open_key": None}
        same |= {"echo_until": sa.bindparam("_echo_until")}
    else:
        same |= {"state": "waiting", "why": sa.bindparam("_why"), "due_at": sa.bindparam("_due_at")}
        runbook = sa.bindparam("_runbook", type_=sa.Text)
        same |= {"looks": sa.case((runbook == "", E.looks + sa.bindparam("_look", type_=sa.Integer)), else_=0)}
        same |= {"runbook": sa.case((runbook == "", E.runbook), else_=runbook)}
    connection.execute(
        sa.update(schema.episodes).where(E.id == sa.bindparam("_id")).values(**same),
        [
            {"_id": one.episode, "_outcome": one.outcome, "_echo_until": one.echo_until}
            if closed
            else {
                "_id": one.episode,
                "_outcome": one.outcome,
                "_why": one.why,
                "_due_at": one.due_at,
                "_look": int(one.why == "look_again"),
                "_runbook": one.runbook,
            }
            for one in departures
        ],
    )


def _told(case: Json, lines: Sequence[Entry]) -> Json:
    """The case with its timeline up to this step."""
    return {
        **case,
        "timeline": [{"at": one.at, "stage": one.stage, "event": one.event, "detail": one.detail} for one in lines],
    }


def _left(departure: Departure, now: float) -> Entry:
    if departure.state == "closed":
        detail: dict[str, Any] = {"outcome": departure.outcome}
        return Entry(departure.episode, now, "close", departure.detail or f"closed: {departure.outcome}", detail)
    detail = {"outcome": departure.outcome, "why": departure.why, "due_at": departure.due_at}
    if departure.runbook:
        detail["runbook"] = departure.runbook
    return Entry(departure.episode, now, "close", departure.detail or f"waits: {departure.why}", detail)
