"""What runs in the cluster: the manifests, in the order in which they can be applied."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import yaml

from lab.console import side_by_side, wait_until
from lab.kube import Cluster, Object
from lab.settings import SOURCE, Paths

MANIFESTS = ("identities", "traefik", "backends", "monitoring")
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
    for manifest in MANIFESTS:
        for candidate in _documents(manifest):
            if (candidate["kind"], candidate["metadata"]["name"]) == (kind, name):
                return dict(json.loads(json.dumps(candidate)))
    raise KeyError(f"{kind}/{name}")


def apply(cluster: Cluster, paths: Paths, definitions: Path) -> None:
    """Brings the cluster to what the manifests say; ``definitions`` holds the operator's resource definitions as JSON."""
    custom = [entry for entry in json.loads(definitions.read_text(encoding="utf-8"))]
    documents = [entry for manifest in MANIFESTS for entry in _documents(manifest)]
    early = sorted((entry for entry in documents if entry["kind"] in _FIRST), key=lambda entry: _FIRST.index(entry["kind"]))
    late = [entry for entry in documents if entry["kind"] not in _FIRST and not _is_custom(entry)]
    for entry in [*early, _edge_certificate(paths)]:
        cluster.apply(entry)
    side_by_side(
        lambda: [cluster.create(entry) for entry in custom],
        lambda: [cluster.apply(entry) for entry in late],
    )
    for entry in custom:
        _wait_for_definition(cluster, entry["metadata"]["name"])
    for entry in filter(_is_custom, documents):
        cluster.apply(entry)


def _is_custom(entry: Object) -> bool:
    return str(entry["apiVersion"]).startswith("monitoring.coreos.com/")


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
