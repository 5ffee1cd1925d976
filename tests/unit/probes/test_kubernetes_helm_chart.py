# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""HelmChartConfigs: their values, how they differ from what they should be, and the job that installs them."""

from __future__ import annotations

import pathlib
import time
from typing import Any

import pytest

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes_helm_chart import (
    HelmChart,
    differences,
    summary,
    values,
)
from tests.support import wire
from tests.support.kubeconfig import transport
from tests.unit.probes.things import meta

VALUES = """\
deployment:
  kind: DaemonSet
updateStrategy:
  type: RollingUpdate
  rollingUpdate: {maxUnavailable: 1, maxSurge: 0}
additionalArguments:
  - "--entrypoints.web.forwardedHeaders.trustedIPs=173.245.48.0/20"
"""
REORDERED = """\
# the same, written otherwise
additionalArguments: ['--entrypoints.web.forwardedHeaders.trustedIPs=173.245.48.0/20']
updateStrategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 1}, type: RollingUpdate}
deployment: {kind: DaemonSet}
"""


def config(text: str, **metadata: Any) -> dict[str, Any]:
    return {"metadata": meta("traefik", "kube-system", **metadata), "spec": {"valuesContent": text}}


def test_values_that_are_written_otherwise_are_as_expected() -> None:
    found = summary(config(REORDERED), {}, None, values(VALUES))
    assert (found["as_expected"], found["differences"]) == (True, [])
    assert (found["max_unavailable"], found["max_surge"]) == (1, 0)
    assert found["trusted"] == {"web": ["173.245.48.0/20"]}


@pytest.mark.parametrize(
    ("present", "paths"),
    [
        (VALUES.replace("DaemonSet", "Deployment"), ["deployment.kind"]),
        (VALUES.replace("maxSurge: 0", "maxSurge: false"), ["updateStrategy.rollingUpdate.maxSurge"]),
        (VALUES + "hostNetwork: true\n", ["hostNetwork"]),
        (VALUES.partition("additional")[0], ["additionalArguments"]),
        ("", ["additionalArguments", "deployment", "updateStrategy"]),
    ],
    ids=["other value", "other type", "more", "less", "empty"],
)
def test_what_differs_is_named_by_its_path(present: str, paths: list[str]) -> None:
    found = summary(config(present), {}, None, values(VALUES))
    assert (found["as_expected"], found["differences"]) == (False, paths)


def test_values_as_data_go_over_those_as_text() -> None:
    both = config(VALUES)
    both["spec"]["values"] = {"updateStrategy": {"rollingUpdate": {"maxSurge": 1}}}
    found = summary(both, {}, None, values(VALUES))
    assert found["differences"] == ["updateStrategy.rollingUpdate.maxSurge"]
    assert (found["max_unavailable"], found["max_surge"]) == (1, 1)


def test_networks_may_be_trusted_by_the_values_of_a_port_and_arguments_go_over_them() -> None:
    by_port = "ports: {web: {forwardedHeaders: {trustedIPs: [10.0.0.0/8]}}, websecure: {port: 443}}\n"
    assert summary(config(by_port), {}, None, None)["trusted"] == {"web": ["10.0.0.0/8"], "websecure": []}
    found = summary(config(by_port + VALUES), {}, None, None)
    assert found["trusted"]["web"] == ["173.245.48.0/20"]


def test_a_config_that_is_not_there_has_no_values_and_is_not_as_expected() -> None:
    found = summary(None, None, None, values(VALUES))
    assert (found["exists"], found["chart_exists"], found["as_expected"]) == (False, False, False)
    assert (found["owner"], found["resource_version"], found["job"]["exists"]) == ("", "", False)


def test_where_nothing_is_expected_nothing_is_said_of_it() -> None:
    found = summary(config(VALUES), {}, None, None)
    assert (found["as_expected"], found["differences"], found["max_surge"]) == (None, [], 0)


def test_the_job_says_how_the_last_installation_went() -> None:
    found = summary(config(VALUES), {}, {"status": {"failed": 3, "active": 1}}, None)
    assert found["job"] == {"exists": True, "active": 1, "succeeded": 0, "failed": 3}


def test_who_owns_the_config_is_said() -> None:
    tracked = config(VALUES, annotations={"argocd.argoproj.io/tracking-id": "edge:helm.cattle.io/HelmChartConfig:x/y"})
    assert summary(tracked, {}, None, None)["owner"] == "Argo CD application edge"


@pytest.mark.parametrize("text", ["a: &x 1\nb: *x", "- a", "a: [", "a: " + "x" * 70000])
def test_values_that_cannot_be_compared_are_no_answer(text: str) -> None:
    with pytest.raises(ProbeError, match="valuesContent"):
        summary(config(text), {}, None, values(VALUES))


def test_structures_deeper_than_is_looked_at_are_compared_as_wholes() -> None:
    deep: Any = 1
    other: Any = 2
    for _ in range(60):
        deep, other = {"a": deep}, {"a": other}
    (path,) = differences(deep, other)
    assert path.count(".") == 39


def test_all_three_objects_are_read(tmp_path: pathlib.Path) -> None:
    base = "/apis/helm.cattle.io/v1/namespaces/kube-system"
    with wire.Wire() as server:
        server.on("GET", f"{base}/helmchartconfigs/traefik", wire.answer_json(config(VALUES)))
        server.on("GET", f"{base}/helmcharts/traefik", wire.answer_json({"metadata": meta("traefik")}))
        server.on(
            "GET",
            "/apis/batch/v1/namespaces/kube-system/jobs/helm-install-traefik",
            wire.kube_status(404, "NotFound", "no", "helm-install-traefik"),
        )
        options = {"namespace": "kube-system", "name": "traefik", "expected": VALUES}
        found = HelmChart(transport(server, tmp_path), options).ask(time.monotonic() + 10)
    assert (found["exists"], found["chart_exists"], found["as_expected"]) == (True, True, True)
    assert found["job"]["exists"] is False


def test_an_expectation_that_is_no_mapping_is_refused(tmp_path: pathlib.Path) -> None:
    with wire.Wire() as server, pytest.raises(ProbeError, match="expected"):
        HelmChart(transport(server, tmp_path), {"namespace": "n", "name": "x", "expected": "- a"})
