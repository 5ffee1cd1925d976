# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An operator's run: one runbook, one target, with and without an alert; and what an operator may not give."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible.template import trust_as_template
from ansible.utils.vars import load_extra_vars

from tests.support.estate import Estate
from tests.unit.engine.sweeping import Engine, Json

EDGE: Json = {"alerts": ["EdgeDown"]}
JOB: Json = {"alerts": ["JobDown"]}


def narrowed(engine: Engine, arguments: Json, **extra: Any) -> Json:
    """What the role ``runbook`` hands to the sweep."""
    engine.extra = extra
    only: Json = engine.act("runbook", arguments)["only"]
    engine.extra = {}
    return only


def test_without_an_alert_the_same_runbook_mends_the_same_target(engine: Engine, estate: Estate) -> None:
    estate["hetzner"].hang()
    engine.sweep(narrowed(engine, EDGE, target="hetzner"))
    case = estate.case()
    assert (case["outcome"], case["origin"], case["alert"]) == ("healed", "operator", None)


def test_where_nothing_is_wrong_an_operator_is_told_so_and_nobody_is_called(engine: Engine, estate: Estate) -> None:
    engine.sweep(narrowed(engine, EDGE, target="hetzner"))
    case = estate.case()
    assert (case["outcome"], case["escalations"], case["closed_at"] > 0) == ("observed", [], True)


def test_an_operator_works_on_the_alerts_incident_where_there_is_one_due_or_not(engine: Engine, estate: Estate) -> None:
    estate.hosts["hetzner"]["remedy_mode"] = "propose"
    estate["hetzner"].hang()
    estate.alertmanager.fire("EdgeDown", {"cluster": "hetzner"})
    engine.sweep()
    estate.hosts["hetzner"]["remedy_mode"] = "act"
    engine.sweep(narrowed(engine, EDGE, target="hetzner"))
    assert (estate.case()["outcome"], estate.case()["origin"]) == ("healed", "alert")


def test_a_run_without_a_target_is_narrowed_to_the_runbook(engine: Engine, estate: Estate) -> None:
    estate["hetzner"].hang()
    estate.alertmanager.fire("EdgeDown", {"cluster": "hetzner"})
    estate.alertmanager.fire("NodeDown", {"cluster": "hetzner"})
    engine.sweep(narrowed(engine, EDGE))
    assert [case["alertname"] for case in estate.cases()] == ["EdgeDown"]


def test_two_runs_with_different_inputs_are_two_incidents(engine: Engine, estate: Estate) -> None:
    estate["hetzner"].hang()
    engine.sweep(narrowed(engine, JOB, target="hetzner", inputs={"job": "one"}))
    engine.sweep(narrowed(engine, JOB, target="hetzner", inputs={"job": "two"}))
    assert sorted(case["inputs"]["job"] for case in estate.cases()) == ["one", "two"]


def test_inputs_may_be_given_as_json_text(engine: Engine) -> None:
    assert narrowed(engine, JOB, target="hetzner", inputs='{"job": "one"}')["inputs"]["job"] == "one"


TARGETS = [
    "all",
    "*",
    "~.*",
    "hetzner:other",
    "hetzner,other",
    "localhost",
    "all:!x",
    " hetzner",
    "HETZNER",
    "ungrouped",
]


@pytest.mark.parametrize("target", [*TARGETS, ["hetzner"], {"a": 1}, 1, True])
def test_a_target_that_is_not_to_the_letter_one_host_is_refused(engine: Engine, target: Any) -> None:
    with pytest.raises(AnsibleActionFail, match="not, to the letter"):
        narrowed(engine, EDGE, target=target)


def test_inputs_may_be_given_by_their_own_names_on_the_command_line(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = "{{ lookup('pipe', 'id') }}"
    command_line = {"job": "one", "else": "two", "target": hostile}
    monkeypatch.setattr(load_extra_vars, "extra_vars", command_line, raising=False)
    assert narrowed(engine, JOB, target="hetzner")["inputs"]["job"] == "one"
    assert narrowed(engine, JOB, target="hetzner", inputs={"job": "two"})["inputs"]["job"] == "two"
    command_line["job"] = trust_as_template(hostile)
    assert narrowed(engine, JOB, target="hetzner")["inputs"]["job"] == hostile


def test_a_variable_of_the_inventory_is_no_input(engine: Engine) -> None:
    with pytest.raises(AnsibleActionFail, match="needs job"):
        narrowed(engine, JOB, target="hetzner", job="one")


@pytest.mark.parametrize("inputs", [[], "x", 1, "[1]", {"job": ["x"]}, {"nonsense": "x"}, {"job": ""}, {}])
def test_inputs_that_are_not_the_runbooks_are_refused(engine: Engine, inputs: Any) -> None:
    with pytest.raises(AnsibleActionFail):
        narrowed(engine, JOB, target="hetzner", inputs=inputs)


def test_a_template_in_what_the_operator_gives_is_not_rendered(engine: Engine, estate: Estate) -> None:
    canary = estate.folder / "canary"
    template = trust_as_template("{{ lookup('ansible.builtin.pipe', 'touch " + str(canary) + "') }}")
    with pytest.raises(AnsibleActionFail, match="not, to the letter"):
        narrowed(engine, EDGE, target=template)
    only = narrowed(engine, JOB, target="hetzner", inputs={"job": template, "note": template})
    assert only["inputs"]["job"] == str(template)
    assert not canary.exists()


def test_an_alert_without_a_runbook_is_named(engine: Engine) -> None:
    with pytest.raises(AnsibleActionFail, match="no runbook handles Nonsense"):
        narrowed(engine, {"alerts": ["Nonsense"]}, target="hetzner")
