# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What becomes of an incident from one sweep to the next: identity, escalation, waiting, resolving."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.estate import Estate
from tests.unit.engine.sweeping import Engine

LATER = 3600.0


def firing(estate: Estate, name: str = "EdgeDown", **labels: str) -> dict[str, Any]:
    """An alert of the target ``hetzner``, whose edge is down."""
    estate["hetzner"].hang()
    return estate.alertmanager.fire(name, {"cluster": "hetzner", **labels})


def test_a_firing_alert_is_mended_verified_and_closed(engine: Engine, estate: Estate) -> None:
    firing(estate)
    swept = engine.sweep()
    case = estate.case("hetzner")
    assert (case["outcome"], case["runbook"], case["closed_at"] > 0) == ("healed", "edge_down", True)
    assert swept.closed["outcomes"] == {"healed": 1}
    assert estate.ledger.episodes() == []
    assert [page.name.split(".")[:2] for page in estate.pages()] == [["edge_down", "hetzner"]]


def test_the_echo_of_a_healed_alert_opens_nothing(engine: Engine, estate: Estate) -> None:
    firing(estate)
    engine.sweep()
    swept = engine.sweep()
    assert swept.closed["outcomes"] == {}
    assert len(estate.cases()) == 1


def test_an_alert_that_fires_on_beyond_the_echo_is_a_new_incident_and_the_cooldown_holds(
    engine: Engine, estate: Estate
) -> None:
    firing(estate)
    engine.sweep()
    estate["hetzner"].hang()
    estate.later(600)
    engine.sweep()
    newest, first = estate.cases()
    assert first["outcome"] == "healed"
    assert newest["outcome"] == "held"
    holding = [verdict["guard"] for verdict in newest["gate"] if not verdict["passes"]]
    assert holding == ["cooldown", "approval"]  # the heal did not hold: the next one needs a human's yes
    assert len(engine.remedies) == 1


UNUSABLE = {
    "without a playbook": ({"name": "NobodyKnowsMe"}, "no playbook handles NobodyKnowsMe"),
    "with a label that names no target": ({"cluster": "nowhere"}, "label cluster names no host of the inventory"),
    "with an input that is missing": ({"name": "JobDown"}, "needs job: the label job is missing"),
}


@pytest.mark.parametrize(("labels", "reason"), UNUSABLE.values(), ids=UNUSABLE)
def test_an_alert_that_no_runbook_can_be_followed_for_is_escalated_once(
    engine: Engine, estate: Estate, labels: dict[str, str], reason: str
) -> None:
    firing(estate, **labels)
    engine.sweep()
    estate.later(LATER)
    engine.sweep()
    case = estate.case()
    assert case["outcome"] == "escalated"
    assert reason in case["headline"]
    assert len(estate.ledger.escalations(case["id"])) == 1
    assert len(estate.pages()) == 1
    assert engine.remedies == []


def test_an_alert_that_cannot_be_handled_goes_to_whom_the_inventory_names(engine: Engine, estate: Estate) -> None:
    estate.hosts["hetzner"]["remedy_escalation"] = "hetzner's own"
    firing(estate, "NobodyKnowsMe")
    firing(estate, cluster="nowhere")
    engine.sweep()
    called = {case["target"]: case["escalations"][0]["to"] for case in estate.cases()}
    assert called == {"hetzner": "hetzner's own", "": "platform"}


def test_a_source_without_a_default_target_escalates_an_alert_that_names_none(engine: Engine, estate: Estate) -> None:
    estate["hetzner"].hang()
    estate.settings["remedy_sources"][0]["default_target"] = ""
    estate.alertmanager.fire("EdgeDown")
    engine.sweep()
    assert "no usable default_target" in estate.case()["headline"]


def test_an_alert_without_the_label_belongs_to_the_default_target(engine: Engine, estate: Estate) -> None:
    estate["hetzner"].hang()
    estate.alertmanager.fire("EdgeDown")
    engine.sweep()
    assert estate.case()["target"] == "hetzner"


@pytest.mark.parametrize(
    "name", ["all", "~.*", "hetzner:other", "localhost", "*", "all:!x", "hetzner,", " hetzner", "ungrouped"]
)
def test_no_label_widens_the_target(engine: Engine, estate: Estate, name: str) -> None:
    firing(estate, cluster=name)
    swept = engine.sweep()
    assert swept.assessed["mend"] == []
    assert (estate.case()["outcome"], estate.case()["target"]) == ("escalated", "")


