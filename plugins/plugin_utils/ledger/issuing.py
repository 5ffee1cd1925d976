# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Issuing permits: everything that they depend on is locked and read once, decided one after the other, written once.

So a step for one incident and a step for five hundred send about as many statements.
"""

from __future__ import annotations

import dataclasses
import json
import secrets
from collections.abc import Sequence

import sqlalchemy as sa

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.approved import use_approval
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.claims import whose
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.cohorts import lock_cohorts, members_under_way
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.connect import chunks, lock
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.leases import (
    next_lease,
    read_leases,
    write_leases,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.standings import unfinished_on
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.storable import redact
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.timeline import tell_all
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import (
    Entry,
    Held,
    Intent,
    Lease,
    Mitigation,
    StepRefused,
)

A = schema.approvals.c
E = schema.episodes.c
L = schema.leases.c
M = schema.mitigations.c


def issue(connection: sa.Connection, intents: Sequence[Intent], now: float) -> list[Mitigation | Held]:
    """``Permits.issue_permits``, within the step of the caller."""
    for intent in intents:
        if redact(intent.plan) != json.loads(json.dumps(intent.plan)):
            raise StepRefused(f"the plan for {intent.target} carries what looks like a secret (or is no plain JSON)")
    issuing = _Issuing(connection, intents, now)
    answers = [issuing.answer(intent) for intent in intents]
    issuing.write()
    return answers


def later(until: float | sa.ColumnElement[float]) -> sa.ColumnElement[float | None]:
    """The claim's end, or ``until`` where that is later. An episode that nobody claims stays unclaimed."""
    return sa.case((sa.and_(E.claimed_until.is_not(None), E.claimed_until < until), until), else_=E.claimed_until)


@dataclasses.dataclass(frozen=True)
class _Given:
    """A permit that is to be written, with its leases and the ones before them."""

    intent: Intent
    mitigation: Mitigation
    leases: tuple[tuple[Lease | None, Lease], ...]


