# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hostile texts through a real run, where Ansible itself could take them for more than data.

The same 300 alerts go through every stage in tests/hostile, where more is looked at.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.hostile.aftermath import TARGETS, besieged
from tests.hostile.planted import found_in
from tests.support import awx
from tests.support.estate import RUNBOOKS, Estate
from tests.unit.escalation.desk import Desk


def test_three_hundred_hostile_alerts_execute_nothing_and_cost_no_other_incident_anything(tmp_path: Path) -> None:
    desks = tmp_path / "desks"
    desks.mkdir()
    with besieged(tmp_path) as estate, Desk(desks) as desk:
        estate.settings["remedy_channels"] = desk.channels
        estate.settings["remedy_escalations"] = {"platform": [{"to": sorted(desk.channels)}]}
        estate.settings["remedy_metrics"] = {"textfile": str(tmp_path / "state" / "remedy.prom")}

        run = estate.sweep("-vvv").ended_well()

        assert_unharmed(estate)
        played = {
            line.split("[")[1].split("]")[0]
            for line in run.output.splitlines()
            if line.startswith(("ok: [", "changed: ["))
        }
        assert {"localhost", "other"} <= played <= {"localhost", "other", "other -> localhost"}
        received = [one for each in (desk.pager, desk.chat, desk.hook, desk.mail) for one in each.arrivals.all]
        assert len(received) > 100
        assert [one for one in received if not one["accepted"]] == []
        assert (tmp_path / "state" / "remedy.prom").is_file()
        left = [estate.folder / name for name in ("state", "cases", ".ansible", "desks")]
        assert found_in(left, [run.output, *map(json.dumps, received)]) == []
        assert "(redacted)" in run.output


def test_through_ansible_runner_no_secret_of_an_alert_is_in_what_awx_would_keep(tmp_path: Path) -> None:
    with besieged(tmp_path) as estate:
        root = awx.private_data(estate)

        run = awx.run(root, "playbooks/remediate.yml").ended_well()

        assert_unharmed(estate)
        left = [root / "artifacts", *(estate.folder / name for name in ("state", "cases", ".ansible"))]
        assert sum(1 for _path in (root / "artifacts").rglob("*")) > 20
        assert found_in(left, [run.output]) == []
        assert "(redacted)" in run.output


def test_what_a_human_says_to_a_plan_that_waits_is_kept_to_the_letter_and_not_executed(estate: Estate) -> None:
    canary = estate.folder / "canary"
    estate.settings["remedy_mode"] = "approve"
    estate["hetzner"].hang()
    estate.alertmanager.fire("EdgeDown", {"cluster": "hetzner"})
    estate.sweep().ended_well()
    (asked,) = estate.ledger.approvals(("waiting",))
    said = "{{ lookup('ansible.builtin.pipe', 'touch " + str(canary) + "') }}"
    given = json.dumps({"plan": asked.id, "decision": "approve", "who": "{{ 7 * 7 }}", "why": said})

    estate.sweep("-e", given, playbook="oncall.remedy.approve").ended_well()

    answered = estate.ledger.find_approval(asked.id)
    assert (answered.state, answered.decided_by, answered.decided_why) == ("approved", "{{ 7 * 7 }}", said)
    assert not canary.exists()
    assert estate.writes() == []


def assert_unharmed(estate: Estate) -> None:
    """The one incident that is real was mended, nothing else was touched, and no text was executed."""
    assert not (estate.folder / "canary").exists()
    assert estate.case("other")["outcome"] == "healed"
    assert len(estate["other"].patches()) == 1
    assert [estate[target].writes() for target in TARGETS if target != "other"] == [[], [], []]


@pytest.mark.parametrize("form", ["json", "file", "pair"])
def test_what_an_operator_passes_on_from_an_alert_is_not_executed(estate: Estate, form: str) -> None:
    canary = estate.folder / "canary"
    estate["hetzner"].scraped = False
    text = "{{ lookup('ansible.builtin.pipe', 'touch " + str(canary) + "') }}"
    given = json.dumps({"target": "hetzner", "inputs": {"job": text, "note": text}})
    (estate.folder / "extra.json").write_text(given)
    arguments = {
        "json": ["-e", given],
        "file": ["-e", f"@{estate.folder}/extra.json"],
        "pair": ["-e", "target=hetzner", "-e", "inputs=" + json.dumps(json.dumps({"job": text, "note": text}))],
    }[form]
    estate.sweep(*arguments, playbook=str(RUNBOOKS / "job_down.yml")).ended_well()
    assert estate.case()["inputs"] == {"job": text, "note": text}
    assert estate.case()["outcome"] == "waiting"
    assert not canary.exists()
