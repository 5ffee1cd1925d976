# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What goes wrong in one incident, or in the engine itself: it reaches a human, and costs no other anything."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from ansible import constants

from ansible_collections.oncall.remedy.plugins.plugin_utils.stages import close
from tests.support.estate import RUNBOOKS, Estate
from tests.unit.engine.sweeping import Died, Engine, Json, Lost


@pytest.fixture
def estate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Estate]:
    """Two targets whose edge is down; alerts fire for both."""
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path / "run"))
    with Estate(tmp_path, "sick", "well") as made:
        made.settings["remedy_linger"] = "3s"
        for name in made.clusters:
            made[name].hang()
            made.alertmanager.fire("EdgeDown", {"cluster": name})
        yield made


def others_are_healed(estate: Estate) -> bool:
    return bool(estate.case("well")["outcome"] == "healed")


def test_a_remedy_that_fails_ends_at_a_human_with_its_own_words(engine: Engine, estate: Estate) -> None:
    def remedy(target: str, permit: Json) -> Json:
        if target == "sick":
            raise RuntimeError("the API server declined")
        return engine.heal(target, permit)

    engine.remedy = remedy
    engine.sweep()
    case = estate.case("sick")
    assert (case["outcome"], case["mitigation"]["outcome"]) == ("failed", "failed")
    assert "the API server declined" in case["escalations"][0]["why"]
    assert others_are_healed(estate)
    estate.later(48 * 3600)
    engine.sweep()
    assert [target for target, _ in engine.remedies].count("sick") == 1


def test_a_target_that_vanishes_in_its_remedy_is_told_at_once_and_ends_as_interrupted(
    engine: Engine, estate: Estate
) -> None:
    def remedy(target: str, permit: Json) -> Json:
        if target == "sick":
            raise Lost
        return engine.heal(target, permit)

    engine.remedy = remedy
    engine.sweep()
    case = estate.case("sick")
    assert (case["outcome"], case["mitigation"]["outcome"]) == ("interrupted", "interrupted")
    assert "lost in the middle" in case["escalations"][0]["why"]
    assert others_are_healed(estate)


def test_a_vanished_target_that_is_well_again_is_healed_and_still_told(engine: Engine, estate: Estate) -> None:
    def remedy(target: str, permit: Json) -> Json:
        engine.heal(target, permit)
        if target == "sick":
            raise Lost
        return {"changed": True}

    engine.remedy = remedy
    engine.sweep()
    case = estate.case("sick")
    assert (case["outcome"], case["mitigation"]["outcome"]) == ("healed", "interrupted")
    assert [one["to"] for one in case["escalations"]] == ["platform"]


def test_a_credential_that_the_inventory_does_not_have_fails_that_remedy_alone(engine: Engine, estate: Estate) -> None:
    estate.hosts["sick"]["remedy_credentials"] = {}
    engine.sweep()
    case = estate.case("sick")
    assert case["outcome"] == "failed"
    assert "remedy_credentials.rollout_restart" in case["escalations"][0]["why"]
    assert others_are_healed(estate)


def test_an_issuer_that_declines_fails_that_remedy_alone(engine: Engine, estate: Estate) -> None:
    issuer = estate.hosts["sick"]["remedy_credentials"]["rollout_restart"]["kubernetes_token"]["issuer"]
    Path(issuer).write_text(Path(issuer).read_text().replace(estate["sick"].issuer_token, "stolen"))
    engine.sweep()
    assert "403" in estate.case("sick")["escalations"][0]["why"]
    assert others_are_healed(estate)


def test_an_inventory_that_lacks_a_param_is_escalated_for_that_target_alone(engine: Engine, estate: Estate) -> None:
    del estate.hosts["sick"]["traefik_edge_url"]
    engine.sweep()
    case = estate.case("sick")
    assert case["outcome"] == "escalated"
    assert "traefik_edge_url" in case["headline"]
    assert others_are_healed(estate)


def test_a_target_without_an_endpoint_is_undecided(engine: Engine, estate: Estate) -> None:
    del estate.hosts["sick"]["remedy_endpoints"]["kubernetes"]
    engine.sweep()
    assert estate.case("sick")["outcome"] == "undecided"
    assert "remedy_endpoints.kubernetes" in estate.case("sick")["headline"]
    assert others_are_healed(estate)


def test_a_witness_that_hangs_is_silent_by_the_deadline_and_holds_up_nobody(engine: Engine, estate: Estate) -> None:
    estate.settings["remedy_probe_deadline"] = "1s"
    estate["sick"].hangs_at = "GET"
    engine.sweep()
    assert estate.case("sick")["outcome"] == "undecided"
    assert others_are_healed(estate)


