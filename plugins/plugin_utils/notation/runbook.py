# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A runbook as typed values, as loader.py makes them of a playbook. docs/runbooks.md explains the notation to those who
write it.
"""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path
from typing import Any

from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Risk
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.expression import (
    Condition,
    Expression,
    Prose,
    Template,
)

VALUE = "value"
"""The word for evidence that is computed from other evidence, inputs and params: nobody is asked."""


@dataclasses.dataclass(frozen=True)
class Input:
    """A value from outside: from the alert's ``label``, or given by the operator under the input's name."""

    name: str
    label: str
    pattern: str
    required: bool
    default: str
    where: str


@dataclasses.dataclass(frozen=True)
class Question:
    """One piece of evidence: the probe to ask, its options, and when, where and from where to ask.

    ``needs`` are the names of other evidence that the options and ``when`` read. ``hosts`` yields inventory names
    (only for probes that run on managed hosts), ``vantage`` names another endpoint set of the inventory to ask from.
    """

    name: str
    probe: str
    options: Template
    when: tuple[Condition, ...]
    hosts: Template | None
    vantage: str
    needs: frozenset[str]
    where: str


@dataclasses.dataclass(frozen=True)
class Each:
    """``each: {pod: pods.crashing}``: the finding is judged for every member of the list, under that name."""

    name: str
    members: Expression


@dataclasses.dataclass(frozen=True)
class Wait:
    """Look again after ``seconds``, at most ``looks`` times; then the finding's other actions apply."""

    seconds: float
    looks: int


@dataclasses.dataclass(frozen=True)
class Finding:
    """What may be wrong: the conditions that all have to hold, the explanation, and what is to be done about it.

    ``mitigate`` names mitigations in the order in which they are tried; most findings have one or none.
    """

    name: str
    when: tuple[Condition, ...]
    each: Each | None
    because: Prose
    mitigate: tuple[str, ...]
    propose: Template | None
    escalate: Template | None
    handover: Template | None
    wait: Wait | None
    where: str


@dataclasses.dataclass(frozen=True)
class Disturbance:
    """How many ``healthy`` members a mitigation takes away from their work at once, ``of`` how many there are."""

    healthy: Template
    of: Template


@dataclasses.dataclass(frozen=True)
class Mitigation:
    """What may be done: a role's action with its arguments, what it touches and whose credential it takes.

    ``disturbs`` is None where the runbook does not say, which the static check refuses and the gate holds. ``within``
    is how long it has to show that it healed, 0 for the runbook's own. ``cures`` is false for one that eases but does
    not heal (a silence): it is not verified, and the incident stays open. Durations are seconds.
    """

    name: str
    role: str
    action: str
    arguments: Template
    touches: Template
    disturbs: Disturbance | None
    risk: Risk
    credential: str
    owner: Template
    cooldown: float
    timeout: float
    within: float
    undo: str
    cures: bool
    where: str

    @property
    def templates(self) -> list[tuple[str, Template]]:
        """All its templates, each with what it says in words."""
        found = [
            (f"the mitigation {self.name}'s arguments", self.arguments),
            (f"what the mitigation {self.name} touches", self.touches),
            (f"the owner of what the mitigation {self.name} touches", self.owner),
        ]
        if self.disturbs:
            what = f"what the mitigation {self.name} disturbs"
            found += [(what, self.disturbs.healthy), (what, self.disturbs.of)]
        return found


@dataclasses.dataclass(frozen=True)
class Verify:
    """How to tell that the incident is over: all conditions hold for ``stable_for`` seconds, ``within`` so many."""

    within: float
    stable_for: float
    every: float
    healed_when: tuple[Condition, ...]
    where: str


@dataclasses.dataclass(frozen=True)
class Chart:
    """The series that the case draws."""

    query: Template
    unit: str


@dataclasses.dataclass(frozen=True)
class Runbook:
    """A whole runbook. ``params`` are raw: Ansible templates over the target's variables, for Ansible to resolve.

    A ``draft`` is checked and rehearsed like any other, but the engine does not act on it: its alerts are escalated.
    ``patience`` is for how many seconds its alerts have to have fired before anything is mended.
    """

    name: str
    path: Path
    sha256: str
    summary: str
    alerts: tuple[str, ...]
    draft: bool
    patience: float
    inputs: dict[str, Input]
    params: dict[str, Any]
    evidence: dict[str, Question]
    findings: tuple[Finding, ...]
    mitigations: dict[str, Mitigation]
    verify: Verify | None
    chart: Chart | None
    briefing: dict[str, Prose]
    where: str

    @functools.cached_property
    def healed_names(self) -> frozenset[str]:
        """The evidence that ``healed_when`` reads."""
        conditions = self.verify.healed_when if self.verify else ()
        return frozenset(name for condition in conditions for name in condition.names if name in self.evidence)

    def with_needs(self, names: frozenset[str]) -> frozenset[str]:
        """These names of evidence, and those of all evidence that they need in turn."""
        found: set[str] = set()
        left = set(names)
        while left:
            name = left.pop()
            if name not in found:
                found.add(name)
                left |= self.evidence[name].needs
        return frozenset(found)
