# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Several Alertmanagers, of which some say nothing; and two sweeps at once."""

from __future__ import annotations

from tests.integration.conftest import Build
from tests.support.estate import Estate


def test_every_source_that_answers_is_handled_and_one_that_is_silent_is_said(build: Build) -> None:
    estate = build("one", "two", "three", "four")
    dead, spare, silent = estate.add_peer(), estate.add_peer(), estate.add_peer()
    dead.condition = silent.condition = "resets"
    for target in ("one", "two", "three"):
        estate[target].hang()
    first = estate.settings["remedy_sources"][0]
    estate.settings["remedy_sources"] = [
        {**first, "name": "silent", "urls": [silent.url], "default_target": "four"},
        {**first, "name": "cluster", "urls": [dead.url, spare.url], "default_target": "one"},
        {**first, "name": "single", "urls": [estate.alertmanager.url], "default_target": "two"},
    ]
    spare.fire("EdgeDown")
    estate.alertmanager.silence(estate.alertmanager.fire("EdgeDown"), created_by="oncall.remedy/4711")
    muted = estate.alertmanager.fire("EdgeDown", {"cluster": "three"})
    estate.alertmanager.silence(muted, created_by="alice")

    run = estate.sweep()

    assert {(case["source"], case["target"], case["outcome"]) for case in estate.cases()} == {
        ("cluster", "one", "healed"),
        ("single", "two", "healed"),
    }
    shown = " ".join(run.output.split())
    assert "! could not be asked: silent" in shown
    assert "never heard so far" in shown
    assert run.code == 2, "what fires there is not known, and that is no success"
    assert "1 silenced or inhibited" in shown
    assert estate["three"].writes() == []


def test_the_same_fingerprint_of_two_sources_is_two_incidents(build: Build) -> None:
    estate = build("one", "two")
    other = estate.add_peer()
    for target in ("one", "two"):
        estate[target].hang()
    first = estate.settings["remedy_sources"][0]
    estate.settings["remedy_sources"] = [
        {**first, "name": "a", "urls": [estate.alertmanager.url], "default_target": "one"},
        {**first, "name": "b", "urls": [other.url], "default_target": "two"},
    ]
    assert estate.alertmanager.fire("EdgeDown")["fingerprint"] == other.fire("EdgeDown")["fingerprint"]
    estate.sweep().ended_well()
    assert {(case["source"], case["target"], case["outcome"]) for case in estate.cases()} == {
        ("a", "one", "healed"),
        ("b", "two", "healed"),
    }


def test_of_two_sweeps_at_once_one_acts(estate: Estate) -> None:
    estate["hetzner"].hang()
    estate.alertmanager.fire("EdgeDown", {"cluster": "hetzner"})
    runs = [estate.begin(), estate.begin()]
    for run in runs:
        estate.finish(run).ended_well()
    assert estate.case()["outcome"] == "healed"
    assert len(estate["hetzner"].patches()) == 1
    assert len(estate.ledger.mitigations(estate.case()["id"])) == 1


def test_an_alertmanager_that_restarts_empty_resolves_nothing_by_itself(estate: Estate) -> None:
    hetzner = estate["hetzner"]
    hetzner.hang()
    estate.hosts["hetzner"]["remedy_mode"] = "propose"
    alert = estate.alertmanager.fire("EdgeDown", {"cluster": "hetzner"})
    estate.sweep().ended_well()

    estate.alertmanager.alerts = []
    hetzner.firing = [alert["labels"]]
    estate.later(3600)
    estate.sweep().ended_well()
    assert estate.case()["outcome"] == "proposed"

    hetzner.firing = []
    estate.later(3600)
    estate.sweep().ended_well()
    assert estate.case()["outcome"] == "resolved"
    assert hetzner.writes() == []
