# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the guards look at: everything as data, read beforehand, so that a guard is a function without surprises."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.binding import remedy_of
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Standing
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Diagnosis, Evidence, Plan, Verdict

KillSwitch = Literal["absent", "present", "unreadable"]
AlertState = Literal["firing", "silenced", "inhibited", "resolved", "gone", "unknown", "not_needed"]
"""``gone``: its Alertmanager answers and does not list it. ``unknown``: its Alertmanager was silent. ``not_needed``: an
operator's run without an alert."""


@dataclasses.dataclass(frozen=True)
class GateInput:
    """One plan for one target, and all that speaks for or against carrying it out.

    ``mode`` is the inventory's setting as it stands there. ``evidence`` goes by name. ``standing`` is what the ledger
    says of the target. None, in ``mode`` and ``standing``, means that it could not be read: then the guard holds.
    ``max_age`` is in seconds, from the asking of a question until now.
    """

    target: str
    episode: str
    sweep: str
    plan: Plan
    diagnosis: Diagnosis
    evidence: Mapping[str, Evidence]
    mode: Any
    draft: bool
    kill_switch: KillSwitch
    alert_state: AlertState
    standing: Standing | None
    now: float
    silenced_by: tuple[str, ...] = ()
    own_silences: frozenset[str] = frozenset()
    inhibited_by: tuple[str, ...] = ()
    max_age: float = 120.0

    @property
    def remedy(self) -> str:
        """The name under which the ledger knows what the plan does."""
        return remedy_of(self.plan)


def passes(guard: str, reason: str) -> Verdict:
    """The guard has nothing against it, and says what it looked at."""
    return Verdict(guard, True, reason)


def holds(guard: str, reason: str) -> Verdict:
    """The guard objects, or cannot tell."""
    return Verdict(guard, False, reason)


def span(seconds: float) -> str:
    """A duration for people: ``45 s``, ``12 min``, ``3.5 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
