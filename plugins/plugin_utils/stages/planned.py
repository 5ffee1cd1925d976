# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an assessment asks to be done: the plan of its finding, the undoing of what did not heal, or the end of a
silence whose incident is over. Pure."""

from __future__ import annotations

import dataclasses

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.binding import evidence_hash, plan_hash, remedy_of
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Diagnosis, Plan
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.assess import Assessed, Subject
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.ladder import undo_plan


@dataclasses.dataclass(frozen=True)
class Planned:
    """An incident with a change to ask the gate about. ``undoes`` is the permit of what it takes back, or empty;
    ``releases`` says that this is what eased the incident, which is over or about to be mended."""

    assessed: Assessed
    subject: Subject
    diagnosis: Diagnosis
    plan: Plan
    undoes: str = ""
    releases: bool = False

    @property
    def remedy(self) -> str:
        """The name under which the ledger knows what the plan does."""
        return remedy_of(self.plan)

    @property
    def plan_hash(self) -> str:
        return plan_hash(self.plan)

    @property
    def evidence_hash(self) -> str:
        return evidence_hash(self.diagnosis)

    @property
    def cohort(self) -> str:
        """The name of those that are mended a few at a time: the target's group, else all with the same finding and
        the same remedy."""
        group = self.subject.target.group
        if group is not None:
            return f"group {group.name}"
        return f"{self.subject.book.name} {self.diagnosis.chosen} {self.plan.role}.{self.plan.action}"


def planned(assessed: Assessed) -> Planned | None:
    """The plan that the gate is to be asked about. A resolved alert never mitigates: at most its silence is ended."""
    subject, diagnosis, undone = assessed.subject, assessed.diagnosis, assessed.work.to_undo
    if assessed.fault or not subject or not diagnosis:
        return None
    eased, over = assessed.work.eased_by, assessed.alert_state == "gone"
    if eased is not None and (over or (diagnosis.plan is not None and diagnosis.plan.cures)):
        return Planned(assessed, subject, diagnosis, undo_plan(eased), eased.permit, releases=True)
    if over:
        return None
    if undone is not None:
        return Planned(assessed, subject, diagnosis, undo_plan(undone), undone.permit)
    return Planned(assessed, subject, diagnosis, diagnosis.plan) if diagnosis.plan else None