def test_an_alert_that_is_not_the_engines_is_left_alone(engine: Engine, estate: Estate) -> None:
    firing(estate, "Watchdog")
    engine.sweep()
    assert estate.cases() == []


def test_two_alerts_that_mean_the_same_are_one_incident(engine: Engine, estate: Estate) -> None:
    firing(estate, replica="a")
    firing(estate, replica="b")
    engine.sweep()
    assert len(estate.cases()) == 1
    assert len(engine.remedies) == 1


def test_two_incidents_of_one_target_are_mended_one_after_the_other(engine: Engine, estate: Estate) -> None:
    estate["hetzner"].mislabel_the_monitor()
    firing(estate)
    estate.alertmanager.fire("MonitorWrong", {"cluster": "hetzner"})
    engine.sweep()
    outcomes = sorted(case["outcome"] for case in estate.cases())
    assert outcomes == ["healed", "held"]
    assert len(engine.remedies) == 1


def test_a_playbook_that_is_written_meanwhile_is_followed_in_the_same_incident(engine: Engine, estate: Estate) -> None:
    firing(estate)
    playbooks = estate.settings.pop("remedy_playbooks")
    engine.sweep()
    assert estate.case()["outcome"] == "escalated"
    estate.settings["remedy_playbooks"] = playbooks
    estate.later(LATER)
    engine.sweep()
    assert (estate.case()["outcome"], estate.case()["runbook"]) == ("healed", "edge_down")


def test_a_runbook_asks_for_a_second_look_before_it_calls_anybody(engine: Engine, estate: Estate) -> None:
    firing(estate, "JobDown", job="node")
    engine.sweep()
    assert (estate.case()["outcome"], estate.case()["escalations"]) == ("waiting", [])
    engine.sweep()
    assert estate.case()["outcome"] == "waiting"
    estate.later(LATER)
    engine.sweep()
    assert estate.case()["outcome"] == "proposed"
    assert [one["to"] for one in estate.case()["escalations"]] == ["platform"]


def test_what_is_not_due_is_not_looked_at(engine: Engine, estate: Estate) -> None:
    firing(estate, "NodeDown")
    engine.sweep()
    asked = len(estate["hetzner"].api.requests)
    engine.sweep()
    assert len(estate["hetzner"].api.requests) == asked


def test_an_incident_whose_alert_both_witnesses_miss_is_resolved_without_a_write(
    engine: Engine, estate: Estate
) -> None:
    estate.hosts["hetzner"]["remedy_mode"] = "propose"
    firing(estate)
    engine.sweep()
    estate.alertmanager.alerts.clear()
    estate.later(LATER)
    engine.sweep()
    case = estate.case()
    assert (case["outcome"], case["mitigation"]) == ("resolved", None)
    assert estate.writes() == []


def test_an_alertmanager_that_has_restarted_empty_resolves_nothing_while_prometheus_says_firing(
    engine: Engine, estate: Estate
) -> None:
    estate.hosts["hetzner"]["remedy_mode"] = "propose"
    alert = firing(estate)
    engine.sweep()
    estate.alertmanager.alerts.clear()
    external = {"cluster"}
    estate["hetzner"].firing = [{name: value for name, value in alert["labels"].items() if name not in external}]
    estate.later(LATER)
    engine.sweep()
    assert estate.case()["outcome"] == "proposed"


def test_an_alertmanager_that_lists_nothing_resolves_nothing_while_prometheus_is_silent(
    engine: Engine, estate: Estate
) -> None:
    estate.hosts["hetzner"]["remedy_mode"] = "propose"
    firing(estate)
    engine.sweep()
    estate.alertmanager.alerts.clear()
    estate["hetzner"].prometheus = "ill"
    estate.hosts["hetzner"]["remedy_mode"] = "act"
    estate.later(LATER)
    engine.sweep()
    case = estate.case()
    held = {verdict["guard"]: verdict["reason"] for verdict in case["gate"] if not verdict["passes"]}
    assert (case["outcome"], engine.remedies) == ("held", [])
    assert "cannot be told" in held["still firing"]


def test_the_same_alert_of_somebody_else_does_not_keep_an_incident_open(engine: Engine, estate: Estate) -> None:
    estate.hosts["hetzner"]["remedy_mode"] = "propose"
    alert = firing(estate, instance="one")
    engine.sweep()
    estate.alertmanager.alerts.clear()
    estate["hetzner"].firing = [{**alert["labels"], "instance": "another"}]
    estate.later(LATER)
    engine.sweep()
    assert estate.case()["outcome"] == "resolved"


