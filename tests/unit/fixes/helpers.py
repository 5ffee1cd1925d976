# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Kubernetes objects as the API server gives them, as small as a test needs them."""

from __future__ import annotations

import copy
from typing import Any

Json = dict[str, Any]

UID = "d5-uid"
LABELS = {"app.kubernetes.io/name": "traefik"}


def template(*args: str, annotations: dict[str, str] | None = None) -> Json:
    """A pod template with one container."""
    made: Json = {
        "metadata": {"labels": dict(LABELS)},
        "spec": {"containers": [{"name": "traefik", "image": "traefik:3.7", "args": list(args)}]},
    }
    if annotations:
        made["metadata"]["annotations"] = annotations
    return made


def workload(kind: str = "DaemonSet", pod_template: Json | None = None, **status: Any) -> Json:
    """A workload of three pods whose controller has taken notice of its generation 3."""
    made: Json = {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {
            "name": "traefik",
            "namespace": "traefik",
            "uid": UID,
            "resourceVersion": "812",
            "generation": 3,
            "labels": dict(LABELS),
            "annotations": {"meta.helm.sh/release-name": "edge"},
        },
        "spec": {"selector": {"matchLabels": dict(LABELS)}, "template": pod_template or template("--ping")},
        "status": {"observedGeneration": 3, **status},
    }
    if kind != "DaemonSet":
        made["spec"]["replicas"] = 3
    return made


def rolled_out(thing: Json) -> Json:
    """The workload once its controller is done with the template that it has."""
    done = copy.deepcopy(thing)
    counts = {
        "DaemonSet": ("desiredNumberScheduled", "updatedNumberScheduled", "numberAvailable", "numberReady"),
        "Deployment": ("replicas", "updatedReplicas", "availableReplicas", "readyReplicas"),
        "StatefulSet": ("replicas", "updatedReplicas", "readyReplicas"),
    }
    done["status"] = {"observedGeneration": done["metadata"]["generation"]}
    done["status"].update(dict.fromkeys(counts[done["kind"]], 3))
    return done


def pod(
    name: str,
    node: str = "hetzner1",
    annotations: dict[str, str] | None = None,
    labels: dict[str, str] | None = None,
    ready: bool = True,
    deleting: bool = False,
    state: Json | None = None,
    restarts: int = 0,
    last_exit: Json | None = None,
    owner: str = UID,
) -> Json:
    """A pod created at 12:00:00 and, if it is ready, ready since 12:00:03."""
    made: Json = {
        "metadata": {
            "name": name,
            "namespace": "traefik",
            "creationTimestamp": "2026-11-21T12:00:00Z",
            "labels": {**LABELS, **(labels or {})},
            "annotations": annotations or {},
            "ownerReferences": [{"uid": owner, "controller": True}],
        },
        "spec": {"nodeName": node},
        "status": {
            "phase": "Running",
            "conditions": [
                {
                    "type": "Ready",
                    "status": "True" if ready else "False",
                    "reason": None if ready else "ContainersNotReady",
                    "lastTransitionTime": "2026-11-21T12:00:03Z",
                }
            ],
            "containerStatuses": [
                {
                    "name": "traefik",
                    "restartCount": restarts,
                    "state": state or {"running": {}},
                    "lastState": {"terminated": last_exit} if last_exit else {},
                }
            ],
        },
    }
    if deleting:
        made["metadata"]["deletionTimestamp"] = "2026-11-21T12:01:00Z"
    return made


def crash_looping(name: str, **kwargs: Any) -> Json:
    """A pod whose program exits at once."""
    return pod(
        name,
        ready=False,
        state={"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s restarting failed container"}},
        restarts=2,
        last_exit={"exitCode": 1, "reason": "Error"},
        **kwargs,
    )


def controller_revision(number: int, digest: str, pod_template: Json, owner: str = UID) -> Json:
    """One revision of a DaemonSet."""
    return {
        "metadata": {
            "name": f"traefik-{digest}",
            "labels": {**LABELS, "controller-revision-hash": digest},
            "ownerReferences": [{"uid": owner}],
        },
        "revision": number,
        "data": {"spec": {"template": {**copy.deepcopy(pod_template), "$patch": "replace"}}},
    }


def replica_set(number: int, digest: str, pod_template: Json, change_cause: str = "", owner: str = UID) -> Json:
    """One revision of a Deployment."""
    made = copy.deepcopy(pod_template)
    made["metadata"]["labels"]["pod-template-hash"] = digest
    annotations = {"deployment.kubernetes.io/revision": str(number)}
    if change_cause:
        annotations["kubernetes.io/change-cause"] = change_cause
    return {
        "metadata": {
            "name": f"traefik-{digest}",
            "labels": {**LABELS, "pod-template-hash": digest},
            "annotations": annotations,
            "ownerReferences": [{"uid": owner}],
        },
        "spec": {"template": made},
    }


def service_monitor(**spec: Any) -> Json:
    """A ServiceMonitor of one endpoint."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "ServiceMonitor",
        "metadata": {"name": "traefik", "namespace": "traefik", "resourceVersion": "55", "generation": 1, "labels": {}},
        "spec": {
            "selector": {"matchLabels": {"app": "typo", "tier": "edge"}},
            "endpoints": [{"port": "metricz", "interval": "30s", "path": "/metrics"}],
            "jobLabel": "app",
            **spec,
        },
    }
