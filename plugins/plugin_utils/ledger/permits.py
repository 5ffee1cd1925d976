# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Permits: the intent to change a target is written down before anything happens, used once, and ends in an outcome.

Lock, cooldown and permit are one thing here. A permit comes with the lease of its target and is worth nothing without
it; what was done under it is what a later cooldown counts from.
"""

from __future__ import annotations

import dataclasses
import json
import secrets
from collections.abc import Sequence

import sqlalchemy as sa

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.claims import change
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.connect import Store, chunks, look, step
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.leases import read_leases, take
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.storable import redact
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.timeline import tell
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import (
    CLOCK_TOLERANCE,
    ClaimLost,
    Held,
    Intent,
    Mitigation,
    PermitRefused,
    Standing,
    StepRefused,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json, Outcome

E = schema.episodes.c
L = schema.leases.c
M = schema.mitigations.c
_FIELDS = [schema.mitigations.c[field.name] for field in dataclasses.fields(Mitigation)]
_UNFINISHED = ("issued", "begun")


class Permits(Store):
    """Issuing, using, finishing; and what the gate wants to know of the past."""

    @look
    def standings(self, connection: sa.Connection, targets: Sequence[str], since: float) -> dict[str, Standing]:
        """For each target its lease, the mitigations without an outcome, and those that began after ``since``, oldest
        first; all true at one moment."""
        leases = read_leases(connection, targets)
        unfinished: dict[str, list[Mitigation]] = {target: [] for target in targets}
        history: dict[str, list[Mitigation]] = {target: [] for target in targets}
        for some in chunks(targets):
            for found in _mitigations(connection, M.target.in_(some), M.state.in_(_UNFINISHED)):
                unfinished[found.target].append(found)
            for found in _mitigations(connection, M.target.in_(some), M.began_at >= since):
                history[found.target].append(found)
        return {
            target: Standing(
                target,
                since,
                leases[target].fence if target in leases else 0,
                leases.get(target),
                tuple(unfinished[target]),
                tuple(history[target]),
            )
            for target in targets
        }

    def issue_permit(self, intent: Intent, now: float) -> Mitigation | Held:
        """``issue_permits`` of one."""
        return self.issue_permits([intent], now)[0]

    @step
    def issue_permits(
        self, connection: sa.Connection, intents: Sequence[Intent], now: float
    ) -> list[Mitigation | Held]:
        """Takes the lease of each target and writes the intent down; in the same order a permit or why there is none.

        None is given if the target is held, if something begun on it has no outcome, if anybody has held it since
        ``fence_seen`` was read, or if the episode's claim is another sweep's. One refusal does not touch the others.
        The claim is lengthened to the permit's end. Raises StepRefused for a plan that carries what looks like a
        secret: it would be stored without it and could not be carried out.

        Dying before: nothing; after: the permit runs out unused, and with it the lease. Nothing was done to the target.
        """
        return [_issue_or_hold(connection, intent, now) for intent in intents]

    @step
    def consume(self, connection: sa.Connection, permit: str, target: str, now: float) -> Mitigation:
        """Uses a permit, once: whoever gets an answer may write to the target for ``hold_for`` seconds from ``now``.

        Of any number that try, exactly one gets it. The lease (and the claim) is lengthened to ``now + hold_for``.
        Raises PermitRefused, with the reason, for everything else.

        Dying before: unused, it runs out. Dying after: ``begun`` without an outcome, and the target stays locked for
        ``hold_for`` seconds; the next sweep finds it in ``unfinished`` and looks before it acts.
        """
        found = _permit(connection, permit)
        _check_use(found, target, now)
        until = now + found.hold_for
        lease = connection.execute(
            sa.update(schema.leases)
            .where(L.target == target, L.fence == found.fence, L.released_at.is_(None), L.expires_at > now)
            .values(expires_at=until)
        )
        if lease.rowcount != 1:
            raise PermitRefused(f"permit {permit[:8]} is fenced off: its lease of {target} is over")
        used = connection.execute(
            sa.update(schema.mitigations)
            .where(M.permit == permit, M.state == "issued")
            .values(state="begun", began_at=now)
        )
        if used.rowcount != 1:
            raise PermitRefused(f"permit {permit[:8]} was used by somebody else at this moment")
        connection.execute(
            sa.update(schema.episodes)
            .where(E.id == found.episode, E.state != "closed")
            .values(state="mending", why="", due_at=until, claimed_until=_later(until), changed_at=now)
        )
        tell(connection, found.episode, now, "mend", f"{found.remedy} begins", {"permit": permit[:8]})
        return dataclasses.replace(found, state="begun", began_at=now)

    @step
    def finished(self, connection: sa.Connection, permit: str, outcome: Outcome, result: Json, now: float) -> bool:
        """Records how a mitigation ended, from whoever knows: the sweep that began it, or a later one that looked.

        The first report counts. A later one (of a worker that outlived its controller) is kept in the timeline and the
        answer is False. The episode is due for verification; the lease stays until it is closed or put off. Raises
        StepRefused for a permit that was never used. Dying before: ``unfinished`` still names it.
        """
        found = _permit(connection, permit)
        if found.state == "issued":
            raise StepRefused(f"permit {permit[:8]} was never used, so nothing can have come of it")
        ended = connection.execute(
            sa.update(schema.mitigations)
            .where(M.permit == permit, M.state == "begun")
            .values(state="finished", ended_at=now, outcome=outcome, result=result)
        )
        first = ended.rowcount == 1
        if first:
            connection.execute(
                sa.update(schema.episodes)
                .where(E.id == found.episode, E.state == "mending")
                .values(state="verifying", due_at=now, changed_at=now)
            )
        lease = read_leases(connection, [found.target]).get(found.target)
        detail = {"permit": permit[:8], "stale": lease is None or lease.fence != found.fence}
        words = f"{found.remedy} ended: {outcome}"
        if not first:
            words, detail = f"a late report that {words}", {**detail, "result": result}
        tell(connection, found.episode, now, "mend", words, detail)
        return first

    @step
    def void(self, connection: sa.Connection, permit: str, why: str, now: float) -> bool:
        """Takes back a permit that was not used and frees its lease; False if it was used or is void already."""
        return _void(connection, _permit(connection, permit), why, now)

    @look
    def mitigation(self, connection: sa.Connection, permit: str) -> Mitigation:
        """What became of a permit. Raises PermitRefused if there is none of this name."""
        return _permit(connection, permit)

    @look
    def mitigations(self, connection: sa.Connection, episode: str) -> list[Mitigation]:
        """All that was ever permitted in an episode, oldest first."""
        return _mitigations(connection, M.episode == episode)

    @look
    def mitigations_of(self, connection: sa.Connection, episodes: Sequence[str]) -> dict[str, list[Mitigation]]:
        """``mitigations`` of several episodes; an episode without any is not among them."""
        found: dict[str, list[Mitigation]] = {}
        for some in chunks(episodes):
            for one in _mitigations(connection, M.episode.in_(some)):
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
        return _mitigations(connection, M.state.in_(_UNFINISHED), *narrowed)

    @look
    def recent(self, connection: sa.Connection, target: str, remedy: str, since: float) -> list[Mitigation]:
        """When this remedy was used on this target since then, oldest first; what a clock set back puts into the
        future is among them."""
        return _mitigations(connection, M.target == target, M.remedy == remedy, M.began_at >= since)

    @look
    def last(self, connection: sa.Connection, target: str, remedy: str) -> Mitigation | None:
        """The latest use of this remedy on this target, or None."""
        found = _mitigations(connection, M.target == target, M.remedy == remedy, M.began_at.is_not(None))
        return found[-1] if found else None


def void_unused(connection: sa.Connection, owner: str, why: str, now: float) -> None:
    """Takes back all permits that a sweep was given and has not used, within the step of the caller."""
    for unused in _mitigations(connection, M.owner == owner, M.state == "issued"):
        _void(connection, unused, why, now)


def _void(connection: sa.Connection, permit: Mitigation, why: str, now: float) -> bool:
    # The lease first, as everywhere. Whoever is using the permit at this moment has locked it: then this waits, sees
    # the permit used, and takes the release back.
    savepoint = connection.begin_nested()
    connection.execute(
        sa.update(schema.leases)
        .where(L.target == permit.target, L.fence == permit.fence, L.released_at.is_(None))
        .values(released_at=now)
    )
    changed = connection.execute(
        sa.update(schema.mitigations)
        .where(M.permit == permit.permit, M.state == "issued")
        .values(state="void", ended_at=now, outcome=why)
    )
    if changed.rowcount != 1:
        savepoint.rollback()
        return False
    savepoint.commit()
    tell(connection, permit.episode, now, "mend", f"permit void: {why}", {"permit": permit.permit[:8]})
    return True


def _mitigations(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> list[Mitigation]:
    rows = connection.execute(sa.select(*_FIELDS).where(*where).order_by(M.issued_at, M.permit))
    return [Mitigation(**row._mapping) for row in rows]


def _permit(connection: sa.Connection, permit: str) -> Mitigation:
    found = _mitigations(connection, M.permit == permit)
    if not found:
        raise PermitRefused(f"there is no permit {permit[:8]}")
    return found[0]


def _check_use(permit: Mitigation, target: str, now: float) -> None:
    name = f"permit {permit.permit[:8]}"
    if permit.target != target:
        raise PermitRefused(f"{name} is for {permit.target}, not for {target}")
    if permit.state != "issued":
        words = {"begun": "was used already", "finished": "was used already", "void": f"is void: {permit.outcome}"}
        raise PermitRefused(f"{name} {words[permit.state]}")
    if permit.expires_at <= now:
        raise PermitRefused(f"{name} ran out {now - permit.expires_at:.0f} s ago")
    if permit.issued_at > now + CLOCK_TOLERANCE:
        raise PermitRefused(f"{name} was issued in the future: the clock was set back, and its age cannot be told")


def _later(until: float) -> sa.ColumnElement[float | None]:
    """The claim's end, or ``until`` where that is later. An episode that nobody claims stays unclaimed."""
    return sa.case((sa.and_(E.claimed_until.is_not(None), E.claimed_until < until), until), else_=E.claimed_until)


