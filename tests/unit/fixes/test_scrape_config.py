# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The repair of a ScrapeConfig: what it touches, what becomes of its credential, and that it can be taken back."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.precondition import Precondition
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.repairing import Order, plan
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.scrape_config import (
    KIND,
    Repair,
    ScrapeConfigFix,
    report,
)
from ansible_collections.oncall.remedy.plugins.module_utils.kube import KubeTransport
from tests.support.wire import Wire
from tests.unit.fixes.cluster import MERGE, Cluster, Hands
from tests.unit.fixes.helpers import Json

PATH = "/apis/monitoring.coreos.com/v1alpha1/namespaces/monitoring/scrapeconfigs/argocd-metrics"
PROXY = "/api/v1/namespaces/argocd/services/argocd-metrics:8082/proxy/metrics"
MOVE = Repair(("10.10.0.40:30082",), "HTTP", "/metrics")
ORDER = Order("monitoring", "argocd-metrics", "3f2a", MOVE)
TOKEN = {"type": "Bearer", "credentials": {"name": "prod-api", "key": "token"}}


def scrape_config(**spec: Any) -> Json:
    """A ScrapeConfig that asks through an API server, with its token."""
    return {
        "apiVersion": "monitoring.coreos.com/v1alpha1",
        "kind": "ScrapeConfig",
        "metadata": {
            "name": "argocd-metrics",
            "namespace": "monitoring",
            "resourceVersion": "55",
            "generation": 1,
            "labels": {"release": "kube-prometheus-stack"},
        },
        "spec": {
            "staticConfigs": [{"targets": ["10.10.0.40:6443"], "labels": {"cluster": "prod"}}],
            "scheme": "HTTPS",
            "metricsPath": PROXY,
            "authorization": TOKEN,
            "scrapeInterval": "30s",
            **spec,
        },
    }


@pytest.fixture
def cluster(wire: Wire) -> Cluster:
    return Cluster(wire, PATH, scrape_config())


@pytest.fixture
def fix(cluster: Cluster, kube: KubeTransport) -> Callable[..., dict[str, Any]]:
    """Runs the fix; ``order`` fields may be given."""

    def run(check: bool = False, **order: Any) -> dict[str, Any]:
        return ScrapeConfigFix(kube, dataclasses.replace(ORDER, **order), Hands(cluster)).run(check)

    return run


def planned(config: Json, repair: Repair) -> Json:
    after = plan("move", config, dataclasses.replace(ORDER, repair=repair), KIND)
    assert after is not None
    return after


def test_one_patch_moves_target_scheme_and_path_and_takes_the_token_out(cluster: Cluster, fix: Any, wire: Wire) -> None:
    former = cluster.thing["spec"]
    result = fix()
    (sent,) = [request for request in wire.requests if request.method == "PATCH"]
    assert sent.headers["content-type"] == MERGE
    body = sent.json()
    assert json.loads(body["metadata"]["annotations"].pop("oncall.remedy/former"))["former"]["spec"] == former
    assert body == {
        "metadata": {
            "resourceVersion": "55",
            "annotations": {"oncall.remedy/incident": "3f2a", "oncall.remedy/action": "scrape_config_repaired"},
        },
        "spec": {
            "staticConfigs": [{"targets": ["10.10.0.40:30082"], "labels": {"cluster": "prod"}}],
            "scheme": "HTTP",
            "metricsPath": "/metrics",
            "authorization": None,
        },
    }
    assert wire.asked() == [f"GET {PATH}", f"PATCH {PATH}"]
    assert result["report"] == [
        "targets 10.10.0.40:6443 → 10.10.0.40:30082",
        "scheme https → http",
        f"path {PROXY} → /metrics",
        "authorization taken out: it would be sent to where it was not sent before, or unencrypted",
    ]


