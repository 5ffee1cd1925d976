# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which calls are due because an incident goes on although somebody was called. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.policy import Policy
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Call, Escalation

FIRST = 1


def next_calls(under_way: Sequence[Escalation], policy: Policy, now: float) -> list[Call]:
    """The next level of each incident that has waited long enough since its first call, one level at a time.

    ``under_way`` are all calls of the open incidents. Incidents of one outage, told by one call, are called about by
    one again: by the incident that spoke for them, or, if that is over, by the first of those that are not.
    """
    outages: dict[int, dict[str, list[Escalation]]] = {}
    root_of = {one.episode: one.told_by or one.id for one in under_way if one.level == FIRST}
    for one in under_way:
        if one.episode in root_of:
            outages.setdefault(root_of[one.episode], {}).setdefault(one.episode, []).append(one)
    return [call for root, episodes in outages.items() for call in _next(root, episodes, policy, now)]


def _next(root: int, episodes: dict[str, list[Escalation]], policy: Policy, now: float) -> list[Call]:
    speaker = next((name for name, calls in episodes.items() if any(one.id == root for one in calls)), "")
    speaker = speaker or min(episodes, key=lambda name: _first(episodes[name]).id)
    first = _first(episodes[speaker])
    reached = max(one.level for calls in episodes.values() for one in calls)
    levels = policy.levels(first.to)
    if reached >= len(levels) or first.recorded_at + levels[reached].after > now:
        return []
    calls = [Call(speaker, reached + 1, first.to, first.why)]
    others = [_first(calls_) for name, calls_ in episodes.items() if name != speaker]
    return calls + [Call(one.episode, reached + 1, one.to, one.why, told_by=speaker) for one in others]


def _first(calls: Sequence[Escalation]) -> Escalation:
    return min(calls, key=lambda one: one.level)
