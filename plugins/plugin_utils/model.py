# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The words of an incident as plain values: what the stages hand to each other and what a case is made of.

Nothing here does I/O. Times are Unix seconds (UTC), durations are seconds. Every class is frozen: a stage returns new
values instead of changing those of the stage before it. ``as_json`` gives the shape that the ledger stores.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

Json = dict[str, Any]

EvidenceState = Literal["ok", "failed", "skipped"]
"""``ok``: the witness answered. ``failed``: the witness could not be asked, so the fact is unknown. ``skipped``: the
runbook's own ``when`` said that the question does not arise."""

Truth = Literal["true", "false", "unknown"]
Mode = Literal["observe", "propose", "approve", "act"]
Risk = Literal["low", "medium", "high"]
Outcome = Literal["done", "failed", "interrupted"]
"""How a mitigation ended; whether it helped is what the verification says."""
Origin = Literal["alert", "operator"]


def as_json(value: Any) -> Any:
    """Turns a value of this module, or a list of them, into what ``json.dumps`` takes."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, (list, tuple)):
        return [as_json(member) for member in value]
    return value


@dataclasses.dataclass(frozen=True)
class Alert:
    """One alert as Alertmanager's API v2 reports it. All text in it is hostile: it is data and nothing else."""

    source: str
    fingerprint: str
    name: str
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: float
    state: Literal["active", "suppressed", "unprocessed"]
    silenced_by: tuple[str, ...] = ()
    inhibited_by: tuple[str, ...] = ()
    generator_url: str = ""


@dataclasses.dataclass(frozen=True)
class Evidence:
    """The answer to one question, with everything needed to judge and to replay it."""

    name: str
    probe: str
    state: EvidenceState
    question: str
    source: str
    asked_at: float
    took: float
    value: Any = None
    reason: str = ""


@dataclasses.dataclass(frozen=True)
class Condition:
    """One condition of a finding as it was judged: the words of the runbook, the values it saw, the verdict."""

    text: str
    truth: Truth
    seen: dict[str, Any] = dataclasses.field(default_factory=dict)
    reason: str = ""


@dataclasses.dataclass(frozen=True)
class Finding:
    """One finding of the runbook as it was judged. ``instance`` holds the member of ``each``, where there is one."""

    name: str
    truth: Truth
    conditions: tuple[Condition, ...]
    because: str = ""
    instance: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Plan:
    """The mitigation that the chosen finding asks for, with every text resolved. Hashing it binds a permit to it.

    ``cures`` is false for one that does not heal: nothing is verified, the incident stays open. With an ``undo`` it
    *eases* (a silence): it holds for its ``cooldown``, and is taken back once the incident is over or mended.
    ``disturbs`` is how many healthy members it takes away from their work at once, ``among`` of how many; None where
    the runbook does not say. ``undo`` is the plan that takes it back, with arguments resolved over the same evidence.
    ``within`` is how many seconds it has to show that it healed, 0 for the runbook's own ``verify.within``; ``rung`` is
    its place in the finding's ladder of mitigations, from 1, and ``rungs`` how many there are.
    """

    mitigation: str
    role: str
    action: str
    risk: Risk
    arguments: dict[str, Any]
    touches: str
    credential: str
    timeout: float
    cooldown: float
    owner: str = ""
    undo: Json | None = None
    cures: bool = True
    disturbs: int | None = None
    among: int | None = None
    within: float = 0.0
    rung: int = 1
    rungs: int = 1

    @property
    def eases(self) -> bool:
        """Whether it makes an incident bearable for a while, and no more."""
        return not self.cures and self.undo is not None


@dataclasses.dataclass(frozen=True)
class Diagnosis:
    """What the evidence says. ``chosen`` is the name of the finding that holds, or empty.

    ``undecided`` names the findings that are unknown and stand before every one that holds: while there is one, nothing
    is chosen. ``briefing`` holds (title, text) of what whoever is called has to know besides.
    """

    findings: tuple[Finding, ...]
    chosen: str = ""
    because: str = ""
    undecided: tuple[str, ...] = ()
    used: tuple[str, ...] = ()
    plan: Plan | None = None
    propose: str = ""
    escalate: str = ""
    handover: str = ""
    wait: float = 0.0
    looks: int = 0
    notes: tuple[str, ...] = ()
    briefing: tuple[tuple[str, str], ...] = ()


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What one guard says of a plan. A guard that cannot tell holds.

    ``lets_go`` marks a hold that ends by itself, such as a window of maintenance: nobody has to be called for it.
    """

    guard: str
    passes: bool
    reason: str
    lets_go: bool = False


@dataclasses.dataclass(frozen=True)
class Verification:
    """What was seen after the mitigation: which conditions, since when they have held, and the last evidence."""

    outcome: Literal["healed", "not_healed", "cannot_tell", "pending"]
    conditions: tuple[Condition, ...]
    evidence: tuple[Evidence, ...]
    began_at: float
    ended_at: float
    held_since: float = 0.0
    reason: str = ""
