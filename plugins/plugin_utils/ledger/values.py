# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the ledger returns and what it raises: plain frozen values, no database library.

Times are Unix seconds (UTC) as the caller gave them; the ledger has no clock of its own.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json, Origin

EpisodeState = Literal["open", "waiting", "permitted", "mending", "verifying", "closed"]
Why = Literal["patience", "look_again", "approval", "held", "undo", "ladder", "handover", "human", "resolution"]
"""What a waiting episode waits for: long enough firing; the runbook's second look; an approval; a guard that holds; the
mitigation to be undone; the next one to be tried; the runbook that goes on; a human who was told; the alert to go
away."""

CLAIM_MAX = 24 * 3600.0
"""Seconds. No claim is made for longer: one that ends later was made by a wrong clock, and does not count."""

LEASE_MAX = 24 * 3600.0
"""Seconds. No lease is given for longer."""

CLOCK_TOLERANCE = 300.0
"""Seconds by which two clocks may differ unremarked. What lies further in the future was written by a wrong one."""

MitigationState = Literal["issued", "begun", "finished", "void"]


class LedgerError(Exception):
    """The ledger cannot be opened, read or written, or was asked for something that makes no sense."""


class LedgerMissing(LedgerError):
    """There is no ledger at this place and it was opened read-only, so none was made."""


class ClaimLost(LedgerError):
    """The step belongs to the sweep that holds the episode's claim, and the asking sweep does not hold it (any more).

    Nothing was written. The right answer is to leave this episode alone: another sweep works on it.
    """


class StepRefused(LedgerError):
    """The step contradicts what the ledger knows, for example closing over a mitigation that has no outcome."""


class PermitRefused(LedgerError):
    """The permit allows nothing (any more): unknown, for another target, used, void, expired, or fenced off."""


@dataclasses.dataclass(frozen=True)
class Incident:
    """What opens an episode. ``inputs`` are the runbook's inputs as bound from the alert's labels or by the operator.

    ``starts_at`` and ``fingerprint`` are Alertmanager's; an operator's run without an alert has neither.
    """

    source: str
    target: str
    runbook: str
    alertname: str = ""
    fingerprint: str = ""
    origin: Origin = "alert"
    inputs: Json = dataclasses.field(default_factory=dict)
    starts_at: float | None = None


@dataclasses.dataclass(frozen=True)
class Episode:
    """One incident from its opening to its closing."""

    id: str
    source: str
    target: str
    runbook: str
    alertname: str
    fingerprint: str
    origin: Origin
    inputs: Json
    starts_at: float | None
    opened_at: float
    seen_at: float
    state: EpisodeState
    why: Why | Literal[""]
    due_at: float
    looks: int
    outcome: str
    closed_at: float | None
    changed_at: float
    claimed_by: str | None
    claimed_until: float | None

    def claimed(self, now: float) -> bool:
        """Whether some sweep works on it at ``now``."""
        return self.claimed_by is not None and self.claimed_until is not None and self.claimed_until > now


@dataclasses.dataclass(frozen=True)
class Departure:
    """How a sweep leaves an episode: put off until ``due_at`` for the reason ``why``, or closed.

    ``outcome`` is that of the case so far (held, proposed, healed, …). After a closing, the same firing is taken for an
    echo until ``echo_until``. ``detail`` is the line of the timeline, where there is more to say. ``runbook`` is the
    one that goes on with it, where that is another than before: its looks are counted anew. ``case`` is saved in the
    same step, with the timeline as it stands after it.
    """

    episode: str
    state: Literal["waiting", "closed"]
    outcome: str
    why: Why | Literal[""] = ""
    due_at: float = 0.0
    echo_until: float | None = None
    detail: str = ""
    runbook: str = ""
    case: Json | None = None


@dataclasses.dataclass(frozen=True)
class Lease:
    """The lock of one physical target. ``fence`` grows by one with each holder and never falls: a write under an older
    number is a write by somebody who no longer holds it."""

    target: str
    fence: int
    owner: str
    episode: str
    acquired_at: float
    expires_at: float
    released_at: float | None = None

    def held(self, now: float) -> bool:
        """Whether somebody holds it at ``now``."""
        return self.released_at is None and self.expires_at > now


@dataclasses.dataclass(frozen=True)
class Held:
    """The answer to one who did not get a lease or a permit: why not, in plain words."""

    target: str
    reason: str


@dataclasses.dataclass(frozen=True)
class Intent:
    """What a permit is asked for: this remedy, on this target, by this plan, on this evidence.

    ``owner`` is the sweep (it must hold the episode's claim). ``expires_at`` is until when the permit may be used,
    ``hold_for`` how many seconds the target stays locked from its use: the task's timeout and a margin. ``fence_seen``
    comes from the ``Standing`` that the gate decided on, and so does ``beneath_seen``: the fence of everything that the
    target stands on, by name; the permit takes their leases as well.

    ``cohort`` names those that are alike: at most ``at_once`` of them are mended at the same time (0: no limit).
    ``approval`` is used up by the permit. ``undoes`` is the permit of the mitigation that this one takes back.
    """

    episode: str
    target: str
    owner: str
    remedy: str
    plan: Json
    plan_hash: str
    evidence_hash: str
    expires_at: float
    hold_for: float
    fence_seen: int
    finding: str = ""
    cohort: str = ""
    at_once: int = 0
    beneath_seen: Json = dataclasses.field(default_factory=dict)
    approval: str = ""
    undoes: str = ""


