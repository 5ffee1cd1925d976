# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether it helped: seen through the runbook's own sensors, for as long as it must hold, over one sweep or several."""

from __future__ import annotations

import pytest

from tests.support.estate import Estate
from tests.unit.engine.sweeping import Engine, Json


@pytest.fixture(autouse=True)
def firing(estate: Estate) -> None:
    """EdgeDown fires, and the edge is down."""
    estate["hetzner"].hang()
    estate.alertmanager.fire("EdgeDown", {"cluster": "hetzner"})


def useless(_target: str, _remedy: Json) -> Json:
    return {"changed": True, "msg": "restarted"}


def test_what_does_not_help_is_told_to_a_human_and_not_repeated(engine: Engine, estate: Estate) -> None:
    engine.remedy = useless
    engine.sweep()
    case = estate.case()
    assert (case["outcome"], case["closed_at"]) == ("not_healed", 0)
    assert "edge.silent == 0" in case["escalations"][0]["why"]
    estate.later(48 * 3600)
    engine.sweep()
    assert len(engine.remedies) == 1
    held = {verdict["guard"]: verdict["reason"] for verdict in estate.case()["gate"] if not verdict["passes"]}
    assert "not tried" in held
    assert len(estate.ledger.escalations(case["id"])) == 1


def test_a_flapping_condition_begins_the_proof_anew(engine: Engine, estate: Estate) -> None:
    def flapping(target: str, remedy: Json) -> Json:
        cluster = estate[target]
        cluster.edge_script.extend([True, False, True, False])
        cluster.edge.requests.clear()
        return engine.heal(target, remedy)

    engine.remedy = flapping
    engine.sweep()
    assert estate.case()["outcome"] == "healed"
    looks = len(estate["hetzner"].edge.requests)
    assert looks >= 4 + 3
    verification = estate.case()["verification"]
    assert verification["ended_at"] - verification["held_since"] >= 0.2


def test_a_sensor_that_falls_silent_cannot_tell(engine: Engine, estate: Estate) -> None:
    def blinding(target: str, remedy: Json) -> Json:
        estate[target].prometheus = "resets"
        return engine.heal(target, remedy)

    engine.remedy = blinding
    engine.sweep()
    case = estate.case()
    assert case["outcome"] == "cannot_tell"
    assert "healthy is unknown" in case["escalations"][0]["why"]


def test_a_sensor_that_is_silent_for_a_moment_only_delays(engine: Engine, estate: Estate) -> None:
    def blinking(target: str, remedy: Json) -> Json:
        estate[target].edge_script.extend([False, False, False])
        return engine.heal(target, remedy)

    engine.remedy = blinking
    engine.sweep()
    assert estate.case()["outcome"] == "healed"


def test_without_time_to_linger_a_later_sweep_goes_on(engine: Engine, estate: Estate) -> None:
    estate.settings["remedy_linger"] = 0
    engine.sweep()
    pending = estate.case()
    assert (pending["outcome"], pending["closed_at"]) == ("waiting", 0)
    assert pending["verification"]["outcome"] == "pending"
    estate.settings["remedy_linger"] = "3s"
    estate.later(60)
    engine.sweep()
    case = estate.case()
    assert (case["outcome"], len(engine.remedies)) == ("healed", 1)
    assert case["verification"]["held_since"] == pending["verification"]["held_since"]


def test_a_first_look_that_comes_late_gives_what_holds_the_time_to_prove_itself(engine: Engine, estate: Estate) -> None:
    estate.settings["remedy_linger"] = 0
    estate["hetzner"].edge_script.extend([False] * 2)
    engine.sweep()
    assert estate.case()["verification"]["held_since"] == 0
    estate.later(3600)
    engine.sweep()
    assert estate.case()["outcome"] == "waiting"
    estate.settings["remedy_linger"] = "3s"
    estate.later(3600)
    engine.sweep()
    assert estate.case()["outcome"] == "healed"


def test_while_it_is_verified_nobody_else_may_change_the_target(engine: Engine, estate: Estate) -> None:
    estate.settings["remedy_linger"] = 0
    engine.sweep()
    estate["hetzner"].mislabel_the_monitor()
    estate.alertmanager.fire("MonitorWrong", {"cluster": "hetzner"})
    engine.sweep()
    other = next(case for case in estate.cases() if case["alertname"] == "MonitorWrong")
    assert [verdict["guard"] for verdict in other["gate"] if not verdict["passes"]] == ["lease"]


def test_a_runbook_that_is_gone_when_it_is_to_be_verified_leaves_it_to_a_human(engine: Engine, estate: Estate) -> None:
    estate.settings["remedy_linger"] = 0
    engine.sweep()
    del estate.settings["remedy_playbooks"]
    estate.later(60)
    engine.sweep()
    case = estate.case()
    assert case["outcome"] == "cannot_tell"
    assert "no playbook handles EdgeDown" in case["escalations"][0]["why"]
    assert "nothing was changed" not in f"{case['headline']} {case['next']}".lower()
