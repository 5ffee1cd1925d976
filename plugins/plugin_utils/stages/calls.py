# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who is called about what: one call for each incident, and one for all of them where they are one outage. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Call, Episode, Escalation
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json
from ansible_collections.oncall.remedy.plugins.plugin_utils.recurrence import shared_at_once
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.ending import Ending
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import listed

DEFAULT_ESCALATION = "on-call"
"""Whom to call where neither the runbook nor the inventory names anybody."""

FIRST = 1
"""The level of the first call."""

_NAMED = 10
"""Targets of an outage that the call names."""

_FEW = 2
"""Incidents from which on one call is enough, where their endings say that they are alike."""

Alike = tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Ended:
    """An incident with its ending. ``escalation`` is whom the inventory names for its target."""

    episode: Episode
    case: Json
    ending: Ending
    escalation: str

    @property
    def to(self) -> str:
        """Who is to be called: the runbook's choice, else the target's own."""
        return self.ending.to or self.escalation or DEFAULT_ESCALATION

    @property
    def alike(self) -> Alike:
        """What it shares with others for which one call is enough: to whom, and what is wrong."""
        if self.ending.alike:
            return (self.to, self.ending.alike)
        chosen = str((self.case["diagnosis"] or {}).get("chosen", ""))
        return (self.to, self.episode.runbook, self.episode.alertname, chosen, self.ending.outcome)


def calls(ended: Sequence[Ended], known: Mapping[str, Sequence[Escalation]], outage: int) -> list[Call]:
    """The calls that these endings ask for; ``known`` are those of earlier sweeps, by episode.

    ``outage`` or more that are alike are one outage: one of them is called about and names the others, which are told
    by it. An incident whose call went out in an earlier sweep stays the one that speaks for them.
    """
    groups: dict[Alike, list[Ended]] = {}
    for one in ended:
        if one.ending.escalate:
            groups.setdefault(one.alike, []).append(one)
    return [call for group in groups.values() for call in _calls(group, known, outage)]


def _calls(group: Sequence[Ended], known: Mapping[str, Sequence[Escalation]], outage: int) -> Iterable[Call]:
    if len(group) < (_FEW if group[0].ending.alike else outage):
        return [Call(one.episode.id, FIRST, one.to, one.ending.escalate) for one in group]
    speaker = next((one for one in group if _speaks(known.get(one.episode.id, ()))), group[0])
    others = [one for one in group if one is not speaker]
    why = f"{speaker.ending.escalate} (and the same of {len(others)} more: {listed(_names(speaker, others), _NAMED)})"
    if common := shared_at_once([one.case for one in group]):
        why += f". All share {'; '.join(common)}"
    return [
        Call(speaker.episode.id, FIRST, speaker.to, why),
        *(Call(one.episode.id, FIRST, one.to, one.ending.escalate, told_by=speaker.episode.id) for one in others),
    ]


def _names(speaker: Ended, others: Sequence[Ended]) -> list[str]:
    """The others by their targets; where those are the speaker's own, by what their alerts say differently."""

    def name(one: Ended) -> str:
        where = one.episode.target or one.episode.alertname
        differ = [value for key, value in one.episode.inputs.items() if speaker.episode.inputs.get(key) != value]
        return " ".join(differ) if where == speaker.episode.target and differ else where

    return sorted({name(one) for one in others})


def _speaks(escalations: Sequence[Escalation]) -> bool:
    return any(one.level == FIRST and one.state != "told" for one in escalations)