@dataclasses.dataclass(frozen=True)
class Mitigation:
    """One intent to change a target, from its permit to its outcome.

    ``issued``: nothing has happened. ``begun``: the permit was used; from here on something may have been written.
    ``finished``: the outcome is known. ``void``: given back unused. ``verified`` is what the verification said of it:
    ``healed``, ``not_healed``, ``cannot_tell``, or nothing so far.
    """

    permit: str
    episode: str
    target: str
    fence: int
    remedy: str
    plan: Json
    plan_hash: str
    evidence_hash: str
    owner: str
    state: MitigationState
    issued_at: float
    expires_at: float
    hold_for: float
    began_at: float | None = None
    ended_at: float | None = None
    outcome: str = ""
    result: Json | None = None
    finding: str = ""
    cohort: str = ""
    fences: Json = dataclasses.field(default_factory=dict)
    approval: str = ""
    undoes: str = ""
    verified: str = ""


@dataclasses.dataclass(frozen=True)
class Relapse:
    """A heal that did not hold: the same came back on the target within the time that a heal has to hold."""

    target: str
    remedy: str
    healed_at: float
    back_at: float


@dataclasses.dataclass(frozen=True)
class Standing:
    """What the ledger knows of one target when a gate is about to decide: read in one transaction.

    ``fence`` is to be handed to ``issue_permit``: if anybody has held the target in between, the decision was made on
    an old picture and no permit comes of it. ``history`` is what began after ``since``, oldest first.
    """

    target: str
    since: float
    fence: int
    lease: Lease | None
    unfinished: tuple[Mitigation, ...]
    history: tuple[Mitigation, ...]
    relapses: tuple[Relapse, ...] = ()


ApprovalState = Literal["waiting", "approved", "rejected", "used", "void", "expired", "proposed"]


@dataclasses.dataclass(frozen=True)
class Approval:
    """A plan that was put before a human, and what became of it.

    ``id`` is the short hash that people type: of the episode, the plan and what the evidence amounts to. ``kind`` is
    ``approval`` (it waits for an answer until ``expires_at``) or ``proposal`` (shown only; its state is ``proposed``).
    ``approved`` may be used once, by the permit that names it. ``void``: the decision has changed since.
    ``outcome`` is how it turned out in the end: ``healed``, ``not_healed``, ``cannot_tell``, ``resolved`` (without the
    engine's hand) or nothing so far.
    """

    id: str
    kind: Literal["approval", "proposal"]
    episode: str
    target: str
    remedy: str
    finding: str
    because: str
    plan: Json
    plan_hash: str
    evidence_hash: str
    state: ApprovalState
    asked_at: float
    expires_at: float | None
    decided_at: float | None = None
    decided_by: str = ""
    decided_why: str = ""
    permit: str = ""
    outcome: str = ""
    ended_at: float | None = None


@dataclasses.dataclass(frozen=True)
class Pause:
    """Somebody wants nothing done until ``ends_at``: on one target, or on all (``target`` is empty)."""

    id: str
    target: str
    reason: str
    owner: str
    began_at: float
    ends_at: float
    lifted_at: float | None = None
    lifted_by: str = ""

    def holds(self, now: float) -> bool:
        """Whether it is in force at ``now``."""
        return self.lifted_at is None and now < self.ends_at


@dataclasses.dataclass(frozen=True)
class Call:
    """A human is to be called about an episode. Who is called first has the lowest ``level``.

    ``told_by`` names the episode whose call of the same level tells of this one as well: then it is recorded as told
    and nobody is called again.
    """

    episode: str
    level: int
    to: str
    why: str
    told_by: str = ""


@dataclasses.dataclass(frozen=True)
class Escalation:
    """One call for a human, once per episode and level. ``due_at`` is when to try (again) to send it."""

    id: int
    episode: str
    level: int
    to: str
    why: str
    state: Literal["recorded", "sent", "failed", "told"]
    attempts: int
    recorded_at: float
    due_at: float | None
    sent_at: float | None
    error: str
    told_by: int | None = None


@dataclasses.dataclass(frozen=True)
class Delivery:
    """One escalation by one channel. ``channel`` is its name in the inventory, never an address or a key.

    ``kind``: the call itself, or ``clear``, the word that it is over, to those whom the call has reached.
    """

    escalation: int
    channel: str
    state: Literal["due", "sent", "failed"]
    attempts: int
    due_at: float | None
    sent_at: float | None
    error: str
    kind: Literal["call", "clear"] = "call"


@dataclasses.dataclass(frozen=True)
class Entry:
    """One line of the timeline of an episode."""

    episode: str
    at: float
    stage: str
    event: str
    detail: Json = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Sweep:
    """One run of the engine.

    ``host``, ``pid``, ``place`` and ``process_start`` (see ``module_utils.process``; "" and 0 where nobody can tell)
    let another run on the same host see that it has died.
    """

    id: str
    host: str
    pid: int
    place: str
    process_start: int
    started_at: float
    finished_at: float | None
    summary: Json | None


@dataclasses.dataclass(frozen=True)
class Answer:
    """The last good answer of an Alertmanager source: when, by which peer, and what the caller keeps of it."""

    source: str
    answered_at: float
    url: str
    answer: Any
