# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From a finding that holds to the plan of its mitigation, every text of it resolved. Pure; no I/O, no clock.

```
rung(finding, tried) -> int                  the place in the finding's ladder, from 1; 0 where it mitigates nothing
templates(book, mitigation) -> [(what, Template)]
plan(book, finding, place, data) -> Plan     raises RunbookFault
```
What takes a mitigation back is planned with it, over the same evidence: when it is wanted, the evidence is that of a
world which the mitigation has changed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Plan, as_json
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.embedding import plain
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.expression import Template
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import RunbookFault
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.runbook import Finding, Mitigation, Runbook


def rung(finding: Finding, tried: Collection[str]) -> int:
    """Which mitigation of its ladder a finding asks for: the first that was not tried for this incident, else the last.

    That the last was tried as well is not hidden here: the gate sees the same history, and holds.
    """
    for place, name in enumerate(finding.mitigate, start=1):
        if name not in tried:
            return place
    return len(finding.mitigate)


def templates(book: Runbook, mitigation: Mitigation) -> list[tuple[str, Template]]:
    """Everything that has to be known to plan it and what takes it back, each with what it says in words."""
    undo = book.mitigations[mitigation.undo].templates if mitigation.undo else []
    return [*mitigation.templates, *undo]


def plan(book: Runbook, finding: Finding, place: int, data: Mapping[str, Any]) -> Plan:
    """The plan for the rung at ``place``, from 1, over what is known. Raises RunbookFault."""
    mitigation = book.mitigations[finding.mitigate[place - 1]]
    undo = as_json(_plan(book.mitigations[mitigation.undo], data)) if mitigation.undo else None
    return dataclasses.replace(_plan(mitigation, data), undo=undo, rung=place, rungs=len(finding.mitigate))


def _plan(mitigation: Mitigation, data: Mapping[str, Any]) -> Plan:
    disturbs, among = _disturbs(mitigation, data)
    return Plan(
        mitigation=mitigation.name,
        role=mitigation.role,
        action=mitigation.action,
        risk=mitigation.risk,
        arguments=mitigation.arguments.render(data),
        touches=plain(mitigation.touches.render(data)),
        credential=mitigation.credential,
        timeout=mitigation.timeout,
        cooldown=mitigation.cooldown,
        owner=plain(mitigation.owner.render(data)),
        cures=mitigation.cures,
        disturbs=disturbs,
        among=among,
        within=mitigation.within,
    )


def _disturbs(mitigation: Mitigation, data: Mapping[str, Any]) -> tuple[int | None, int | None]:
    if mitigation.disturbs is None:
        return None, None
    healthy = _count(mitigation.disturbs.healthy, mitigation, data)
    among = _count(mitigation.disturbs.of, mitigation, data)
    if healthy > among:
        message = f"{mitigation.name} disturbs {healthy} of {among}: there cannot be more than all"
        raise RunbookFault(message, mitigation.disturbs.healthy.where)
    return healthy, among


def _count(template: Template, mitigation: Mitigation, data: Mapping[str, Any]) -> int:
    found = template.render(data)
    if not isinstance(found, int) or isinstance(found, bool) or found < 0:
        message = f"what {mitigation.name} disturbs is {plain(found)!r}, and has to be a whole number from 0"
        raise RunbookFault(message, template.where)
    return found
