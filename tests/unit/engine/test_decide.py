# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What follows from a diagnosis without a plan, the emergency brake, and the bystanders of a permit."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.brake import kill_switch
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Diagnosis, Origin
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.assess import Assessed
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.decide import without_plan
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.work import AlertState, Work
from tests.unit.engine.made import diagnosis, episode


def assessed(
    found: Diagnosis | None,
    state: AlertState = "firing",
    origin: Origin = "alert",
    fault: str = "",
    obstacle: str = "",
) -> Assessed:
    one = episode(origin=origin)
    return Assessed(Work(one, None, state), state, fault=fault, diagnosis=found, obstacle=obstacle)


NOTHING = Diagnosis(())
WAYS: dict[str, tuple[Assessed, str]] = {
    "resolved comes first": (assessed(diagnosis(propose="x"), "gone"), "resolved"),
    "resolved even where the runbook is at fault": (assessed(None, "gone", fault="x"), "resolved"),
    "a fault of the runbook": (assessed(None, fault="no such name"), "escalated"),
    "a fault over a diagnosis": (assessed(diagnosis(propose="x"), fault="no such name"), "escalated"),
    "a second look": (assessed(diagnosis(wait=300.0, escalate="platform")), "waiting"),
    "unknown": (assessed(Diagnosis((), undecided=("a",))), "undecided"),
    "nothing holds and an alert fires": (assessed(NOTHING), "escalated"),
    "nothing holds and an operator asks": (assessed(NOTHING, "not_needed", "operator"), "observed"),
    "a proposal": (assessed(diagnosis(propose="x", escalate="platform")), "proposed"),
    "for another runbook": (assessed(diagnosis(handover="y")), "waiting"),
    "for another runbook that cannot begin": (assessed(diagnosis(handover="y"), obstacle="no y"), "escalated"),
    "for a human": (assessed(diagnosis(escalate="platform")), "escalated"),
}


@pytest.mark.parametrize(("one", "outcome"), WAYS.values(), ids=WAYS)
def test_every_diagnosis_without_a_plan_has_its_ending(one: Assessed, outcome: str) -> None:
    assert without_plan(one).outcome == outcome


def test_the_brake_is_absent_only_where_there_is_clearly_no_such_file(tmp_path: Path) -> None:
    assert kill_switch(str(tmp_path / "STOP")) == "absent"
    (tmp_path / "STOP").symlink_to("/nonexistent")
    assert kill_switch(str(tmp_path / "STOP")) == "present"
    (tmp_path / "file").touch()
    assert kill_switch(str(tmp_path / "file" / "STOP")) == "unreadable"
