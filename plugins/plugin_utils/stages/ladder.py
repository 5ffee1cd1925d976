# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What was tried in an incident already, and what of it has to be taken back. Pure, from the ledger's own words.

Nothing remembers "undo this next": it follows from what is recorded, so no death of a sweep can lose it.
"""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Mitigation
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Plan


def tried(mitigations: Sequence[Mitigation]) -> frozenset[str]:
    """The names of the mitigations that were carried out to their end in this incident and did not heal it.

    One that failed or broke off is not among them: nobody knows how far it came, so no next rung follows it.
    """
    return frozenset(
        str(one.plan["mitigation"]) for one in mitigations if not one.undoes and one.verified == "not_healed"
    )


def to_undo(mitigations: Sequence[Mitigation]) -> Mitigation | None:
    """The latest mitigation that did not heal, says how it is undone, and has not been undone (or tried to be)."""
    undone = _taken_back(mitigations)
    for one in reversed(mitigations):
        if one.verified == "not_healed" and not one.undoes:
            return one if one.plan.get("undo") and one.permit not in undone else None
    return None


def in_force(mitigations: Sequence[Mitigation], now: float) -> Mitigation | None:
    """The latest mitigation that eases the incident still: its time is not over, and nothing has ended it."""
    ended = _taken_back(mitigations)
    for one in reversed(mitigations):
        if one.outcome == "done" and one.ended_at is not None and Plan(**one.plan).eases:
            holds = one.permit not in ended and now < one.ended_at + one.plan["cooldown"]
            return one if holds else None
    return None


def _taken_back(mitigations: Sequence[Mitigation]) -> set[str]:
    """The permits of what was undone, or tried to be: that is begun once, however it went."""
    return {one.undoes for one in mitigations if one.undoes and one.state in ("begun", "finished")}


def undo_plan(mitigation: Mitigation) -> Plan:
    """The plan that takes a mitigation back, as it was resolved when the mitigation was planned."""
    return Plan(**mitigation.plan["undo"])


def has_next_rung(plan: Plan) -> bool:
    """Whether the finding names another mitigation after this one."""
    return plan.rung < plan.rungs