def written(estate: Estate, **changes: object) -> None:
    """Puts a runbook for the alert Special beside the others: EdgeDown's with some members replaced."""
    plays = yaml.safe_load((RUNBOOKS / "edge_down.yml").read_text())
    plays[0]["vars"]["runbook"].update({"alerts": ["Special"], **changes})
    folder = estate.folder / "runbooks"
    folder.mkdir()
    (folder / "special.yml").write_text(yaml.safe_dump(plays))
    estate.settings["remedy_playbooks"].append(str(folder))
    estate.alertmanager.alerts = [one for one in estate.alertmanager.alerts if one["labels"]["cluster"] != "sick"]


def test_a_runbook_that_is_at_fault_over_its_evidence_is_escalated(engine: Engine, estate: Estate) -> None:
    findings = [{"name": "x", "when": ["edge.nonsense > 0"], "because": "x", "escalate": "platform"}]
    written(estate, findings=findings)
    estate.alertmanager.fire("Special", {"cluster": "sick"})
    engine.sweep()
    assert estate.case("sick")["outcome"] == "escalated"
    assert "nonsense" in estate.case("sick")["headline"]
    assert others_are_healed(estate)


def test_a_runbook_that_cannot_be_read_is_escalated(engine: Engine, estate: Estate) -> None:
    written(estate, findings=[{"name": "x", "when": ["("], "because": "x", "escalate": "platform"}])
    estate.alertmanager.fire("Special", {"cluster": "sick"})
    engine.sweep()
    assert estate.case("sick")["outcome"] == "escalated"
    assert "special.yml" in estate.case("sick")["headline"]
    assert others_are_healed(estate)


def test_a_draft_is_not_followed(engine: Engine, estate: Estate) -> None:
    written(estate, draft=True)
    estate.alertmanager.fire("Special", {"cluster": "sick"})
    engine.sweep()
    assert "is a draft" in estate.case("sick")["headline"]
    assert estate["sick"].api.requests == []


def test_a_plan_that_the_ledger_refuses_costs_no_other_its_permit(engine: Engine, estate: Estate) -> None:
    mitigations = yaml.safe_load((RUNBOOKS / "edge_down.yml").read_text())[0]["vars"]["runbook"]["mitigations"]
    mitigations["restart"]["with"] = {"args": "{{ workload.args }}"}
    written(estate, mitigations=mitigations)
    estate["sick"].daemonset["spec"]["template"]["spec"]["containers"][0]["args"].append("--dns.password=hunter22")
    estate.alertmanager.fire("Special", {"cluster": "sick"})
    engine.sweep()
    case = estate.case("sick")
    assert (case["outcome"], len(case["escalations"])) == ("held", 1)
    assert "looks like a secret" in case["escalations"][0]["why"]
    assert "hunter22" not in estate.ledger_file.read_bytes().decode(errors="replace")
    assert others_are_healed(estate)


def test_a_page_that_cannot_be_written_costs_nothing_else(engine: Engine, estate: Estate) -> None:
    (estate.folder / "cases").write_text("a file stands in the way")
    engine.sweep()
    assert {case["outcome"] for case in estate.cases()} == {"healed"}


def test_what_the_engine_did_not_come_to_because_it_failed_is_escalated(engine: Engine, estate: Estate) -> None:
    discovered = engine.act("discover", {})
    closed = engine.act("close", {"sweep": discovered, "fault": "assess: it fell over"})
    assert closed["failed"]
    assert {case["outcome"] for case in estate.cases()} == {"failed"}
    assert all("it fell over" in case["escalations"][0]["why"] for case in estate.cases())
    estate.later(60)
    engine.sweep()
    assert {case["outcome"] for case in estate.cases()} == {"healed"}


def test_the_next_sweep_takes_over_from_one_that_has_died(
    engine: Engine, estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = subprocess.Popen(["sleep", "600"])

    def dying(target: str, permit: Json) -> Json:
        engine.heal(target, permit)
        raise Died

    engine.remedy = dying
    with monkeypatch.context() as patched:
        patched.setattr(os, "getppid", lambda: run.pid)
        with pytest.raises(Died):
            engine.sweep()
    run.kill()
    run.wait()
    monkeypatch.setattr(close, "WRITE_SECONDS", 0.0)
    engine.remedy = engine.heal
    estate.later(1)
    engine.sweep()
    assert {case["outcome"] for case in estate.cases()} == {"healed"}
    assert sorted(target for target, _ in engine.remedies) == ["sick", "well"]
    assert all(len(estate.ledger.mitigations(case["id"])) <= 2 for case in estate.cases())


def test_what_a_living_sweep_works_on_is_left_to_it(
    engine: Engine, estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    discovered = engine.act("discover", {})
    with monkeypatch.context() as patched:
        patched.setattr(constants, "DEFAULT_LOCAL_TMP", str(estate.folder / "another run"))
        other = engine.sweep()
    assert (other.closed["outcomes"], engine.remedies) == ({}, [])
    for target in engine.act("assess", {"sweep": discovered})["mend"]:
        engine.mend(target, discovered)
    assert engine.act("close", {"sweep": discovered})["outcomes"] == {"healed": 2}
