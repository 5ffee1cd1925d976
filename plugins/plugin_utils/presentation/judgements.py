# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The findings of a case as they were judged, with every condition in the words of the runbook and what it saw.

A condition that names evidence which was not asked for is false for the engine. To a reader it is neither: here it is
"not asked".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

from ansible_collections.oncall.remedy.plugins.plugin_utils.words import brief

Json = dict[str, Any]
Verdict = Literal["true", "false", "unknown", "not asked"]
Place = Literal["chosen", "before", "after"]

TELLING = ("name", "instance", "host", "pod", "node")
"""Of a member that is a mapping, the first of these that it has stands for it."""


@dataclasses.dataclass(frozen=True)
class Judged:
    """A condition as it was judged: its words, the verdict, what it saw as (name, value), and why it is unknown."""

    text: str
    verdict: Verdict
    seen: tuple[tuple[str, str], ...]
    reason: str

    @property
    def short(self) -> str:
        """``edge.silent == 0, saw 3``; the reason alone where there was nothing to see."""
        if len(self.seen) == 1:
            return f"{self.text}, saw {self.seen[0][1]}"
        if self.seen:
            return f"{self.text}, saw " + ", ".join(f"{name} = {value}" for name, value in self.seen)
        return self.reason or self.text


@dataclasses.dataclass(frozen=True)
class Found:
    """A finding as it was judged. ``place`` says how it stands to the one that was chosen."""

    name: str
    instance: str
    verdict: Verdict
    place: Place
    because: str
    conditions: tuple[Judged, ...]

    @property
    def title(self) -> str:
        return f"{self.name} ({self.instance})" if self.instance else self.name

    @property
    def decisive(self) -> Judged | None:
        """The condition that gave the verdict: the first false one, else the first unknown one."""
        wanted = [one for one in self.conditions if one.verdict in ("false", "not asked")] or [
            one for one in self.conditions if one.verdict == self.verdict
        ]
        return wanted[0] if wanted else None


def speaking_for(finding: Found) -> float:
    """The part of its conditions that hold."""
    holding = sum(condition.verdict == "true" for condition in finding.conditions)
    return holding / max(1, len(finding.conditions))


NEAREST = 6
"""Findings that were rejected and are told where there are too many to tell all."""


def apart(judgements: list[Found]) -> tuple[list[Found], list[Found]]:
    """What was chosen, holds or is unknown, with those of the rejected that come nearest, and all the others. Both in
    the runbook's order."""
    open_ = [one for one in judgements if one.place == "chosen" or one.verdict in ("true", "unknown")]
    rejected = [one for one in judgements if one not in open_ and speaking_for(one)]
    wanted = [*open_, *sorted(rejected, key=speaking_for, reverse=True)[:NEAREST]]
    return [one for one in judgements if one in wanted], [one for one in judgements if one not in wanted]


def findings(diagnosis: Json) -> list[Found]:
    """The findings of a whole diagnosis in the runbook's order, each with its conditions."""
    place: Place = "before"
    judgements = []
    for finding in diagnosis["findings"]:
        chosen = finding["name"] == diagnosis["chosen"]
        place = "chosen" if chosen else "after" if place != "before" else "before"
        judgements.append(_found(finding, place))
    return judgements


def _found(finding: Json, place: Place) -> Found:
    conditions = tuple(judged(condition) for condition in finding.get("conditions") or [])
    verdict: Verdict = finding.get("truth", "unknown")
    if verdict == "false" and any(one.verdict == "not asked" for one in conditions):
        verdict = "not asked" if all(one.verdict != "false" for one in conditions) else "false"
    return Found(
        name=finding["name"],
        instance=_instance(finding.get("instance") or {}),
        verdict=verdict,
        place=place,
        because=finding.get("because") or "",
        conditions=conditions,
    )


def _instance(instance: Json) -> str:
    """The member of an ``each`` in a few words: its name, instance or the like, else all of it."""
    if not instance:
        return ""
    member = next(iter(instance.values()))
    if isinstance(member, Mapping):
        telling = next((member[key] for key in TELLING if member.get(key)), None)
        return brief(telling if telling is not None else member, 80)
    return brief(member, 80)


def judged(condition: Json) -> Judged:
    """A condition with its verdict, which is "not asked" if the evidence that it names was not asked for."""
    verdict: Verdict = condition.get("truth", "unknown")
    reason = condition.get("reason") or ""
    seen = condition.get("seen") or {}
    if verdict == "false" and not seen and "not asked" in reason:
        verdict = "not asked"
    return Judged(str(condition.get("text", "")), verdict, tuple((str(k), brief(v)) for k, v in seen.items()), reason)
