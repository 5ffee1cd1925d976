# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Mode approve over whole sweeps: the plan waits for one yes, to this decision, for a while, and for one time."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Approval
from tests.support.estate import Estate
from tests.unit.engine.sweeping import Engine, Json


@pytest.fixture(autouse=True)
def firing(estate: Estate) -> None:
    """EdgeDown fires, the edge is down, and a restart needs a yes."""
    estate.settings["remedy_mode"] = "approve"
    estate["hetzner"].hang()
    estate.alertmanager.fire("EdgeDown", {"cluster": "hetzner"})


def waiting(estate: Estate) -> Approval:
    (one,) = estate.ledger.approvals(["waiting"])
    return one


def answer(estate: Estate, approve: bool = True, why: str = "looks right") -> Approval:
    return estate.ledger.decide_approval(waiting(estate).id, approve, "ada", why, estate.ledger.now())


def held(case: Json) -> dict[str, Any]:
    return {verdict["guard"]: verdict["reason"] for verdict in case["gate"] if not verdict["passes"]}


def test_the_plan_waits_and_the_one_who_is_called_is_told_the_command(engine: Engine, estate: Estate) -> None:
    engine.sweep()
    case, asked = estate.case(), waiting(estate)
    assert (case["outcome"], engine.remedies) == ("asked", [])
    assert list(held(case)) == ["approval"]
    assert f"oncall.remedy.approve -e plan={asked.id} -e decision=approve" in case["escalations"][0]["why"]
    assert case["approval"]["id"] == asked.id


def test_a_yes_is_carried_out_once(engine: Engine, estate: Estate) -> None:
    engine.sweep()
    answer(estate)
    engine.sweep()
    case = estate.case()
    assert (case["outcome"], len(engine.remedies)) == ("healed", 1)
    assert case["approval"]["decided_by"] == "ada"
    (used,) = estate.ledger.approvals(["used"])
    assert (used.outcome, used.permit) == ("healed", case["mitigation"]["permit"])


def test_waiting_asks_and_calls_nobody_twice(engine: Engine, estate: Estate) -> None:
    for _sweep in range(3):
        engine.sweep()
        estate.later(400)
    assert waiting(estate)
    assert len(estate.ledger.escalations(estate.case()["id"])) == 1


def test_a_no_is_final_for_this_plan(engine: Engine, estate: Estate) -> None:
    engine.sweep()
    answer(estate, approve=False, why="the pool is being drained")
    engine.sweep()
    case = estate.case()
    assert (case["outcome"], engine.remedies) == ("held", [])
    assert "ada" in held(case)["approval"]
    assert "the pool is being drained" in held(case)["approval"]
    assert estate.ledger.approvals(["waiting"]) == []


def test_a_yes_that_nobody_used_in_time_is_asked_for_anew(engine: Engine, estate: Estate) -> None:
    engine.sweep()
    former = answer(estate)
    estate.later(2 * 3600)
    engine.sweep()
    assert (estate.case()["outcome"], engine.remedies) == ("asked", [])
    assert waiting(estate).id != former.id


def test_a_yes_to_another_decision_is_void_and_asked_for_anew(engine: Engine, estate: Estate) -> None:
    engine.sweep()
    former = answer(estate)
    estate.hosts["hetzner"]["traefik_edge_addresses"] = ["127.0.0.1", "127.0.0.2"]
    estate.settings["remedy_playbooks"] = [str(_with_timeout(estate, "45s"))]
    engine.sweep()
    assert (estate.case()["outcome"], engine.remedies) == ("asked", [])
    assert waiting(estate).id != former.id
    assert [one.id for one in estate.ledger.approvals(["void"])] == [former.id]


def test_a_yes_to_another_decision_does_not_stand_in_the_way_where_none_is_needed_any_more(
    engine: Engine, estate: Estate
) -> None:
    engine.sweep()
    answer(estate)
    estate.settings["remedy_playbooks"] = [str(_with_timeout(estate, "45s"))]
    estate.settings["remedy_mode"] = "act"
    engine.sweep()
    assert (estate.case()["outcome"], len(engine.remedies)) == ("healed", 1)
    assert estate.ledger.approvals(["used"]) == []


def _with_timeout(estate: Estate, timeout: str) -> Any:
    """The runbook as somebody has changed it meanwhile: another plan."""
    from tests.support.estate import RUNBOOKS

    folder = estate.folder / "runbooks"
    folder.mkdir()
    text = (RUNBOOKS / "edge_down.yml").read_text(encoding="utf-8")
    (folder / "edge_down.yml").write_text(text.replace("timeout: 30s", f"timeout: {timeout}"), encoding="utf-8")
    return folder


def test_an_incident_that_resolves_leaves_nothing_to_approve(engine: Engine, estate: Estate) -> None:
    engine.sweep()
    estate["hetzner"].heal()
    estate.alertmanager.alerts.clear()
    estate.later(400)
    engine.sweep()
    assert estate.case()["outcome"] == "resolved"
    assert estate.ledger.approvals(["waiting", "approved"]) == []


def test_what_else_holds_is_not_overruled_by_a_yes(engine: Engine, estate: Estate) -> None:
    engine.sweep()
    answer(estate)
    (estate.folder / "STOP").touch()
    engine.sweep()
    case = estate.case()
    assert (case["outcome"], engine.remedies) == ("held", [])
    assert "kill switch" in held(case)


def test_a_proposal_is_recorded_and_waits_for_nobody(engine: Engine, estate: Estate) -> None:
    estate.settings["remedy_mode"] = "propose"
    engine.sweep()
    (one,) = estate.ledger.approvals(["proposed"])
    assert (one.kind, one.target, estate.case()["outcome"]) == ("proposal", "hetzner", "proposed")