def test_nothing_is_resolved_or_mended_while_both_witnesses_are_silent(engine: Engine, estate: Estate) -> None:
    estate.hosts["hetzner"]["remedy_mode"] = "propose"
    firing(estate)
    engine.sweep()
    estate.hosts["hetzner"]["remedy_mode"] = "act"
    estate.alertmanager.condition = "resets"
    estate["hetzner"].prometheus = "resets"
    estate.later(LATER)
    engine.sweep()
    assert estate.case()["outcome"] == "held"
    assert engine.remedies == []


def test_an_alert_that_resolves_while_the_evidence_is_gathered_is_not_mended(engine: Engine, estate: Estate) -> None:
    firing(estate)
    estate.alertmanager.from_the_second_time([])
    engine.sweep()
    case = estate.case()
    held = {verdict["guard"]: verdict["reason"] for verdict in case["gate"] if not verdict["passes"]}
    assert (case["outcome"], case["escalations"]) == ("held", [])
    assert "does not list it" in held["still firing"]
    assert engine.remedies == []


def test_an_alert_that_is_silenced_while_the_evidence_is_gathered_is_not_mended(engine: Engine, estate: Estate) -> None:
    alert = firing(estate)
    status = {**alert["status"], "state": "suppressed", "silencedBy": ["somebody's"]}
    estate.alertmanager.silences.append({"id": "somebody's", "createdBy": "alice"})
    estate.alertmanager.from_the_second_time([{**alert, "status": status}])
    engine.sweep()
    held = [verdict["guard"] for verdict in estate.case()["gate"] if not verdict["passes"]]
    assert held == ["not silenced"]
    assert engine.remedies == []


def test_a_silenced_alert_opens_nothing_and_holds_what_is_open(engine: Engine, estate: Estate) -> None:
    alert = firing(estate)
    estate.alertmanager.silence(alert, created_by="alice")
    engine.sweep()
    assert estate.cases() == []
    alert["status"] = {"state": "active", "silencedBy": [], "inhibitedBy": []}
    estate.hosts["hetzner"]["remedy_mode"] = "propose"
    engine.sweep()
    estate.hosts["hetzner"]["remedy_mode"] = "act"
    estate.alertmanager.silence(alert, created_by="alice")
    estate.later(LATER)
    engine.sweep()
    assert estate.case()["outcome"] == "held"
    assert engine.remedies == []


def test_the_engines_own_silence_does_not_hide_an_alert_from_it(engine: Engine, estate: Estate) -> None:
    estate.alertmanager.silence(firing(estate), created_by="oncall.remedy/4711")
    engine.sweep()
    assert estate.case()["outcome"] == "healed"


def test_an_inhibited_alert_opens_nothing(engine: Engine, estate: Estate) -> None:
    firing(estate)["status"] = {"state": "suppressed", "silencedBy": [], "inhibitedBy": ["another"]}
    engine.sweep()
    assert estate.cases() == []


def test_a_mitigation_that_eases_and_does_not_cure_leaves_the_incident_with_a_human(
    engine: Engine, estate: Estate
) -> None:
    firing(estate, "Noisy")
    engine.sweep()
    case = estate.case()
    assert (case["outcome"], case["verification"]) == ("escalated", None)
    assert "does not cure" in case["escalations"][0]["why"]
    assert case["due_at"] > 0


def test_a_target_that_is_only_observed_shows_what_would_follow(engine: Engine, estate: Estate) -> None:
    estate.hosts["hetzner"]["remedy_mode"] = "observe"
    firing(estate)
    engine.sweep()
    assert (estate.case()["outcome"], estate.case()["escalations"], engine.remedies) == ("observed", [], [])


def test_the_kill_switch_holds_everything_and_calls_a_human(engine: Engine, estate: Estate) -> None:
    (estate.folder / "STOP").touch()
    firing(estate)
    engine.sweep()
    assert (estate.case()["outcome"], len(estate.case()["escalations"])) == ("held", 1)
    assert engine.remedies == []


def test_each_case_knows_its_alert_its_evidence_and_its_way(engine: Engine, estate: Estate) -> None:
    alert = firing(estate)
    engine.sweep()
    case = estate.case()
    assert case["alert"]["fingerprint"] == alert["fingerprint"]
    assert {one["name"]: one["state"] for one in case["evidence"]} == {"workload": "ok", "edge": "ok", "healthy": "ok"}
    assert case["chart"]["series"]
    assert [line["stage"] for line in case["timeline"]] == ["discover", "assess", "mend", "mend", "close"]
