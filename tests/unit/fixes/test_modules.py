# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The modules as Ansible calls them: arguments in, one JSON result out, failures that say what, why and what next."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.oncall.remedy.plugins.module_utils.fixes import copies
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.object_kinds import Name
from tests.support.wire import Wire, answer_json, kube_status
from tests.unit.fixes.cluster import APPS, PODS, Cluster
from tests.unit.fixes.helpers import Json, controller_revision, pod, rolled_out, service_monitor, template, workload
from tests.unit.fixes.store import Store

MODULES = "ansible_collections.oncall.remedy.plugins.modules"
DAEMON_SET = APPS + "daemonsets/traefik"
MONITOR = "/apis/monitoring.coreos.com/v1/namespaces/traefik/servicemonitors/traefik"
AT_A = {"namespace": "a", "name": "b"}
WORKLOAD = {"kind": "DaemonSet", "namespace": "traefik", "name": "traefik", "incident": "3f2a"}


@pytest.fixture
def run(kubeconfig: str, capsys: pytest.CaptureFixture[str]) -> Callable[..., Json]:
    """Runs a module's main and gives what it printed."""

    def call(module: str, /, check: bool = False, **arguments: Any) -> Json:
        if module != "alertmanager_silence":
            arguments["kubeconfig"] = kubeconfig
        with patch_module_args({**arguments, "_ansible_check_mode": check}), pytest.raises(SystemExit):
            importlib.import_module(f"{MODULES}.{module}").main()
        printed: Json = json.loads(capsys.readouterr().out)
        return printed

    return call


def test_a_restart_that_was_made_already_is_reported_in_full(wire: Wire, run: Any) -> None:
    thing = rolled_out(workload())
    stamp = {"kubectl.kubernetes.io/restartedAt": "2026-11-21T02:59:00Z", "oncall.remedy/incident": "3f2a"}
    thing["metadata"]["annotations"] = {
        "oncall.remedy/incident": "3f2a",
        "oncall.remedy/action": "rollout_restart",
    }
    thing["spec"]["template"]["metadata"]["annotations"] = stamp
    Cluster(wire, DAEMON_SET, thing, [pod("traefik-new", annotations=stamp)])
    result = run("rollout_restart", **WORKLOAD)
    assert not result.get("failed")
    assert (result["changed"], result["already_done"]) == (False, True)
    assert result["report"] == ["traefik-new on hetzner1, ready after 3 s"]
    assert set(result) >= {"before", "after", "pods", "seconds", "diff", "msg"}
    assert wire.methods() == {"GET"}


def test_a_rollback_in_check_mode_shows_its_diff_and_writes_nothing(wire: Wire, run: Any) -> None:
    cluster = Cluster(wire, DAEMON_SET, workload(pod_template=template("--bad")))
    cluster.lists(
        "controllerrevisions",
        [controller_revision(1, "a", template("--good")), controller_revision(2, "b", template("--bad"))],
    )
    result = run("rollout_undo", check=True, expected_revision=2, **WORKLOAD)
    assert result["changed"]
    assert "--good" in result["diff"]["after"]
    assert wire.methods() == {"GET"}


def test_a_service_monitor_is_repaired_by_plain_options(wire: Wire, run: Any) -> None:
    cluster = Cluster(wire, MONITOR, service_monitor())
    result = run(
        "service_monitor",
        namespace="traefik",
        name="traefik",
        incident="3f2a",
        selector={"matchLabels": {"app": "traefik"}},
        port="metrics",
        precondition={"resource_version": "55"},
    )
    assert result["changed"]
    assert cluster.thing["spec"]["selector"] == {"matchLabels": {"app": "traefik"}}
    assert cluster.thing["spec"]["endpoints"][0]["port"] == "metrics"


def test_a_silence_is_made_by_plain_options(wire: Wire, run: Any) -> None:
    wire.on("GET", "/api/v2/silences", answer_json([]))
    wire.on("POST", "/api/v2/silences", answer_json({"silenceID": "id-1"}))
    result = run(
        "alertmanager_silence",
        url=wire.url,
        incident="3f2a",
        matchers=[{"name": "alertname", "value": "A"}],
        duration="90m",
    )
    assert (result["changed"], result["silence_id"]) == (True, "id-1")


