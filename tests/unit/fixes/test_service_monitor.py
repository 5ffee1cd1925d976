# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The repair of a ServiceMonitor on the wire."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.precondition import Precondition
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.repairing import Order
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.service_monitor import Repair, ServiceMonitorFix
from ansible_collections.oncall.remedy.plugins.module_utils.kube import KubeTransport
from tests.support.wire import Wire
from tests.unit.fixes.cluster import MERGE, Cluster, Hands
from tests.unit.fixes.helpers import service_monitor

PATH = "/apis/monitoring.coreos.com/v1/namespaces/traefik/servicemonitors/traefik"
SELECTOR = {"matchLabels": {"app": "traefik"}}
ORDER = Order("traefik", "traefik", "3f2a", Repair(selector=SELECTOR, port="metrics"))


@pytest.fixture
def cluster(wire: Wire) -> Cluster:
    """A ServiceMonitor that selects nothing."""
    return Cluster(wire, PATH, service_monitor())


@pytest.fixture
def fix(cluster: Cluster, kube: KubeTransport) -> Callable[..., dict[str, Any]]:
    """Runs the fix; ``order`` fields may be given."""

    def run(check: bool = False, **order: Any) -> dict[str, Any]:
        return ServiceMonitorFix(kube, dataclasses.replace(ORDER, **order), Hands(cluster)).run(check)

    return run


def test_one_patch_of_just_what_differs_names_the_version_it_is_for(cluster: Cluster, fix: Any, wire: Wire) -> None:
    before = cluster.thing
    fix()
    (sent,) = [request for request in wire.requests if request.method == "PATCH"]
    assert sent.headers["content-type"] == MERGE
    body = sent.json()
    kept = json.loads(body["metadata"]["annotations"].pop("oncall.remedy/former"))
    assert kept["former"] == {"spec": before["spec"], "labels": {}}
    assert body == {
        "metadata": {
            "resourceVersion": "55",
            "annotations": {"oncall.remedy/incident": "3f2a", "oncall.remedy/action": "service_monitor_repaired"},
        },
        "spec": {
            "selector": {"matchLabels": {"app": "traefik", "tier": None}},
            "endpoints": [{"port": "metrics", "interval": "30s", "path": "/metrics"}],
        },
    }
    assert wire.asked() == [f"GET {PATH}", f"PATCH {PATH}"]


def test_the_result_names_what_changed_and_holds_the_former_state(cluster: Cluster, fix: Any) -> None:
    former = {"spec": cluster.thing["spec"], "labels": {}}
    result = fix()
    assert result["changed"]
    assert result["former"] == former
    assert result["report"][1] == "port metricz → metrics"
    assert (result["before"], result["after"]) == (
        {"resource_version": "55", "generation": 1},
        {"resource_version": "56", "generation": 2},
    )
    assert "app: typo" in result["diff"]["before"]
    assert "app: traefik" in result["diff"]["after"]


def test_a_second_run_finds_it_repaired_and_still_knows_the_former_state(cluster: Cluster, fix: Any) -> None:
    first, second = fix(), fix()
    assert len(cluster.writes) == 1
    assert (second["changed"], second["already_done"]) == (False, True)
    assert second["former"] == first["former"]
    assert second["diff"]["after"] == ""


def test_check_mode_only_reads_and_shows_the_very_diff_of_the_change(cluster: Cluster, fix: Any, wire: Wire) -> None:
    preview = fix(check=True)
    assert wire.methods() == {"GET"}
    assert preview["changed"]
    assert (preview["after"], preview["msg"]) == ({}, "would repair ServiceMonitor traefik/traefik")
    assert fix()["diff"] == preview["diff"]


def test_an_answer_lost_after_the_change_is_looked_after_and_found(cluster: Cluster, fix: Any) -> None:
    cluster.lost = ["answer"]
    assert fix()["changed"]
    assert len(cluster.writes) == 1


def test_a_request_lost_before_the_change_is_sent_again(cluster: Cluster, fix: Any) -> None:
    cluster.lost = ["request"]
    assert fix()["changed"]
    assert len(cluster.writes) == 1


def test_a_conflict_under_a_precondition_is_refused(cluster: Cluster, fix: Any) -> None:
    cluster.before_patch = [lambda busy: busy.change({"spec": {"jobLabel": "job"}})]
    with pytest.raises(FixFailed, match=r"resourceVersion was 55, is 56"):
        fix(precondition=Precondition(resource_version="55"))
    assert cluster.writes == []


def test_a_conflict_without_one_keeps_what_the_other_wrote(cluster: Cluster, fix: Any) -> None:
    cluster.before_patch = [lambda busy: busy.change({"spec": {"jobLabel": "job"}})]
    assert fix()["changed"]
    assert (cluster.thing["spec"]["jobLabel"], cluster.thing["spec"]["selector"]) == ("job", SELECTOR)


def test_it_is_put_back_as_it_was(cluster: Cluster, fix: Any) -> None:
    before = cluster.thing["spec"]
    fix()
    result = fix(repair=None)
    assert result["changed"]
    assert cluster.thing["spec"] == before
    assert cluster.thing["metadata"]["annotations"] == {
        "oncall.remedy/incident": "3f2a",
        "oncall.remedy/action": "service_monitor_restored",
    }
    assert fix(repair=None)["already_done"]
    assert len(cluster.writes) == 2


def test_check_mode_of_the_way_back_only_reads(cluster: Cluster, fix: Any, wire: Wire) -> None:
    fix()
    wire.requests.clear()
    assert fix(check=True, repair=None)["changed"]
    assert wire.methods() == {"GET"}


def test_it_is_not_put_back_over_somebody_elses_change(cluster: Cluster, fix: Any) -> None:
    fix()
    cluster.change({"spec": {"endpoints": [{"port": "web"}]}})
    with pytest.raises(FixFailed, match="somebody has changed it since the repair"):
        fix(repair=None)
    assert len(cluster.writes) == 1
