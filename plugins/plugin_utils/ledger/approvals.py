# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Approvals: a plan is put before a human, who decides once; what was decided is good for one permit and runs out.

An approval is bound to the hashes of its plan and of what the evidence amounts to. Asking for another plan, or for the
same one on other evidence, makes an open one void: nobody's yes carries over to what they have not seen. Each asking
has an id of its own, so that an answer that was given once cannot be given to a later question by repeating it.

Locks are taken in the order approvals (by id), episodes; ``issue_permits`` keeps to it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger import schema
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.binding import asked_again
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.connect import Store, chunks, look, step
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.timeline import tell_all
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import (
    CLOCK_TOLERANCE,
    Approval,
    ApprovalState,
    Entry,
    StepRefused,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import cut, date, span, visible

A = schema.approvals.c
E = schema.episodes.c
_FIELDS = [schema.approvals.c[field.name] for field in dataclasses.fields(Approval)]

OPEN: tuple[ApprovalState, ...] = ("waiting", "approved")
"""Something may still come of these."""
STANDING: tuple[ApprovalState, ...] = ("waiting", "approved", "rejected", "used")
"""These say something to the gate. What is void or expired says nothing any more."""
SHORTEST = 4
"""Characters of an id that a human has to type."""


class Approvals(Store):
    """Asked, decided, run out; used by ``issue_permits``."""

    @step
    def ask(self, connection: sa.Connection, approvals: Sequence[Approval], now: float) -> list[Approval]:
        """Puts plans before a human; in the same order what stands for each: the one that is asked already (waiting,
        approved or rejected), else a new one. A plan of kind ``proposal`` is recorded likewise and waits for nobody.

        Whatever else of the same episode is open becomes void in the same step: the decision has changed. One that ran
        out, was used or is void is asked anew, under another id. Dying before: nothing; after: each is there, once.
        """
        known = _by_episode(connection, [one.episode for one in approvals])
        answers: list[Approval] = []
        fresh: list[Approval] = []
        ended: dict[str, tuple[Approval, ApprovalState, str]] = {}
        for wanted in approvals:
            rows = known[wanted.episode]
            for one in rows:
                if one.state in OPEN and _ran_out(one, now):
                    ended[one.id] = (one, "expired", _unanswered(one))
            standing = next((one for one in rows if one.id not in ended and _answers(one, wanted)), None)
            for one in rows:
                if one.id not in ended and one is not standing and one.state in (*OPEN, "proposed"):
                    ended[one.id] = (one, "void", "the decision has changed")
            if standing is None:
                standing = _new(wanted, rows, now)
                fresh.append(standing)
                rows.append(standing)
            answers.append(standing)
        _end(connection, ended.values(), now)
        if fresh:
            connection.execute(schema.approvals.insert(), [dataclasses.asdict(one) for one in fresh])
        tell_all(connection, [_asked(one, now) for one in fresh if one.kind == "approval"])
        return answers

    @step
    def void_approvals(self, connection: sa.Connection, episodes: Sequence[str], why: str, now: float) -> None:
        """Ends what is open in these episodes: the decision has changed, and nothing is asked in its place."""
        rows = [one for several in _by_episode(connection, episodes).values() for one in several if one.state in OPEN]
        _end(connection, [(one, "void", why) for one in rows], now)

    def approval_of(self, episode: str) -> Approval | None:
        """``approvals_of`` of one, or None."""
        return self.approvals_of([episode]).get(episode)

    @look
    def approvals_of(self, connection: sa.Connection, episodes: Sequence[str]) -> dict[str, Approval]:
        """Of each episode the latest that is waiting, approved, rejected or used; those that have none are left out."""
        return {
            episode: standing[-1]
            for episode, rows in _by_episode(connection, episodes).items()
            if (standing := [one for one in rows if one.state in STANDING])
        }

    @look
    def find_approval(self, connection: sa.Connection, name: str) -> Approval:
        """One by its id or the beginning of it, as people type it. Raises StepRefused where that names none, or
        several."""
        return _named(connection, name)

    @step
    def decide_approval(
        self, connection: sa.Connection, name: str, approve: bool, who: str, why: str, now: float
    ) -> Approval:
        """Answers for a human. The first answer counts; the episode is due at once, and its timeline says who and why.

        ``name`` is the id or the beginning of it. Raises StepRefused, in words for whoever asked: it is unknown or
        ambiguous, was decided already (by whom, and why), ran out, was used, or is void. Dying before: it waits on;
        after: the next sweep acts on the answer.
        """
        found = _named(connection, name)
        decision = {"state": "approved" if approve else "rejected", "decided_at": now}
        decided = connection.execute(
            sa.update(schema.approvals)
            .where(
                A.id == found.id,
                A.kind == "approval",
                A.state == "waiting",
                A.expires_at > now,
                A.asked_at <= now + CLOCK_TOLERANCE,
                sa.exists().where(E.id == A.episode, E.state != "closed"),
            )
            .values(**decision, decided_by=who, decided_why=why)
        )
        if decided.rowcount != 1:
            raise StepRefused(_why_not(connection, _approvals(connection, A.id == found.id)[0], now))
        connection.execute(
            sa.update(schema.episodes)
            .where(E.id == found.episode, E.state.in_(("open", "waiting")))
            .values(due_at=now, changed_at=now)
        )
        answered = _approvals(connection, A.id == found.id)[0]
        tell_all(connection, [_decided(answered, now)])
        return answered

    @step
    def expire_approvals(self, connection: sa.Connection, now: float) -> list[Approval]:
        """Ends those whose time is over, the approved ones that nobody used included; returns them."""
        overdue = [one for one in _approvals(connection, A.state.in_(OPEN)) if _ran_out(one, now)]
        return _end(connection, [(one, "expired", _unanswered(one)) for one in overdue], now)

    @step
    def turned_out(self, connection: sa.Connection, episode: str, outcome: str, now: float) -> None:
        """``settle`` of one, in a step of its own."""
        settle(connection, {episode: outcome}, now)

    @look
    def approvals(
        self, connection: sa.Connection, states: Sequence[ApprovalState] = (), since: float = 0.0, limit: int = 1000
    ) -> list[Approval]:
        """Those that were asked since then, newest first; in these states, where any are named."""
        query = sa.select(*_FIELDS).where(A.asked_at >= since).order_by(A.asked_at.desc(), A.id).limit(limit)
        if states:
            query = query.where(A.state.in_(states))
        return [Approval(**row._mapping) for row in connection.execute(query)]


def settle(connection: sa.Connection, outcomes: Mapping[str, str], now: float) -> None:
    """Records how incidents that are over turned out, on all of their plans that have no outcome yet, within the step
    of the caller. What is still open becomes void: there is nothing left to decide."""
    for episode, rows in _by_episode(connection, list(outcomes)).items():
        over = f"the incident is over: {outcomes[episode]}"
        _end(connection, [(one, "void", over) for one in rows if one.state in OPEN], now)
        if any(not one.outcome for one in rows):
            connection.execute(
                sa.update(schema.approvals)
                .where(A.episode == episode, A.outcome == "")
                .values(outcome=outcomes[episode], ended_at=now)
            )


def hurry(connection: sa.Connection, episodes: Sequence[str], now: float) -> None:
    """Makes those due at once that wait for an answer which was given while a sweep was still working on them (nothing
    is unanswered), within the step of the caller: the answer must not wait for the time that the sweep has just set."""
    about = A.episode == E.id
    answered = sa.exists().where(about, A.state.in_(("approved", "rejected")))
    unanswered = sa.exists().where(about, A.state == "waiting")
    connection.execute(
        sa.update(schema.episodes)
        .where(E.id.in_(episodes), E.state == "waiting", E.why == "approval", E.due_at > now)
        .where(answered, ~unanswered)
        .values(due_at=now)
    )


def _approvals(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> list[Approval]:
    rows = connection.execute(sa.select(*_FIELDS).where(*where).order_by(A.asked_at, A.id))
    return [Approval(**row._mapping) for row in rows]


def _by_episode(connection: sa.Connection, episodes: Sequence[str]) -> dict[str, list[Approval]]:
    """All that was ever asked in each episode, oldest first."""
    found: dict[str, list[Approval]] = {episode: [] for episode in episodes}
    for some in chunks(found):
        for one in _approvals(connection, A.episode.in_(some)):
            found[one.episode].append(one)
    return found


def _named(connection: sa.Connection, name: str) -> Approval:
    if len(name) < SHORTEST:
        raise StepRefused(f"a plan is named by at least {SHORTEST} characters of its id")
    query = sa.select(*_FIELDS).where(A.id.startswith(name, autoescape=True)).order_by(A.asked_at.desc()).limit(5)
    found = [Approval(**row._mapping) for row in connection.execute(query)]
    if not found:
        raise StepRefused(f"no plan {_shown(name)} was ever put before anybody; the playbook status shows what waits")
    if len(found) > 1:
        several = ", ".join(f"{one.id} ({one.state})" for one in found)
        raise StepRefused(f"{_shown(name)} begins several ids: {several}; type more of it")
    return found[0]


def _shown(name: str) -> str:
    return visible(cut(name, 40))


def _ran_out(one: Approval, now: float) -> bool:
    return one.expires_at is not None and one.expires_at <= now


def _unanswered(one: Approval) -> str:
    return f"approved by {one.decided_by} and not used in time" if one.state == "approved" else "nobody answered"


def _answers(one: Approval, wanted: Approval) -> bool:
    """Whether what stands in the ledger is this very question, still to be answered or answered for good."""
    same = (one.kind, one.plan_hash, one.evidence_hash) == (wanted.kind, wanted.plan_hash, wanted.evidence_hash)
    return same and one.state in (*OPEN, "rejected", "proposed")


def _new(wanted: Approval, rows: Sequence[Approval], now: float) -> Approval:
    before = sum((one.plan_hash, one.evidence_hash) == (wanted.plan_hash, wanted.evidence_hash) for one in rows)
    state: ApprovalState = "waiting" if wanted.kind == "approval" else "proposed"
    return dataclasses.replace(wanted, id=asked_again(wanted.id, before), state=state, asked_at=now)


def _end(connection: sa.Connection, ended: Iterable[tuple[Approval, ApprovalState, str]], now: float) -> list[Approval]:
    """Moves each to its last state unless somebody has done so at this moment; returns those that it moved."""
    moved: list[Approval] = []
    lines: list[Entry] = []
    for one, state, why in sorted(ended, key=lambda each: each[0].id):
        changed = connection.execute(
            sa.update(schema.approvals).where(A.id == one.id, A.state == one.state).values(state=state)
        )
        if changed.rowcount != 1:
            continue
        moved.append(dataclasses.replace(one, state=state))
        if one.kind == "approval":
            word = "ran out" if state == "expired" else state
            lines.append(Entry(one.episode, now, "approve", f"the asking {one.id} {_is(word)}: {why}"))
    tell_all(connection, lines)
    return moved


def _is(word: str) -> str:
    return word if word == "ran out" else f"is {word}"


def _asked(one: Approval, now: float) -> Entry:
    until = f", for {span(one.expires_at - now)}" if one.expires_at is not None else ""
    detail = {"approval": one.id, "plan_hash": one.plan_hash, "evidence_hash": one.evidence_hash}
    return Entry(one.episode, now, "approve", f"approval {one.id} is asked for: {one.remedy}{until}", detail)


def _decided(one: Approval, now: float) -> Entry:
    why = f": {one.decided_why}" if one.decided_why else ""
    detail = {"approval": one.id, "who": one.decided_by, "why": one.decided_why, "plan_hash": one.plan_hash}
    return Entry(one.episode, now, "approve", f"{one.state} by {one.decided_by} ({one.id}){why}", detail)


def _why_not(connection: sa.Connection, one: Approval, now: float) -> str:
    """Why there is nothing to decide here (any more)."""
    name = f"plan {one.id}"
    over = connection.scalars(sa.select(E.state).where(E.id == one.episode)).one() == "closed"
    if one.kind == "proposal":
        return f"{name} is a proposal: in mode propose a human makes the change, and nothing waits for an answer"
    by = f"{one.decided_by}, {span(max(0.0, now - (one.decided_at or now)))} ago" if one.decided_by else "nobody"
    reason = f": {one.decided_why}" if one.decided_why else ""
    if one.state in ("approved", "rejected"):
        return f"{name} was {one.state} already, by {by}{reason}"
    if one.state == "used":
        return f"{name} was approved by {by}{reason}, and was carried out; an approval is good for one time"
    if over:
        return f"{name} is about an incident that is over: there is nothing left to decide"
    if one.state == "void":
        return f"{name} is void: the decision has changed since it was asked for; what waits now has another id"
    if one.asked_at > now + CLOCK_TOLERANCE:
        return f"{name} was asked for in the future ({date(one.asked_at)}): a clock is wrong and its age unknown"
    ago = f" {span(now - one.expires_at)} ago" if one.expires_at is not None and one.expires_at <= now else ""
    return f"{name} ran out{ago}; the next sweep asks anew if it is still needed"
