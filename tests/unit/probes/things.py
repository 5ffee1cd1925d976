"""Objects of the Kubernetes API as the probes' tests need them: right in shape, small, each part to be chosen."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

NOW = 1_795_000_000.0
"""The tests' present: 2026-11-18T11:06:40Z."""
AGO_1M, AGO_1H = "2026-11-18T11:05:40Z", "2026-11-18T10:06:40Z"


def meta(name: str, namespace: str = "traefik", **more: Any) -> Json:
    return {"name": name, "namespace": namespace, "uid": f"uid-{name}", "resourceVersion": "7", **more}


def container(**more: Any) -> Json:
    return {"name": "traefik", "restartCount": 0, "ready": False, "state": {"running": {}}, **more}


def pod(
    name: str, *statuses: Json, ready: bool = False, phase: str = "Running", node: str = "n1", **metadata: Any
) -> Json:
    conditions = [{"type": "Ready", "status": "True" if ready else "False", "reason": "" if ready else "NotReady"}]
    return {
        "metadata": meta(name, **metadata),
        "spec": {"nodeName": node, "containers": [{"name": "traefik"}]},
        "status": {"phase": phase, "conditions": conditions, "containerStatuses": list(statuses)},
    }


def service(name: str = "traefik", labels: Json | None = None, **spec: Any) -> Json:
    ports = [{"name": "web", "port": 80, "targetPort": "web"}, {"name": "metrics", "port": 9101}]
    body = {"clusterIP": "10.0.0.1", "ports": ports, "selector": {"app": "traefik"}, **spec}
    return {"metadata": meta(name, labels=labels or {"app": "traefik"}), "spec": body}


def template(*args: str, image: str = "traefik:3") -> Json:
    return {"metadata": {}, "spec": {"containers": [{"name": "traefik", "image": image, "args": list(args)}]}}


def daemonset(*args: str, **more: Any) -> Json:
    status = {
        "desiredNumberScheduled": 3,
        "currentNumberScheduled": 3,
        "numberReady": 2,
        "numberAvailable": 2,
        "updatedNumberScheduled": 1,
        "observedGeneration": 4,
    }
    return {
        "metadata": meta("traefik", generation=4),
        "spec": {"selector": {"matchLabels": {"app": "traefik"}}, "template": template(*args)},
        "status": {**status, **more},
    }


def controller_revision(number: int, *args: str, of: str = "uid-traefik") -> Json:
    return {
        "metadata": meta(
            f"traefik-{number}",
            creationTimestamp=AGO_1H,
            labels={"controller-revision-hash": f"hash{number}"},
            ownerReferences=[{"uid": of, "controller": True, "kind": "DaemonSet", "name": "traefik"}],
        ),
        "revision": number,
        "data": {"spec": {"template": template(*args)}},
    }


def monitor(name: str = "traefik", namespace: str = "traefik", **spec: Any) -> Json:
    body = {"selector": {"matchLabels": {"app": "traefik"}}, "endpoints": [{"port": "metrics"}], **spec}
    return {"metadata": meta(name, namespace), "spec": body}
