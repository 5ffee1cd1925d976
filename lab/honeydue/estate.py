"""What honeydue has in the cluster, in the order in which it can be applied."""

from __future__ import annotations

import base64
import json
from functools import cache

import yaml

from lab.console import wait_until
from lab.honeydue import chart, settings
from lab.kube import Cluster, Object
from lab.settings import NODES, SOURCE, Paths

_DEFINITIONS = ("helmcharts.helm.cattle.io", "helmchartconfigs.helm.cattle.io")
_EARLY = ("Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "Secret")


@cache
def _documents() -> tuple[Object, ...]:
    text = (SOURCE / "manifests" / "honeydue.yaml").read_text(encoding="utf-8")
    return tuple(document for document in yaml.safe_load_all(text) if document)


def document(kind: str, name: str) -> Object:
    """A fresh copy of one object as the manifest has it; a HelmChart with its chart. Raises KeyError for none."""
    for candidate in _documents():
        if (candidate["kind"], candidate["metadata"]["name"]) == (kind, name):
            found = dict(json.loads(json.dumps(candidate)))
            if kind == "HelmChart":
                found["spec"]["chartContent"] = chart.content(name)
            return found
    raise KeyError(f"{kind}/{name}")


def prepare(cluster: Cluster, paths: Paths) -> None:
    """Applies what needs neither an image nor a definition of helm-controller's."""
    early = [entry for entry in _documents() if entry["kind"] in _EARLY]
    for entry in sorted(early, key=lambda entry: _EARLY.index(entry["kind"])):
        cluster.apply(entry)
    cluster.apply(_origin_certificate(paths))


def apply_workloads(cluster: Cluster) -> None:
    """Applies the rest, once helm-controller has brought its definitions. The images have to be there."""
    for node in NODES:
        label(cluster, node.name, "true")
    for name in _DEFINITIONS:
        wait_until(f"{name} is established", lambda name=name: _established(cluster, name), timeout=60)  # type: ignore[misc]
    for entry in _documents():
        if entry["kind"] not in _EARLY:
            cluster.apply(document(entry["kind"], entry["metadata"]["name"]))


def label(cluster: Cluster, node: str, value: str | None) -> None:
    """Makes a node one of the edge's, or with None none of them."""
    cluster.patch("Node", node, {"metadata": {"labels": {settings.EDGE_LABEL: value}}})


def install(cluster: Cluster) -> None:
    """Applies HelmChart and HelmChartConfig as the manifest has them, and has the chart installed once more."""
    for kind in ("HelmChart", "HelmChartConfig"):
        cluster.apply(document(kind, settings.CHART))
    cluster.delete("batch/v1/Job", settings.INSTALL_JOB, settings.SYSTEM)


def installed(cluster: Cluster) -> bool:
    """Whether Helm's job is done."""
    job = cluster.get("batch/v1/Job", settings.INSTALL_JOB, settings.SYSTEM) or {}
    conditions = job.get("status", {}).get("conditions") or []
    return any(entry["type"] == "Complete" and entry["status"] == "True" for entry in conditions)


def _established(cluster: Cluster, name: str) -> bool:
    found = cluster.get("apiextensions.k8s.io/v1/CustomResourceDefinition", name) or {}
    conditions = found.get("status", {}).get("conditions") or []
    return any(entry["type"] == "Established" and entry["status"] == "True" for entry in conditions)


def _origin_certificate(paths: Paths) -> Object:
    """What the edge shows to Cloudflare."""
    files = {"tls.crt": paths.pki / "origin.crt", "tls.key": paths.pki / "origin.key"}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "cloudflare-origin-cert", "namespace": settings.NAMESPACE},
        "type": "kubernetes.io/tls",
        "data": {name: base64.b64encode(file.read_bytes()).decode() for name, file in files.items()},
    }