def test_a_scrape_target_is_moved_by_plain_options(wire: Wire, run: Any) -> None:
    path = "/apis/monitoring.coreos.com/v1alpha1/namespaces/monitoring/scrapeconfigs/argocd"
    thing = service_monitor()
    thing["spec"] = {"staticConfigs": [{"targets": ["10.10.0.40:6443"]}], "scheme": "HTTPS"}
    cluster = Cluster(wire, path, thing)
    moved = {"targets": ["10.10.0.40:30082"], "scheme": "http"}
    assert run("scrape_config", namespace="monitoring", name="argocd", incident="3f2a", **moved)["changed"]
    assert cluster.thing["spec"] == {"staticConfigs": [{"targets": ["10.10.0.40:30082"]}], "scheme": "HTTP"}


def test_an_object_is_created_removed_and_taken_back_by_plain_options(wire: Wire, run: Any) -> None:
    monitors, maps = MONITOR.rpartition("/")[0], "/api/v1/namespaces/traefik/configmaps"
    name = {"kind": "ServiceMonitor", "namespace": "traefik", "name": "traefik", "incident": "3f2a"}
    kept = copies.path("3f2a", Name("ServiceMonitor", "traefik", "traefik"))
    store = Store(wire).knows(monitors, maps).expect(MONITOR, kept)
    spec = {"selector": {"matchLabels": {"app": "traefik"}}, "endpoints": [{"port": "metrics"}]}
    assert run("kubernetes_object", **name, spec=spec, labels={"release": "stack"})["changed"]
    assert store.objects[MONITOR]["spec"] == spec
    assert run("kubernetes_object", **name, state="restored")["changed"]
    assert MONITOR not in store.objects
    store.put(monitors, service_monitor())
    assert run("kubernetes_object", **name, state="absent", precondition={"owner": ""})["changed"]
    assert (MONITOR in store.objects, kept in store.objects) == (False, True)


def test_a_pod_is_restarted_by_plain_options(wire: Wire, run: Any) -> None:
    store = Store(wire).knows(PODS)
    old = pod("exporter-x7k2p")
    old["metadata"]["ownerReferences"] = [{"kind": "DaemonSet", "name": "exporter", "controller": True}]
    store.put(PODS, old)
    new = {**old, "metadata": {**old["metadata"], "name": "exporter-9fqzt"}}
    store.before_write = [lambda one: one.put(PODS, new)]
    result = run("pod_restart", namespace="traefik", incident="3f2a", pods=["exporter-x7k2p"])
    assert result["report"] == ["exporter-x7k2p → exporter-9fqzt on hetzner1, ready after 3 s"]


def test_a_chart_config_in_check_mode_shows_its_diff_and_writes_nothing(wire: Wire, run: Any) -> None:
    system = "namespaces/kube-system"
    collections = {
        "configs": f"/apis/helm.cattle.io/v1/{system}/helmchartconfigs",
        "jobs": f"/apis/batch/v1/{system}/jobs",
        "sets": f"/apis/apps/v1/{system}/daemonsets",
        "revisions": f"/apis/apps/v1/{system}/controllerrevisions",
        "pods": f"/api/v1/{system}/pods",
    }
    store = Store(wire).knows(*collections.values()).expect(collections["jobs"] + "/helm-install-traefik")
    store.put(collections["configs"], {"metadata": {"name": "traefik"}, "spec": {"valuesContent": "a: 1"}})
    thing = workload()
    thing["metadata"]["namespace"] = "kube-system"
    store.put(collections["sets"], thing)
    where = {"namespace": "kube-system", "name": "traefik"}
    result = run("helm_chart_config", check=True, incident="3f2a", values="a: 2", workload=where, **where)
    assert (result["changed"], wire.methods()) == (True, {"GET"})
    assert "a: 2" in result["diff"]["after"]


FORBIDDEN = (
    'daemonsets.apps "traefik" is forbidden: User "system:serviceaccount:oncall-remedy:probe" cannot patch resource '
    '"daemonsets" in API group "apps" in the namespace "traefik"'
)


def test_a_403_says_what_who_lacked_which_verb_and_what_next(wire: Wire, run: Any) -> None:
    Cluster(wire, DAEMON_SET, workload(), [pod("traefik-old")])
    wire.on("PATCH", DAEMON_SET, kube_status(403, "Forbidden", FORBIDDEN))
    result = run("rollout_restart", **WORKLOAD)
    assert result["failed"]
    assert not result["changed"]
    assert result["what"] == "restart DaemonSet traefik/traefik"
    assert result["why"] == (
        "403 forbidden: patch daemonsets/traefik in traefik as system:serviceaccount:oncall-remedy:probe"
    )
    assert result["next"].startswith("Grant that verb")
    assert result["msg"] == f"cannot {result['what']}: {result['why']}. {result['next']}"


