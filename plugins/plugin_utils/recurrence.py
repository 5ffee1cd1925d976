# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What comes back: how often a remedy was used on a target, and what those incidents have in common. Pure."""

from __future__ import annotations

import dataclasses
import itertools
import statistics
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ansible_collections.oncall.remedy.plugins.module_utils.duration import seconds
from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.view import span
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Mitigation
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import clock, plural

KEYS = ("times", "within")
SHOWN = 5
"""Uses whose times are named."""


@dataclasses.dataclass(frozen=True)
class Budget:
    """At most ``times`` uses ``within`` seconds."""

    times: int
    within: float


def budget(setting: Any) -> Budget:
    """Reads ``{times: 3, within: 24h}``. Raises ValueError."""
    if not isinstance(setting, dict) or set(setting) != set(KEYS):
        raise ValueError(f"{str(setting)[:60]!r} is not {{times: 3, within: 24h}}")
    times = setting["times"]
    if isinstance(times, bool) or not isinstance(times, int) or times < 0:
        raise ValueError(f"{str(times)[:60]!r} is not a number of times from 0")
    within = seconds(setting["within"])
    if not within:
        raise ValueError("within has to be longer than 0")
    return Budget(times, within)


def uses(history: Iterable[Mitigation], remedy: str, since: float, episode: str) -> list[Mitigation]:
    """When the remedy was used after ``since``, in other incidents than this one; oldest first. One that a clock which
    was set back has put into the future is among them."""
    found = [
        one
        for one in history
        if one.remedy == remedy and one.episode != episode and one.began_at is not None and one.began_at > since
    ]
    return sorted(found, key=lambda one: one.began_at or 0.0)


def told(found: Sequence[Mitigation], within: float, now: float) -> str:
    """``healed 3 times within 24 h: 02:10:00, 09:40:00, 17:05:00 (UTC)``"""
    if not found:
        return f"not done within {span(within)}"
    healed = sum(1 for one in found if one.verified == "healed")
    did = "healed" if healed == len(found) else f"done ({healed} of them healed)"
    times = [clock(one.began_at or 0.0, beside=now) for one in found[-SHOWN:]]
    earlier = f"{len(found) - SHOWN} earlier, " if len(found) > SHOWN else ""
    return f"{did} {plural(len(found), 'time')} within {span(within)}: {earlier}{', '.join(times)} (UTC)"


# ---- what cases have in common

_NAMED = 6
"""Values that are named of each kind. Who reads this is about to look at the cases themselves."""
_LONGEST = 60
_HOUR = 3600.0
_DAY = 86400.0
_UNEVEN = 0.2
"""By which part of it the time between two may differ from the usual one."""
_DATE = 1_000_000_000
"""Numbers from here on are times: they say when, and never twice the same."""

Leaf = tuple[str, str | int]


def in_common(cases: Sequence[Json]) -> list[str]:
    """What all these cases share, each in a few words, the most telling first: the finding and what it was about, the
    hour of the day, the rhythm, what the conditions saw, and what the witnesses said then and not when all was well.

    Nothing for fewer than two cases. A case that lacks something shares nothing of it.
    """
    if len(cases) < 2:
        return []
    findings = [_chosen(case) for case in cases]
    seen = _shared([_seen(finding) for finding in findings])
    said = _shared([_said_when_ill(case) for case in cases])
    return [
        *_same("the same finding: ", [str(finding.get("name") or "") for finding in findings]),
        *_same("about the same: ", [_words(finding.get("instance")) for finding in findings]),
        *_when(sorted(float(case.get("opened_at") or 0.0) for case in cases)),
        *(f"each time {path} was {value}" for path, value in seen),
        *(
            f"each time, and not when all was well, {path} was {value}"
            for path, value in said
            if (path, value) not in seen
        ),
    ]


def shared_at_once(cases: Sequence[Json]) -> list[str]:
    """What incidents of one moment share, each in a few words: their alerts' labels, what the finding was about, and
    what its conditions saw. Nothing for fewer than two."""
    if len(cases) < 2:
        return []
    alerts = [case.get("alert") or {} for case in cases]
    labels = _shared([_leaves("", {**(alert.get("labels") or {}), "alertname": ""}) for alert in alerts])
    findings = [_chosen(case) for case in cases]
    seen = _shared([_seen(finding) for finding in findings])
    return [
        *(f"{name}={value}" for name, value in labels),
        *_same("about the same: ", [_words(finding.get("instance")) for finding in findings]),
        *(f"{path} was {value}" for path, value in seen),
    ]


def _chosen(case: Json) -> Json:
    diagnosis = case.get("diagnosis") or {}
    named = {finding.get("name"): finding for finding in diagnosis.get("findings") or []}
    return dict(named.get(diagnosis.get("chosen")) or {})


def _same(what: str, texts: list[str]) -> list[str]:
    return [f"{what}{texts[0]}"] if texts[0] and len(set(texts)) == 1 else []


def _words(instance: Any) -> str:
    return ", ".join(f"{path.lstrip('.')} {value}" for path, value in sorted(_leaves("", instance), key=str))


def _when(opened: list[float]) -> Iterator[str]:
    """The hour of the day, where it was the same on more than one day; the rhythm, where there is one."""
    if not opened[0]:
        return
    days = sorted(at % _DAY for at in opened)
    gaps = [later - sooner for sooner, later in zip(days, [*days[1:], days[0] + _DAY], strict=True)]
    widest = max(range(len(gaps)), key=lambda number: gaps[number])
    if _DAY - gaps[widest] <= _HOUR and opened[-1] - opened[0] > _DAY / 2:
        first, last = days[(widest + 1) % len(days)], days[widest]
        # Any day will do: this is about the time of day. Day 0 has no name for its first moment.
        yield f"at the same time of day: {clock(_DAY + first)[11:16]} to {clock(_DAY + last)[11:16]} (UTC)"
    between = [later - sooner for sooner, later in itertools.pairwise(opened)]
    usual = statistics.median(between)
    if len(between) > 1 and usual > 0 and all(abs(one - usual) <= _UNEVEN * usual for one in between):
        yield f"about every {span(usual)}"


def _seen(finding: Json) -> set[Leaf]:
    """What the conditions of a finding read."""
    return {leaf for condition in finding.get("conditions") or [] for leaf in _leaves("", condition.get("seen"))}


def _said_when_ill(case: Json) -> set[Leaf]:
    """What witnesses said that they did not say again when the incident was healed."""
    verification = case.get("verification") or {}
    if verification.get("outcome") != "healed":
        return set()
    well = {one.get("name"): one for one in verification.get("evidence") or [] if one.get("state") == "ok"}
    found: set[Leaf] = set()
    for one in case.get("evidence") or []:
        if one.get("state") == "ok" and one.get("name") in well:
            name = str(one["name"])
            found |= _leaves(name, one.get("value")) - _leaves(name, well[name].get("value"))
    return found


def _leaves(path: str, value: Any) -> set[Leaf]:
    """The texts and whole numbers in a value, each with its path; where in a list they stand does not matter."""
    if isinstance(value, dict):
        return {leaf for key, member in value.items() for leaf in _leaves(f"{path}.{key}".lstrip("."), member)}
    if isinstance(value, list):
        return {leaf for member in value for leaf in _leaves(f"{path}[]", member)}
    if isinstance(value, str) and 0 < len(value) <= _LONGEST:
        return {(path, value)}
    return {(path, value)} if isinstance(value, int) and not isinstance(value, bool) and value < _DATE else set()


def _shared(leaves: list[set[Leaf]]) -> list[Leaf]:
    return sorted(set.intersection(*leaves), key=str)[:_NAMED]
