# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the diagnosis stands on evidence that is complete and fresh."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.view import GateInput, holds, passes, span
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import CLOCK_TOLERANCE
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Verdict

NAME = "evidence"


def evidence(view: GateInput) -> Verdict:
    """Passes if a finding was chosen over none that is unknown, and all that it rests on was answered lately or was
    left unasked for a reason of the runbook's own."""
    if view.releases:
        return passes(NAME, "it rests on the ledger alone: what this incident itself did is ended")
    faults = list(_faults(view))
    if faults:
        return holds(NAME, "; ".join(faults[:3]) + (f"; and {len(faults) - 3} more" if len(faults) > 3 else ""))
    answers = [view.evidence[name] for name in view.diagnosis.used]
    ages = [view.now - answer.asked_at for answer in answers if answer.state == "ok"]
    skipped = len(answers) - len(ages)
    return passes(NAME, f"{len(ages)} answered, {skipped} not asked, the oldest {span(max(*ages, 0.0))} old")


def _faults(view: GateInput) -> Iterator[str]:
    diagnosis = view.diagnosis
    if diagnosis.undecided:
        yield f"undecided: {', '.join(diagnosis.undecided)}"
    elif not diagnosis.chosen:
        yield "no finding holds"
    if not any(name in view.evidence and view.evidence[name].state == "ok" for name in diagnosis.used):
        yield "the diagnosis rests on no answer at all"
    for name in diagnosis.used:
        fault = _fault(view, name)
        if fault:
            yield f"{name} {fault}"


def _fault(view: GateInput, name: str) -> str:
    answer = view.evidence.get(name)
    if answer is None:
        return "is missing"
    if answer.state == "skipped":
        return ""
    if answer.state != "ok":
        return f"failed: {answer.reason}"
    age = view.now - answer.asked_at
    if age < -CLOCK_TOLERANCE:
        return f"is dated {span(-age)} into the future: a clock is wrong"
    if not age <= view.max_age:
        return f"is {span(age)} old, allowed are {span(view.max_age)}"
    return ""
