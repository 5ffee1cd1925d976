"""What runs in the cluster: the manifests, in the order in which they can be applied."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import yaml

from lab import proxmox
from lab.console import wait_until
from lab.kube import Cluster, Object
from lab.settings import SOURCE, Paths

MANIFESTS = ("identities", "traefik", "backends", "monitoring", "proxmox", "scraping", "argocd", "applications")
_FIRST = (
    "Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "IngressClass",
    "Secret", "ConfigMap",
)  # fmt: skip
_CRD_KIND = "apiextensions.k8s.io/v1/CustomResourceDefinition"


@cache
def _documents(manifest: str) -> tuple[Object, ...]:
    text = (SOURCE / "manifests" / f"{manifest}.yaml").read_text(encoding="utf-8")
    return tuple(document for document in yaml.safe_load_all(text) if document)


def document(kind: str, name: str) -> Object:
    """A fresh copy of one object as the manifests have it. Raises KeyError where there is none."""
    for candidate in _all():
        if (candidate["kind"], candidate["metadata"]["name"]) == (kind, name):
            return dict(json.loads(json.dumps(candidate)))
    raise KeyError(f"{kind}/{name}")


def has(kind: str, name: str) -> bool:
    """Whether the manifests have such an object."""
    return any((entry["kind"], entry["metadata"]["name"]) == (kind, name) for entry in _all())


def prepare(cluster: Cluster, paths: Paths, definitions: Path) -> None:
    """Applies everything that needs no image; ``definitions`` holds the operator's resource definitions as JSON."""
    custom = json.loads(definitions.read_text(encoding="utf-8"))
    for entry in custom:
        cluster.create(entry)
    early = sorted((entry for entry in _all() if _is_early(entry)), key=lambda entry: _FIRST.index(entry["kind"]))
    for entry in [*early, _edge_certificate(paths), *proxmox.objects(paths)]:
        cluster.apply(entry)
    for entry in custom:
        _wait_for_definition(cluster, entry["metadata"]["name"])


def apply_workloads(cluster: Cluster) -> None:
    """Applies the rest. The images have to be there: a kubelet that misses one tries again only after a while."""
    for entry in sorted(_all(), key=lambda entry: entry["metadata"].get("namespace") != "monitoring"):
        if not _is_early(entry):
            cluster.apply(entry)


def _all() -> list[Object]:
    return [entry for manifest in MANIFESTS for entry in _documents(manifest)]


def _is_early(entry: Object) -> bool:
    return entry["kind"] in _FIRST


def _wait_for_definition(cluster: Cluster, name: str) -> None:
    def established() -> bool:
        found = cluster.get(_CRD_KIND, name) or {}
        return any(c["type"] == "Established" and c["status"] == "True" for c in _conditions(found))

    wait_until(f"{name} is established", established, timeout=30, every=0.1)


def _conditions(found: Object) -> Iterator[Object]:
    yield from found.get("status", {}).get("conditions") or []


def _edge_certificate(paths: Paths) -> Object:
    files = {"tls.crt": paths.pki / "edge.crt", "tls.key": paths.pki / "edge.key"}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "edge-certificate", "namespace": "traefik"},
        "type": "kubernetes.io/tls",
        "data": {name: base64.b64encode(file.read_bytes()).decode() for name, file in files.items()},
    }
