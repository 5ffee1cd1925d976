"""The whole estate as one fingerprint for each object: ``python -m tests.scenarios.estate``.

Two of them differ in exactly those objects that somebody changed in between. A fingerprint holds what people write
(labels, annotations, specification, data) and which object it is, and nothing of what the cluster says about it by
itself. Pods and revisions of one owner are one entry, because their names are made up: which pods they are, and how
often each restarted. It begins with the object's generation, which counts the changes of its specification.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections import defaultdict

from lab.kube import Cluster, Object
from lab.settings import Paths

KINDS = (
    *("Namespace", "Node", "Service", "ConfigMap", "Secret", "ServiceAccount", "Pod"),
    *("apps/v1/DaemonSet", "apps/v1/Deployment", "apps/v1/StatefulSet"),
    *("apps/v1/ReplicaSet", "apps/v1/ControllerRevision"),
    "batch/v1/Job",
    *("networking.k8s.io/v1/Ingress", "networking.k8s.io/v1/IngressClass", "networking.k8s.io/v1/NetworkPolicy"),
    *("rbac.authorization.k8s.io/v1/Role", "rbac.authorization.k8s.io/v1/RoleBinding"),
    *("rbac.authorization.k8s.io/v1/ClusterRole", "rbac.authorization.k8s.io/v1/ClusterRoleBinding"),
    *("monitoring.coreos.com/v1/ServiceMonitor", "monitoring.coreos.com/v1/PrometheusRule"),
    *("monitoring.coreos.com/v1/Prometheus", "monitoring.coreos.com/v1/PodMonitor"),
    "monitoring.coreos.com/v1alpha1/ScrapeConfig",
    *("helm.cattle.io/v1/HelmChart", "helm.cattle.io/v1/HelmChartConfig"),
)
_OWN = ("status", "managedFields", "resourceVersion", "generation")
_KEPT = re.compile(r"^(oncall-remedy-kept-.*)-[0-9a-f]{10}$")


def fingerprints(cluster: Cluster) -> dict[str, str]:
    """Each object, or owner of pods and revisions, by name: its generation and a digest of it."""
    found: dict[str, list[Object]] = defaultdict(list)
    for kind in KINDS:
        word = kind.rpartition("/")[2]
        for thing in cluster.list(kind):
            found[_name(word, thing)].append({**thing, "kind": word})
    return {name: _fingerprint(things) for name, things in sorted(found.items())}


def _name(kind: str, thing: Object) -> str:
    metadata = thing["metadata"]
    namespace = f"{metadata['namespace']}/" if "namespace" in metadata else ""
    if kind == "Secret" and thing.get("type") == "helm.sh/release.v1":
        return f"Helm's releases {namespace}{metadata['labels']['name']}"  # one Secret for each revision
    owner = next(iter(metadata.get("ownerReferences", [])), None)
    revision = metadata.get("labels", {}).get("pod-template-hash")
    if owner and kind == "Pod" and revision:  # of a ReplicaSet, whose name ends in it
        return f"Pods of Deployment {namespace}{owner['name'].removesuffix(f'-{revision}')}"
    if owner and kind in ("Pod", "ControllerRevision"):
        return f"{kind}s of {owner['kind']} {namespace}{owner['name']}"
    # A copy that a remedy kept is named after its incident, too.
    kept = _KEPT.match(metadata["name"])
    return f"{kind} {namespace}{kept[1] if kept else metadata['name']}"


def _written(thing: Object) -> Object:
    metadata = thing["metadata"]
    if thing["kind"] == "Pod":
        statuses = thing.get("status", {}).get("containerStatuses", [])
        return {"uid": metadata["uid"], "restarts": [status["restartCount"] for status in statuses]}
    rest = {key: value for key, value in thing.items() if key not in ("metadata", *_OWN)}
    return {**rest, "metadata": {key: value for key, value in metadata.items() if key not in _OWN}}


def _fingerprint(things: list[Object]) -> str:
    generation = max(thing["metadata"].get("generation", 0) for thing in things)
    text = "\n".join(sorted(json.dumps(_written(thing), sort_keys=True) for thing in things))
    return f"{generation} {hashlib.sha256(text.encode()).hexdigest()[:16]}"


if __name__ == "__main__":
    json.dump(fingerprints(Cluster(Paths.from_environment())), sys.stdout, indent=1)
