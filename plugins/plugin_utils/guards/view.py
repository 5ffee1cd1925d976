# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the guards look at: everything as data, read beforehand, so that a guard is a function without surprises."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeGuard

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.binding import remedy_of
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Approval, Pause, Standing
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Diagnosis, Evidence, Plan, Verdict
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import clock

KillSwitch = Literal["absent", "present", "unreadable"]
AlertState = Literal["firing", "silenced", "inhibited", "resolved", "gone", "unknown", "not_needed"]
"""``gone``: its Alertmanager answers and does not list it. ``unknown``: its Alertmanager was silent. ``not_needed``: an
operator's run without an alert."""


@dataclasses.dataclass(frozen=True)
class Cohort:
    """Those that are alike, of which only ``limit`` are mended at the same time; None: there is no limit.

    ``under_way`` are being mended now. ``failed`` are the members that the same did not heal lately.
    """

    name: str
    under_way: int
    limit: int | None
    failed: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Storm:
    """How the estate is as a whole: whether so much that is unrelated fails that the monitor is the likelier fault.

    ``on`` has been decided with hysteresis over the sweeps: from ``begins`` unrelated targets on, down to ``ends``.
    ``monitor`` says why the monitor itself is doubted, ``monitor_unknown`` why that cannot be told; empty where not.
    """

    on: bool
    unrelated: int
    begins: int
    ends: int
    since: float | None = None
    monitor: str = ""
    monitor_unknown: str = ""


@dataclasses.dataclass(frozen=True)
class GateInput:
    """One plan for one target, and all that speaks for or against carrying it out.

    None means that it could not be read: then the guard holds. That is also what a member is that nobody has filled in,
    but for ``approval``, where None is that there is none.

    ``mode``, ``blast_radius`` and ``recurrence`` are the inventory's settings as they stand there. ``maintenance`` is
    too, by the name of whose it is: the target's, and of everything that it stands on (``stands_on``, transitively).
    ``opt_out`` is the reason, or empty. ``patience`` is in seconds, ``firing_since`` is Alertmanager's ``startsAt``.
    ``evidence`` goes by name; ``max_age`` is in seconds, from the asking of a question until now. ``standing`` is what
    the ledger says of the target, ``beneath`` of what it stands on. ``undoes`` is the permit of the mitigation that the
    plan takes back, or empty; ``releases`` says that this eased the incident and is not needed any more.
    ``trusted_since`` and ``must_hold`` (seconds) bound which heals that did not hold count.
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
    stands_on: tuple[str, ...] = ()
    beneath: Mapping[str, Standing] | None = None
    pauses: tuple[Pause, ...] | None = None
    opt_out: str | None = None
    maintenance: Mapping[str, Any] | None = None
    patience: float | None = None
    firing_since: float | None = None
    blast_radius: Any = None
    cohort: Cohort | None = None
    storm: Storm | None = None
    recurrence: Any = None
    approval: Approval | None = None
    approvals_readable: bool = False
    trusted_since: float = 0.0
    must_hold: float = 3600.0
    undoes: str = ""
    releases: bool = False

    @property
    def remedy(self) -> str:
        """The name under which the ledger knows what the plan does."""
        return remedy_of(self.plan)


Guard = Callable[[GateInput], Verdict]
"""A pure function. It passes or holds and says why in plain words; one that cannot tell holds."""


def passes(guard: str, reason: str) -> Verdict:
    """The guard has nothing against it, and says what it looked at."""
    return Verdict(guard, True, reason)


def holds(guard: str, reason: str) -> Verdict:
    """The guard objects, or cannot tell. Somebody has to look."""
    return Verdict(guard, False, reason)


def holds_for_now(guard: str, reason: str) -> Verdict:
    """The guard objects, and will let go by itself: nobody has to be called for it."""
    return Verdict(guard, False, reason, lets_go=True)


def is_count(value: Any) -> TypeGuard[int]:
    """Whether it is a number of things. A truth value is none, although Python takes it for one."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_moment(value: Any) -> TypeGuard[float]:
    """Whether it is a time or a duration that can be reckoned with: a number, finite, not negative."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < math.inf


def short(value: Any, most: int = 120) -> str:
    """What a human or an inventory wrote, on one line and cut."""
    words = " ".join(str(value).split())
    return words if len(words) <= most else words[:most] + "…"


def span(seconds: float) -> str:
    """A duration for people: ``45 s``, ``12 min``, ``3.5 h``, ``4 d``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    if seconds < 48 * 3600:
        return f"{seconds / 3600:.1f}".removesuffix(".0") + " h"
    return f"{seconds / 86400:.1f}".removesuffix(".0") + " d"


def until(at: float, now: float) -> str:
    """When something ends, and how long that is from now: ``until 04:00 UTC (in 2 h)``."""
    return f"until {clock(at, beside=now)} UTC (in {span(at - now)})"
