"""Is honeydue as it should be? Read from the cluster, and from what Prometheus sees of its pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lab.honeydue import estate, settings
from lab.kube import Cluster
from lab.settings import NODES

Query = Callable[[str], list[Any]]


def edge(cluster: Cluster) -> str:
    """What is wrong with the edge: its chart's job, and its pods."""
    if not estate.installed(cluster):
        return f"job {settings.INSTALL_JOB} is not done"
    found = cluster.get("apps/v1/DaemonSet", "traefik", settings.SYSTEM)
    if not found:
        return "no DaemonSet"
    status = found.get("status", {})
    if status.get("observedGeneration") != found["metadata"]["generation"]:
        return "not yet seen by its controller"
    names = ("desiredNumberScheduled", "updatedNumberScheduled", "numberReady")
    counts = {name: status.get(name) or 0 for name in names}
    return (
        "" if set(counts.values()) == {len(NODES)} else ", ".join(f"{name} {count}" for name, count in counts.items())
    )


def served(query: Query) -> str:
    """What is wrong with the pages as visitors see them, and with the nodes as Cloudflare does."""
    wrong = []
    pages = _values(query('probe_success{job="honeydue-sites"}'), "host")
    wrong += [f"no page of {host}" for host in (settings.API_HOST, settings.ADMIN_HOST) if pages.get(host) != 1]
    nodes = _values(query('cloudflare_pool_origin_health_status{job="honeydue-cloudflare"}'), "origin_name")
    wrong += [f"Cloudflare does not reach {node.name}" for node in NODES if nodes.get(node.name) != 1]
    edges = _values(query('up{job="honeydue-edge"}'), "node")
    wrong += [f"Traefik of {node.name} is not scraped" for node in NODES if edges.get(node.name) != 1]
    return ", ".join(wrong)


def applications(cluster: Cluster) -> str:
    """Which Deployments are not available."""
    wrong = []
    for name in ("api", "admin"):
        found = cluster.get("apps/v1/Deployment", name, settings.NAMESPACE)
        if not found or (found.get("status", {}).get("availableReplicas") or 0) < found["spec"]["replicas"]:
            wrong.append(f"{settings.NAMESPACE}/{name}")
    return ", ".join(wrong)


def _values(result: list[Any], label: str) -> dict[str, float]:
    return {series["metric"].get(label, ""): float(series["value"][1]) for series in result}
