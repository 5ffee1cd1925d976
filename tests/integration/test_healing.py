# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The whole way of one incident, with the shipped runbook, role and module."""

from __future__ import annotations

from tests.support.estate import Estate
from tests.support.shipped import quick_copy
from tests.support.target import DAEMONSET

TOKEN = "/api/v1/namespaces/oncall-remedy/serviceaccounts/remedy-rollout-restart/token"


def test_a_firing_alert_ends_in_one_restart_a_healed_edge_and_a_case(estate: Estate) -> None:
    quick_copy("traefik_down", "TraefikOut", estate.folder / "runbooks")
    estate.settings["remedy_playbooks"] = [str(estate.folder / "runbooks")]
    hetzner = estate["hetzner"]
    hetzner.hang()
    alert = estate.alertmanager.fire("TraefikOut", {"cluster": "hetzner"})

    run = estate.sweep().ended_well()

    assert hetzner.writes() == [f"issuer: POST {TOKEN}", f"remedy-rollout-restart: PATCH {DAEMONSET}"]
    assert (hetzner.revision, hetzner.serves) == (2, True)
    case = estate.case()
    assert (case["outcome"], case["diagnosis"]["chosen"]) == ("healed", "edge_outage")
    assert case["alert"]["fingerprint"] == alert["fingerprint"]
    assert case["mitigation"]["result"]["changed"]
    assert [line.split(" → ")[0] for line in case["mitigation"]["result"]["report"]] == [
        "traefik-00001",
        "traefik-00002",
    ]
    assert case["verification"]["outcome"] == "healed"
    assert [series["points"][-1][1] for series in case["chart"]["series"]] == [2.0]
    assert estate.ledger.episodes() == []
    (page,) = estate.pages()
    assert "Restart of DaemonSet traefik/traefik healed it" in " ".join(page.read_text().split())
    assert "WARNING" not in run.output
    assert run.output.splitlines()[-1].startswith("1 healed")
    incident = hetzner.daemonset["metadata"]["annotations"]["oncall.remedy/incident"]
    assert incident == case["id"]


def test_a_bad_release_is_rolled_back_to_the_revision_before(estate: Estate) -> None:
    hetzner = estate["hetzner"]
    hetzner.roll_out_badly()
    estate.alertmanager.fire("BadRelease", {"cluster": "hetzner"})
    estate.sweep().ended_well()
    assert estate.case()["outcome"] == "healed"
    assert "--nonsense=true" not in str(hetzner.daemonset["spec"]["template"])
    assert len(hetzner.patches()) == 1


def test_an_operators_run_of_a_runbooks_own_playbook_is_the_same_without_an_alert(estate: Estate) -> None:
    playbook = quick_copy("traefik_down", "TraefikOut", estate.folder / "runbooks")
    estate.settings["remedy_playbooks"] = [str(estate.folder / "runbooks")]
    estate["hetzner"].hang()
    estate.sweep("-e", "target=hetzner", playbook=str(playbook)).ended_well()
    case = estate.case()
    assert (case["outcome"], case["origin"], case["diagnosis"]["chosen"]) == ("healed", "operator", "edge_outage")
    assert len(estate["hetzner"].patches()) == 1


def test_what_a_sweep_could_not_prove_the_next_one_does(estate: Estate) -> None:
    estate.settings["remedy_linger"] = 0
    estate["hetzner"].hang()
    estate.alertmanager.fire("EdgeDown", {"cluster": "hetzner"})
    estate.sweep().ended_well()
    assert (estate.case()["outcome"], estate.case()["verification"]["outcome"]) == ("waiting", "pending")
    estate.settings["remedy_linger"] = "5s"
    estate.later(60)
    estate.sweep().ended_well()
    assert estate.case()["outcome"] == "healed"
    assert len(estate["hetzner"].patches()) == 1


def test_a_restart_that_does_not_help_is_escalated_and_never_repeated(estate: Estate) -> None:
    estate["hetzner"].hang()
    estate["hetzner"].restart_heals = False
    estate.alertmanager.fire("EdgeDown", {"cluster": "hetzner"})
    estate.sweep().ended_well()
    assert estate.case()["outcome"] == "not_healed"
    estate.later(48 * 3600)
    estate.sweep().ended_well()
    assert estate.case()["outcome"] == "held"
    assert len(estate["hetzner"].patches()) == 1
    assert len(estate.ledger.escalations(estate.case()["id"])) == 1
