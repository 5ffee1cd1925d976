# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Too much at once: when the monitor is the likelier fault than everything that it accuses. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.settings import StormLimits
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Evidence

WATCHES = "the_monitor_watches"
MISSES = "the_monitor_misses"
"""The evidence of how many jobs Prometheus has, and of how many of them nothing answers it any more."""

QUERIES = {
    WATCHES: "count(count by (job) (up))",
    MISSES: "count(count by (job) (up == 0) unless count by (job) (up == 1))",
}
"""Jobs and not targets: a job that is down altogether is one outage, however many targets it has."""

FEWEST = 3
"""Jobs that have to be gone before the monitor is doubted. One or two are outages, also where there are no others."""


@dataclasses.dataclass(frozen=True)
class Doubt:
    """Why the monitor itself is doubted, or why that is unknown; both empty where it is in order."""

    why: str = ""
    unknown: str = ""


def unrelated(pairs: Iterable[tuple[str, str]], outage: int) -> int:
    """How many things fail that have nothing to do with each other. ``pairs`` are (target, what is wrong with it).

    The same wrong with ``outage`` or more targets is one outage and counts once, with all that is wrong with those
    targets besides; outages that share a target are one. Of the rest each target counts once, with all its alerts.
    """
    kinds: dict[str, set[str]] = {}
    targets: set[str] = set()
    for target, kind in pairs:
        kinds.setdefault(kind, set()).add(target)
        targets.add(target)
    outages: list[set[str]] = []
    for members in kinds.values():
        if len(members) >= outage:
            joined = [other for other in outages if other & members]
            outages = [other for other in outages if not other & members]
            outages.append(members.union(*joined))
    return len(outages) + len(targets.difference(*outages))


def next_state(on: bool, unrelated_now: int, limits: StormLimits) -> bool:
    """Whether there is a storm now. It begins at one number and is over at a lower one, so that it does not flicker."""
    return unrelated_now > limits.ends if on else unrelated_now >= limits.begins


def doubts(monitor: Sequence[Evidence], limits: StormLimits) -> Doubt:
    """What the monitor says of its own jobs. Where most of them are gone, it has lost its sight rather than they."""
    said = {one.name: one for one in monitor}
    watches, misses = _count(said.get(WATCHES)), _count(said.get(MISSES))
    for found in (watches, misses):
        if isinstance(found, str):
            return Doubt(unknown=found)
    if not isinstance(watches, int) or not isinstance(misses, int) or misses > watches:
        return Doubt(unknown=f"it says that {misses} of {watches} jobs do not answer it")
    if watches == 0:
        return Doubt("Prometheus watches nothing at all")
    if misses >= FEWEST and misses / watches >= limits.down_share:
        share = f"{limits.down_share:.0%} or more"
        return Doubt(
            f"of {misses} of the {watches} jobs of Prometheus nothing answers it; {share} is likelier its own fault"
        )
    return Doubt()


def _count(evidence: Evidence | None) -> int | str:
    """The number that the evidence says, or why there is none. No series at all is what PromQL says for none."""
    if evidence is None:
        return "Prometheus was not asked for its jobs"
    if evidence.state != "ok" or not isinstance(evidence.value, dict):
        return f"Prometheus does not say how many jobs it has: {evidence.reason or 'no answer'}"
    number: Any = 0 if evidence.value.get("count") == 0 else evidence.value.get("value")
    if isinstance(number, bool) or not isinstance(number, (int, float)) or number < 0 or number != int(number):
        return f"Prometheus says that it has {str(number)[:40]} jobs"
    return int(number)
