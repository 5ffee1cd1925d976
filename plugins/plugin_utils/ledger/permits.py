# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Permits: the intent to change a target is written down before anything happens, used once, and ends in an outcome.

Lock, cooldown and permit are one thing here. A permit comes with the lease of its target, and of everything that the
target stands on, and is worth nothing without them; what was done under it is what a later cooldown counts from.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import sqlalchemy as sa

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.approved import turned_out
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.connect import Store, lock, step
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.issuing import issue, later
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.leases import read_leases
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.standings import read_mitigations, read_permit
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.timeline import tell
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import (
    CLOCK_TOLERANCE,
    Held,
    Intent,
    Mitigation,
    PermitRefused,
    StepRefused,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json, Outcome

E = schema.episodes.c
L = schema.leases.c
M = schema.mitigations.c


class Permits(Store):
    """Issuing, using, finishing."""

    def issue_permit(self, intent: Intent, now: float) -> Mitigation | Held:
        """``issue_permits`` of one."""
        return self.issue_permits([intent], now)[0]

    @step
    def issue_permits(
        self, connection: sa.Connection, intents: Sequence[Intent], now: float
    ) -> list[Mitigation | Held]:
        """Takes the leases of each target and of what it stands on, and writes the intent down; in the same order a
        permit or why there is none.

        None is given if one of them is held, if something begun on one has no outcome, if anybody has held one since
        its fence was read, if as many of the cohort are being mended as may be, if the approval that it names cannot be
        used, or if the episode's claim is another sweep's. One refusal does not touch the others. The claim is
        lengthened to the permit's end. Raises StepRefused for a plan that carries what looks like a secret: it would be
        stored without it and could not be carried out.

        Dying before: nothing; after: the permit runs out unused, and with it the leases. Nothing was done to the
        target.
        """
        return issue(connection, intents, now)

    @step
    def consume(self, connection: sa.Connection, permit: str, target: str, now: float) -> Mitigation:
        """Uses a permit, once: whoever gets an answer may write to the target for ``hold_for`` seconds from ``now``.

        Of any number that try, exactly one gets it. All its leases (and the claim) are lengthened to ``now +
        hold_for``. Raises PermitRefused, with the reason, for everything else.

        Dying before: unused, it runs out. Dying after: ``begun`` without an outcome, and the target stays locked for
        ``hold_for`` seconds; the next sweep finds it in ``unfinished`` and looks before it acts.
        """
        found = read_permit(connection, permit)
        _check_use(found, target, now)
        until = now + found.hold_for
        for name, fence in sorted(found.fences.items()):
            lengthened = connection.execute(
                sa.update(schema.leases)
                .where(L.target == name, L.fence == fence, L.released_at.is_(None), L.expires_at > now)
                .values(expires_at=until)
            )
            if lengthened.rowcount != 1:
                raise PermitRefused(f"permit {permit[:8]} is fenced off: its lease of {name} is over")
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
            .values(state="mending", why="", due_at=until, claimed_until=later(until), changed_at=now)
        )
        tell(connection, found.episode, now, "mend", f"{found.remedy} begins", {"permit": permit[:8]})
        return dataclasses.replace(found, state="begun", began_at=now)

    @step
    def finished(
        self, connection: sa.Connection, permit: str, outcome: Outcome, result: Json, now: float, by: str = ""
    ) -> bool:
        """Records how a mitigation ended, from whoever knows: the sweep that began it, or a later one that looked.

        ``by`` is the sweep that reports. Its report counts if it is the first and the sweep still claims the episode;
        without ``by`` the permit's own leases have to be in force still. Any other is of a worker that outlived its
        controller: it is kept in the timeline as a late report, changes nothing, and the answer is False. The episode
        is due for verification; the leases stay until it is closed or put off. Raises StepRefused for a permit that was
        never used. Dying before: ``unfinished`` still names it.
        """
        found = read_permit(connection, permit)
        if found.state == "issued":
            raise StepRefused(f"permit {permit[:8]} was never used, so nothing can have come of it")
        stale = _fenced_off(connection, found)
        counts = _claims(connection, found.episode, by) if by else not stale
        first = counts and _finish(connection, found, outcome, result, now)
        words, detail = f"{found.remedy} ended: {outcome}", {"permit": permit[:8], "stale": stale}
        if not first:
            words, detail = f"a late report that {words}", {**detail, "result": result}
        tell(connection, found.episode, now, "mend", words, detail)
        return first

    @step
    def verified(self, connection: sa.Connection, permit: str, word: str, now: float) -> None:
        """Records what the verification said of a mitigation (``healed``, ``not_healed``, ``cannot_tell``), and of the
        approval that it used. The last word counts. Raises StepRefused for one without an outcome."""
        found = read_permit(connection, permit)
        if found.state != "finished":
            raise StepRefused(f"permit {permit[:8]} has no outcome, so there is nothing to verify")
        connection.execute(sa.update(schema.mitigations).where(M.permit == permit).values(verified=word))
        turned_out(connection, found.approval, word, now)

    @step
    def void(self, connection: sa.Connection, permit: str, why: str, now: float) -> bool:
        """Takes back a permit that was not used and frees its leases; False if it was used or is void already."""
        return _void(connection, read_permit(connection, permit), why, now)


def void_unused(connection: sa.Connection, owner: str, why: str, now: float) -> None:
    """Takes back all permits that a sweep was given and has not used, within the step of the caller."""
    unused = read_mitigations(connection, M.owner == owner, M.state == "issued")
    lock(connection, L.target, {name for one in unused for name in one.fences})
    for one in unused:
        _void(connection, one, why, now)


def _void(connection: sa.Connection, permit: Mitigation, why: str, now: float) -> bool:
    # The leases first, as everywhere. Whoever is using the permit at this moment has locked them: then this waits, sees
    # the permit used, and takes the release back.
    savepoint = connection.begin_nested()
    for name, fence in sorted(permit.fences.items()):
        connection.execute(
            sa.update(schema.leases)
            .where(L.target == name, L.fence == fence, L.released_at.is_(None))
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


def _fenced_off(connection: sa.Connection, permit: Mitigation) -> bool:
    """Whether somebody else has had one of its leases since."""
    leases = read_leases(connection, list(permit.fences))
    return any(name not in leases or leases[name].fence != fence for name, fence in permit.fences.items())


def _claims(connection: sa.Connection, episode: str, sweep: str) -> bool:
    claimed_by = connection.scalars(sa.select(E.claimed_by).where(E.id == episode, E.state != "closed")).one_or_none()
    return claimed_by == sweep


def _finish(connection: sa.Connection, permit: Mitigation, outcome: Outcome, result: Json, now: float) -> bool:
    """Whether this is the first report."""
    ended = connection.execute(
        sa.update(schema.mitigations)
        .where(M.permit == permit.permit, M.state == "begun")
        .values(state="finished", ended_at=now, outcome=outcome, result=result)
    )
    if ended.rowcount != 1:
        return False
    connection.execute(
        sa.update(schema.episodes)
        .where(E.id == permit.episode, E.state == "mending")
        .values(state="verifying", due_at=now, changed_at=now)
    )
    return True
