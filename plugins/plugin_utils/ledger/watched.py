# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an operator, and Prometheus, want to know of the engine at one moment. Plain values, no database library."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import (
    Answer,
    Approval,
    Delivery,
    Episode,
    Escalation,
    Lease,
    Mitigation,
    Pause,
    Sweep,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json


@dataclasses.dataclass(frozen=True)
class Condition:
    """Something that the engine knows of the estate as a whole, such as a storm, and since when."""

    changed_at: float
    value: Json


@dataclasses.dataclass(frozen=True)
class Watched:
    """Everything that is open, read in one transaction.

    ``leases`` are those that were not given back, run out or not. ``unfinished`` began and have no outcome.
    ``approvals`` wait, or are approved and not used. ``deliveries`` are those of ``undelivered`` that did not arrive;
    ``over`` are the incidents that are closed and that one of ``undelivered`` is about.
    ``last_sweep`` is the latest that has ended, ``last_success`` the latest that ended well and was about everything;
    ``under_way`` have not ended.
    """

    episodes: tuple[Episode, ...] = ()
    over: tuple[Episode, ...] = ()
    leases: tuple[Lease, ...] = ()
    unfinished: tuple[Mitigation, ...] = ()
    approvals: tuple[Approval, ...] = ()
    pauses: tuple[Pause, ...] = ()
    undelivered: tuple[Escalation, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    last_sweep: Sweep | None = None
    last_success: Sweep | None = None
    under_way: tuple[Sweep, ...] = ()
    sources: tuple[Answer, ...] = ()
    conditions: Mapping[str, Condition] = dataclasses.field(default_factory=dict)

    def stale(self, now: float) -> tuple[Lease, ...]:
        """Leases that ran out and were never given back: whoever held them has died, or still works."""
        return tuple(lease for lease in self.leases if not lease.held(now))

    @property
    def storm(self) -> bool:
        """Whether the engine holds still because too much is down at once."""
        storm = self.conditions.get("storm")
        return bool(storm and storm.value.get("on"))


def verdict(sweep: Sweep) -> str:
    """How a sweep ended: ``completed``, ``failed`` (the engine's own fault) or ``died``; empty while it runs."""
    if sweep.finished_at is None:
        return ""
    return verdict_of(sweep.summary or {})


def verdict_of(summary: Json) -> str:
    """``verdict`` of a sweep that ended with this summary."""
    if "abandoned" in summary:
        return "died"
    return "failed" if summary.get("fault") else "completed"


def succeeded(sweep: Sweep) -> bool:
    """Whether it ended well and was about everything. An operator's run of one target proves nothing of the rest."""
    return verdict(sweep) == "completed" and not (sweep.summary or {}).get("narrowed")