class _Issuing:
    """What the permits of one step depend on, locked until its end, and what has been given so far."""

    def __init__(self, connection: sa.Connection, intents: Sequence[Intent], now: float) -> None:
        names = sorted({name for intent in intents for name in _names(intent)})
        episodes = sorted({intent.episode for intent in intents})
        cohorts = {intent.cohort for intent in intents if intent.at_once > 0} - {""}
        lock(connection, L.target, names)
        lock_cohorts(connection, cohorts, now)
        lock(connection, A.id, {intent.approval for intent in intents} - {""})
        lock(connection, E.id, episodes)
        self._connection = connection
        self._now = now
        self._leases = read_leases(connection, names)
        self._unfinished = unfinished_on(connection, names)
        self._under_way = {cohort: members_under_way(connection, cohort) for cohort in cohorts}
        self._claims = _claims(connection, episodes)
        self._given: list[_Given] = []

    def answer(self, intent: Intent) -> Mitigation | Held:
        """A permit, which ``write`` will write, or why there is none."""
        leases = self._next_leases(intent)
        if isinstance(leases, Held):
            return leases
        permit = secrets.token_hex(16)
        reason = (
            self._begun(intent)
            or self._twice(intent)
            or self._too_many(intent)
            or self._claimed_by_another(intent)
            or (use_approval(self._connection, intent, permit, self._now) if intent.approval else "")
        )
        if reason:
            return Held(intent.target, reason)
        mitigation = _mitigation(intent, permit, {lease.target: lease.fence for _former, lease in leases}, self._now)
        self._given.append(_Given(intent, mitigation, leases))
        self._leases |= {lease.target: lease for _former, lease in leases}
        self._under_way.get(intent.cohort, set()).add(intent.target)
        return mitigation

    def write(self) -> None:
        """Writes down what was given. An older permit that was not used becomes void by the newer one."""
        if not self._given:
            return
        write_leases(self._connection, [pair for given in self._given for pair in given.leases], self._now)
        for some in chunks(given.intent.target for given in self._given):
            self._connection.execute(
                sa.update(schema.mitigations)
                .where(M.target.in_(some), M.state == "issued")
                .values(state="void", ended_at=self._now, outcome="a newer permit was issued")
            )
        self._connection.execute(
            schema.mitigations.insert(), [dataclasses.asdict(given.mitigation) for given in self._given]
        )
        until = sa.bindparam("_until", type_=sa.Float(53))
        self._connection.execute(
            sa.update(schema.episodes)
            .where(E.id == sa.bindparam("_episode"))
            .values(state="permitted", why="", due_at=until, claimed_until=later(until), changed_at=self._now),
            [{"_episode": given.intent.episode, "_until": given.intent.expires_at} for given in self._given],
        )
        tell_all(self._connection, [_told(given.mitigation, self._now) for given in self._given])

    def _next_leases(self, intent: Intent) -> tuple[tuple[Lease | None, Lease], ...] | Held:
        """The lease of each name with the one before it, or why one of them cannot be had."""
        seen = {**intent.beneath_seen, intent.target: intent.fence_seen}
        leases: list[tuple[Lease | None, Lease]] = []
        for name in _names(intent):
            former = self._leases.get(name)
            lease = next_lease(
                former, name, intent.episode, intent.owner, intent.expires_at, self._now, fence_seen=seen[name]
            )
            if isinstance(lease, Held):
                on = "" if name == intent.target else f"{intent.target} stands on {name}: "
                return Held(intent.target, on + lease.reason)
            leases.append((former, lease))
        return tuple(leases)

    def _begun(self, intent: Intent) -> str:
        """What was begun on one of the names, or on what stands on it, and has no outcome; in words."""
        for name in _names(intent):
            for one in self._unfinished[name]:
                if one.state == "begun":
                    with_it = "" if name == one.target else f", which holds {name},"
                    return f"{one.remedy} was begun on {one.target}{with_it} and has no outcome: look first"
        return ""

    def _twice(self, intent: Intent) -> str:
        """Two permits for one target at the same moment: the first one counts."""
        if any({*_names(intent)} & given.mitigation.fences.keys() for given in self._given):
            return f"a permit for {intent.target}, or for what it stands on, was given at this moment"
        return ""

    def _too_many(self, intent: Intent) -> str:
        """Why one more of the cohort would be too many, in words."""
        if not intent.cohort or intent.at_once <= 0:
            return ""
        others = sorted(self._under_way[intent.cohort] - {intent.target})
        if len(others) < intent.at_once:
            return ""
        names = ", ".join(others[:3])
        return f"{len(others)} of {intent.cohort} are being mended ({names}); at most {intent.at_once} may be at once"

    def _claimed_by_another(self, intent: Intent) -> str:
        claimed_by, state = self._claims.get(intent.episode, (None, "unknown"))
        if claimed_by == intent.owner and state != "closed":
            return ""
        return whose(intent.episode, claimed_by, state, intent.owner)


def _names(intent: Intent) -> list[str]:
    """What an intent locks: the target and what it stands on, in the order that everybody takes leases in."""
    return sorted({intent.target, *intent.beneath_seen})


def _claims(connection: sa.Connection, episodes: Sequence[str]) -> dict[str, tuple[str | None, str]]:
    found = {}
    for some in chunks(episodes):
        for row in connection.execute(sa.select(E.id, E.claimed_by, E.state).where(E.id.in_(some))):
            found[row.id] = (row.claimed_by, row.state)
    return found


def _mitigation(intent: Intent, permit: str, fences: dict[str, int], now: float) -> Mitigation:
    fields = {field.name: getattr(intent, field.name) for field in dataclasses.fields(Intent)}
    for name in ("fence_seen", "beneath_seen", "at_once"):
        del fields[name]
    return Mitigation(
        permit=permit, fence=fences[intent.target], fences=fences, state="issued", issued_at=now, **fields
    )


def _told(mitigation: Mitigation, now: float) -> Entry:
    detail = {"permit": mitigation.permit[:8], "fence": mitigation.fence, "plan_hash": mitigation.plan_hash}
    if mitigation.approval:
        detail["approval"] = mitigation.approval
    return Entry(mitigation.episode, now, "assess", f"permit for {mitigation.remedy}", detail)