def _issue_or_hold(connection: sa.Connection, intent: Intent, now: float) -> Mitigation | Held:
    if redact(intent.plan) != json.loads(json.dumps(intent.plan)):
        raise StepRefused(f"the plan for {intent.target} carries what looks like a secret (or is no plain JSON)")
    savepoint = connection.begin_nested()
    try:
        answer = _issue(connection, intent, now)
    except ClaimLost as lost:
        answer = Held(intent.target, str(lost))
    if isinstance(answer, Held):
        savepoint.rollback()
    else:
        savepoint.commit()
    return answer


def _issue(connection: sa.Connection, intent: Intent, now: float) -> Mitigation | Held:
    lease = take(
        connection, intent.target, intent.episode, intent.owner, intent.expires_at, now, fence_seen=intent.fence_seen
    )
    if isinstance(lease, Held):
        return lease
    begun = _mitigations(connection, M.target == intent.target, M.state == "begun")
    if begun:
        return Held(intent.target, f"{begun[0].remedy} was begun on {intent.target} and has no outcome: look first")
    connection.execute(
        sa.update(schema.mitigations)
        .where(M.target == intent.target, M.state == "issued")
        .values(state="void", ended_at=now, outcome="a newer permit was issued")
    )
    fields = {field.name: getattr(intent, field.name) for field in dataclasses.fields(Intent)}
    for name in ("fence_seen", "beneath_seen", "at_once"):
        del fields[name]
    fences = {intent.target: lease.fence}
    mitigation = Mitigation(
        permit=secrets.token_hex(16), fence=lease.fence, fences=fences, state="issued", issued_at=now, **fields
    )
    connection.execute(schema.mitigations.insert().values(**dataclasses.asdict(mitigation)))
    change(
        connection,
        intent.episode,
        intent.owner,
        now,
        state="permitted",
        why="",
        due_at=intent.expires_at,
        claimed_until=_later(intent.expires_at),
    )
    tell(
        connection,
        intent.episode,
        now,
        "assess",
        f"permit for {intent.remedy}",
        {"permit": mitigation.permit[:8], "fence": lease.fence, "plan_hash": intent.plan_hash},
    )
    return mitigation
