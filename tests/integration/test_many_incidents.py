# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Many incidents in one sweep: each target gets its own remedy, on the wire, and nothing of another's."""

from __future__ import annotations

from tests.integration.conftest import Build
from tests.support.target import DAEMONSET, MONITORS, TOKENS, Cluster

EXPECTED = {
    "EdgeDown": ("remedy-rollout-restart", DAEMONSET, "healed"),
    "MonitorWrong": ("remedy-service-monitor", f"{MONITORS}/traefik", "healed"),
    "BadRelease": ("remedy-rollback", DAEMONSET, "healed"),
    "Noisy": ("", "", "escalated"),
    "NodeDown": ("", "", "escalated"),
}
"""For each alert: who writes what in the cluster, and how the incident ends."""


def broken(cluster: Cluster, alert: str) -> None:
    """Breaks a target so that the alert is justified; Noisy is not about the target itself."""
    match alert:
        case "EdgeDown":
            cluster.hang()
        case "MonitorWrong":
            cluster.mislabel_the_monitor()
        case "BadRelease":
            cluster.roll_out_badly()
        case "NodeDown":
            cluster.nodes["node1"]["ready"] = False


def test_twenty_incidents_of_five_alerts_each_get_their_own_remedy_and_no_other(build: Build) -> None:
    alerts = {f"target{number:02}": list(EXPECTED)[number % len(EXPECTED)] for number in range(20)}
    estate = build(*alerts)
    estate.settings["remedy_linger"] = "30s"
    # Neither an outage, which is mended one at a time, nor a storm: here all of them are to be mended at once.
    estate.settings |= {"remedy_outage": 100, "remedy_storm": {"begins": 100, "ends": 50}}
    for target, alert in alerts.items():
        broken(estate[target], alert)
        estate.alertmanager.fire(alert, {"cluster": target})

    estate.sweep().ended_well()

    for target, alert in alerts.items():
        account, path, outcome = EXPECTED[alert]
        wanted = [f"issuer: POST {TOKENS}{account}/token", f"{account}: PATCH {path}"] if account else []
        assert (target, estate[target].writes()) == (target, wanted)
        case = estate.case(target)
        assert (target, case["alertname"], case["outcome"]) == (target, alert, outcome)
    assert len(estate.cases()) == 20
    silenced = [
        {matcher["name"]: matcher["value"] for matcher in silence["matchers"]}
        for silence in estate.alertmanager.silences
    ]
    noisy = [target for target, alert in alerts.items() if alert == "Noisy"]
    assert sorted(silence["cluster"] for silence in silenced) == noisy
    assert {silence["alertname"] for silence in silenced} == {"Noisy"}
    assert {one["to"] for case in estate.cases() if case["alertname"] == "NodeDown" for one in case["escalations"]} == {
        "hardware"
    }
