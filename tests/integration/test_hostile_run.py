# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hostile texts through a real run, where Ansible itself could take them for more than data.

The whole corpus goes through every stage in tests/hostile; here are the kinds that Ansible would execute.
"""

from __future__ import annotations

import json

import pytest

from tests.hostile.alerts import fire_everywhere, nonsense
from tests.hostile.corpus import samples
from tests.integration.conftest import Build
from tests.support.estate import RUNBOOKS, Estate


def test_hostile_alerts_execute_nothing_and_cost_no_other_incident_anything(build: Build) -> None:
    estate = build("hetzner", "other")
    canary = estate.folder / "canary"
    estate["hetzner"].scraped = False
    estate["other"].hang()
    estate.alertmanager.alerts += nonsense()
    for number, sample in enumerate([*samples("templates"), *samples("commands")]):
        fire_everywhere(estate.alertmanager, number, sample.text(canary))
    estate.alertmanager.fire("EdgeDown", {"cluster": "other"})

    run = estate.sweep("-vvv").ended_well()

    assert not canary.exists()
    assert estate.case("other")["outcome"] == "healed"
    assert estate["hetzner"].writes() == []
    assert len(estate["other"].patches()) == 1
    played = {
        line.split("[")[1].split("]")[0] for line in run.output.splitlines() if line.startswith(("ok: [", "changed: ["))
    }
    assert {"localhost", "other"} <= played <= {"localhost", "other", "other -> localhost"}


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
