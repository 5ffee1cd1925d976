# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How many of those that are alike are mended at the same time, and whether the same helps the others at all."""

from __future__ import annotations

from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.view import (
    Cohort,
    GateInput,
    holds,
    holds_for_now,
    is_count,
    passes,
    span,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Verdict
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import listed

__all__ = ["Cohort", "at_once", "helps_elsewhere"]

AT_ONCE = "at once"
ELSEWHERE = "helps elsewhere"


def at_once(view: GateInput) -> Verdict:
    """Passes while fewer of the cohort are being mended than may be at the same time."""
    cohort = view.cohort
    if cohort is None or not is_count(cohort.under_way) or not (cohort.limit is None or is_count(cohort.limit)):
        return holds(AT_ONCE, "it cannot be told how many of its kind are being mended, or how many may be")
    if cohort.limit is None:
        return passes(AT_ONCE, "it is in no group, and too few are down with it for an outage")
    if cohort.limit == 0:
        return holds(AT_ONCE, f"none of {cohort.name} may be mended: the share that is allowed is less than one member")
    if cohort.under_way >= cohort.limit:
        said = f"{cohort.under_way} of {cohort.name} are being mended, at once may be {cohort.limit}"
        return holds_for_now(AT_ONCE, said)
    return passes(AT_ONCE, f"{cohort.under_way} of {cohort.name} are being mended, at once may be {cohort.limit}")


def helps_elsewhere(view: GateInput) -> Verdict:
    """Passes if the same has healed, or was not tried on, the others of its group or outage: what did not help one will
    not be done to all. Its own failures, and what takes a change back, are not meant."""
    cohort = view.cohort
    if cohort is None or not isinstance(cohort.failed, tuple):
        return holds(ELSEWHERE, "it cannot be told whether it helped the others of its kind")
    others = sorted({str(name) for name in cohort.failed} - {view.target})
    within = f"within {span(view.must_hold)}"
    if view.undoes:
        return passes(ELSEWHERE, "it takes a change back")
    if not others:
        return passes(ELSEWHERE, f"it has failed no other of its kind {within}")
    if cohort.limit is None:
        return passes(ELSEWHERE, f"it did not help {listed(others, 3)} {within}, which is not of its group or outage")
    return holds(
        ELSEWHERE, f"it did not help {listed(others, 3)} {within}: no more of {cohort.name} until it is known why"
    )