@pytest.mark.parametrize(
    ("status", "reason", "said", "next_step"),
    [
        (404, "NotFound", 'daemonsets.apps "traefik" not found', "See whether it was renamed or deleted"),
        (401, "Unauthorized", "Unauthorized", "Get a new credential"),
        (500, "InternalError", "etcd is away", "See whether the server answers"),
    ],
)
def test_each_kind_of_error_has_its_next_step(
    wire: Wire, run: Any, status: int, reason: str, said: str, next_step: str
) -> None:
    wire.on("GET", DAEMON_SET, kube_status(status, reason, said, "traefik"))
    result = run("rollout_restart", **WORKLOAD)
    assert result["failed"]
    assert result["why"].startswith(str(status))
    assert result["next"].startswith(next_step)


@pytest.mark.parametrize(
    ("module", "arguments", "said"),
    [
        ("rollout_restart", {**WORKLOAD, "incident": "../x y"}, "no incident id"),
        ("rollout_restart", {**WORKLOAD, "timeout": "soon"}, "not a duration"),
        ("rollout_restart", {**WORKLOAD, "kind": "Pod"}, "must be one of: DaemonSet, Deployment, StatefulSet"),
        ("rollout_restart", {**WORKLOAD, "name": "../nodes"}, "not a Kubernetes name"),
        ("rollout_undo", {**WORKLOAD, "kind": "StatefulSet"}, "must be one of: DaemonSet, Deployment"),
        (
            "service_monitor",
            {"namespace": "a", "name": "b", "incident": "c"},
            "selector, namespace_selector, port, labels",
        ),
        (
            "service_monitor",
            {"namespace": "a", "name": "b", "incident": "c", "selector": {"match_labels": {"x": "y"}}},
            "match_labels",
        ),
        (
            "service_monitor",
            {"namespace": "a", "name": "b", "incident": "c", "selector": {"matchLabels": {}}},
            "takes every Service",
        ),
        ("alertmanager_silence", {"incident": "c", "matchers": [{"name": "a", "value": "b"}]}, "'url' or 'urls'"),
        ("scrape_config", {"namespace": "a", "name": "b", "incident": "c"}, "targets, scheme, metrics_path"),
        ("kubernetes_object", {**WORKLOAD, "kind": "Secret"}, "must be one of: ServiceMonitor, Service, NetworkPolicy"),
        ("kubernetes_object", {**WORKLOAD, "kind": "Service"}, "spec"),
        ("kubernetes_object", {**WORKLOAD, "kind": "Service", "spec": {}}, "its selector is empty"),
        ("pod_restart", {"namespace": "a", "incident": "c", "pods": []}, "it is empty"),
        (
            "helm_chart_config",
            {"namespace": "a", "name": "b", "incident": "c", "values": "", "trusted_ips": {}, "workload": AT_A},
            "mutually exclusive: values|trusted_ips",
        ),
        (
            "helm_chart_config",
            {"namespace": "a", "name": "b", "incident": "c", "trusted_ips": {"web": "10.0.0.0/8"}, "workload": AT_A},
            "it has no list of networks",
        ),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_asked(
    wire: Wire, run: Any, module: str, arguments: Json, said: str
) -> None:
    result = run(module, **arguments)
    assert result["failed"]
    assert said in result["msg"]
    assert wire.requests == []


def test_without_a_kubeconfig_file_the_path_is_named(run: Any, wire: Wire, kubeconfig: str) -> None:
    Path(kubeconfig).unlink()
    result = run("rollout_restart", **WORKLOAD)
    assert result["failed"]
    assert kubeconfig in result["why"]
    assert result["next"] == "Correct this file or its path in the inventory"


def test_the_token_is_in_no_result(wire: Wire, run: Any) -> None:
    Cluster(wire, DAEMON_SET, workload(), [])
    wire.on("GET", PODS, kube_status(403, "Forbidden", 'User "probe" cannot list'))
    assert "t0ken" not in json.dumps(run("rollout_restart", **WORKLOAD))