@pytest.mark.parametrize(
    ("repair", "stays"),
    [
        (Repair(("10.10.0.40:30443",)), True),
        (Repair(metrics_path="/metrics"), True),
        (Repair(("10.10.0.41:6443",)), False),
        (Repair(scheme="HTTP"), False),
        (Repair(("10.10.0.40:6443", "10.10.0.99:6443")), False),
    ],
    ids=["another port of the same host", "another path", "another host", "unencrypted", "a host more"],
)
def test_a_credential_goes_only_where_it_went_before(repair: Repair, stays: bool) -> None:
    assert ("authorization" in planned(scrape_config(), repair)["spec"]) == stays


def test_a_credential_that_went_unencrypted_before_goes_on_doing_so() -> None:
    before = scrape_config(scheme="HTTP")
    assert planned(before, Repair(("10.10.0.40:1",), "HTTP"))["spec"]["authorization"] == TOKEN


def test_what_is_the_default_already_needs_nothing() -> None:
    right = scrape_config(staticConfigs=[{"targets": ["10.10.0.40:30082"]}])
    del right["spec"]["scheme"], right["spec"]["metricsPath"]
    assert plan("move", right, ORDER, KIND) is None


@pytest.mark.parametrize("configs", [[], [{"targets": ["a:1"]}, {"targets": ["b:1"]}]])
def test_targets_that_are_not_clear_are_refused(configs: list[Json]) -> None:
    with pytest.raises(FixFailed, match=f"has {len(configs)} static configurations"):
        plan("move", scrape_config(staticConfigs=configs), ORDER, KIND)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"targets": ["http://10.10.0.40:1/"]}, "targets"),
        ({"targets": ["a b"]}, "targets"),
        ({"metrics_path": "metrics"}, "metrics_path"),
        ({"metrics_path": "/a\nb"}, "metrics_path"),
    ],
)
def test_what_can_be_no_target_or_path_is_refused(options: Json, said: str) -> None:
    with pytest.raises(FixFailed, match=f"read option {said}"):
        Repair.of({"targets": None, "scheme": None, "metrics_path": None, **options})


def test_a_second_run_finds_it_moved(cluster: Cluster, fix: Any) -> None:
    assert fix()["changed"]
    assert fix()["already_done"]
    assert len(cluster.writes) == 1


@pytest.mark.parametrize("loss", ["answer", "request"])
def test_a_lost_answer_or_request_ends_in_one_move(cluster: Cluster, fix: Any, loss: str) -> None:
    cluster.lost = [loss]
    assert fix()["changed"]
    assert len(cluster.writes) == 1


def test_check_mode_only_reads_and_shows_the_very_diff_of_the_change(cluster: Cluster, fix: Any, wire: Wire) -> None:
    preview = fix(check=True)
    assert wire.methods() == {"GET"}
    assert preview["changed"]
    assert fix()["diff"] == preview["diff"]


def test_the_way_back_puts_the_token_in_again(cluster: Cluster, fix: Any) -> None:
    before = copy.deepcopy(cluster.thing["spec"])
    fix()
    result = fix(repair=None)
    assert cluster.thing["spec"] == before
    assert "authorization put in again" in result["report"]
    assert fix(repair=None)["already_done"]
    assert len(cluster.writes) == 2


def test_it_is_not_put_back_over_somebody_elses_change(cluster: Cluster, fix: Any) -> None:
    fix()
    cluster.change({"spec": {"scrapeInterval": "10s"}})
    with pytest.raises(FixFailed, match="somebody has changed it since the repair"):
        fix(repair=None)
    assert len(cluster.writes) == 1


def test_another_object_or_another_owner_than_diagnosed_is_not_touched(cluster: Cluster, fix: Any, wire: Wire) -> None:
    with pytest.raises(FixFailed, match="resourceVersion was 54, is 55"):
        fix(precondition=Precondition(resource_version="54"))
    cluster.change({"metadata": {"annotations": {"argocd.argoproj.io/tracking-id": "stack:x"}}})
    with pytest.raises(FixFailed, match="its owner was nobody, is Argo CD application stack"):
        fix(precondition=Precondition(owner=""))
    assert wire.methods() == {"GET"}


def test_the_report_of_the_identity_is_empty() -> None:
    assert report(scrape_config(), scrape_config()) == []
