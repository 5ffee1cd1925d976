"""Is the estate healthy? Each condition by name, so that one sees what is still missing."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from lab import control_plane, hypervisors
from lab.console import LabError, say, wait_until
from lab.honeydue import health as honeydue
from lab.kube import Cluster, Object
from lab.settings import EDGE_HOST, HOSTS, MONITORING_NODE, NEIGHBOUR_HOST, NODES, PROMETHEUS_PORT, Node, Paths

PROMETHEUS = f"http://{MONITORING_NODE.address}:{PROMETHEUS_PORT}"
_TIMEOUT = 3.0


def conditions(cluster: Cluster, paths: Paths) -> dict[str, Callable[[], str]]:
    """Each condition of a healthy estate: its name, and a function that returns what is wrong, or nothing."""
    return {
        "nodes ready": lambda: _nodes(cluster),
        "Traefik rolled out": lambda: _traefik(cluster),
        "deployments available": lambda: _deployments(cluster),
        "edge serves on every node": lambda: _edge(paths),
        "Prometheus scrapes Traefik": _scraped,
        "hypervisors answer": lambda: hypervisors.complaints(paths),
        "Prometheus scrapes the hypervisors": _hypervisors_scraped,
        "Prometheus scrapes what is expected": _expected,
        "honeydue's edge rolled out": lambda: honeydue.edge(cluster),
        "honeydue's applications available": lambda: honeydue.applications(cluster),
        "honeydue served through Cloudflare": lambda: honeydue.served(query),
        "alerts reach every Alertmanager": _alerts,
    }


def complaints(cluster: Cluster, paths: Paths) -> list[str]:
    """What is not as it should be; nothing when the estate is healthy."""
    found = []
    for name, check in conditions(cluster, paths).items():
        try:
            problem = check()
        except (OSError, LabError, ValueError, http.client.HTTPException) as error:
            problem = str(error)
        if problem:
            found.append(f"{name}: {problem}")
    return found


def wait_healthy(cluster: Cluster, paths: Paths, timeout: float) -> None:
    """Waits until the estate is healthy; raises LabError that names what is not."""
    deadline = time.monotonic() + timeout
    told: list[str] = []
    while problems := complaints(cluster, paths):
        if time.monotonic() > deadline:
            raise LabError(f"not healthy within {timeout:.0f} s\n  " + "\n  ".join(problems))
        if told != (names := [problem.partition(":")[0] for problem in problems]):
            say(f"  not yet: {', '.join(names)}")
            told = names
        time.sleep(0.5)


def wait_firing(alert: str, timeout: float) -> None:
    """Waits until every Alertmanager holds the alert."""
    wait_until(f"{alert} fires", lambda: alert in firing_everywhere(), timeout)


def firing(url: str) -> set[str]:
    """Names of the alerts that one Alertmanager holds as active."""
    alerts = get_json(f"{url}/api/v2/alerts?active=true&silenced=true&inhibited=true")
    return {alert["labels"]["alertname"] for alert in alerts}


def firing_everywhere() -> set[str]:
    """Names of the alerts that every Alertmanager holds."""
    return set.intersection(*(firing(url) for url in control_plane.alertmanager_urls()))


def query(expression: str) -> list[Any]:
    """An instant query's result."""
    answer = get_json(f"{PROMETHEUS}/api/v1/query?{urllib.parse.urlencode({'query': expression})}")
    return list(answer["data"]["result"])


def get_json(url: str) -> Any:
    """A GET without proxy. Raises OSError (of which urllib's errors are a kind) or ValueError."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=_TIMEOUT) as response:
        return json.load(response)


def edge_status(paths: Paths, node: Node, host: str) -> int:
    """The status of https://HOST/ through one node's edge, its certificate checked against the edge's authority."""
    context = ssl.create_default_context(cafile=str(paths.pki / "edge-ca.crt"))
    with (
        socket.create_connection((node.address, 443), timeout=_TIMEOUT) as plain,
        context.wrap_socket(plain, server_hostname=host) as encrypted,
    ):
        encrypted.sendall(f"GET / HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        response = http.client.HTTPResponse(encrypted)
        response.begin()
        return response.status


def _nodes(cluster: Cluster) -> str:
    wrong = []
    nodes = {node["metadata"]["name"]: node for node in cluster.list("Node")}
    for node in NODES:
        found = nodes.get(node.name)
        if not found or not _condition(found, "Ready"):
            wrong.append(f"{node.name} is not ready")
        elif found["spec"].get("taints"):
            wrong.append(f"{node.name} is tainted")
    return ", ".join(wrong)


def _condition(found: Object, kind: str) -> bool:
    return any(c["type"] == kind and c["status"] == "True" for c in found.get("status", {}).get("conditions") or [])


def _traefik(cluster: Cluster) -> str:
    found = cluster.get("apps/v1/DaemonSet", "traefik", "traefik")
    if not found:
        return "no DaemonSet"
    status = found.get("status", {})
    if status.get("observedGeneration") != found["metadata"]["generation"]:
        return "not yet seen by its controller"
    names = ("desiredNumberScheduled", "updatedNumberScheduled", "numberReady", "numberAvailable")
    counts = {name: status.get(name) or 0 for name in names}
    return (
        "" if set(counts.values()) == {len(NODES)} else ", ".join(f"{name} {count}" for name, count in counts.items())
    )


def _deployments(cluster: Cluster) -> str:
    wrong = []
    for namespace, name in (("grafana", "grafana"), ("neighbour", "status"), ("monitoring", "prometheus-operator")):
        found = cluster.get("apps/v1/Deployment", name, namespace)
        if not found or (found.get("status", {}).get("availableReplicas") or 0) < found["spec"]["replicas"]:
            wrong.append(f"{namespace}/{name}")
    return ", ".join(wrong)


def _edge(paths: Paths) -> str:
    pairs = [(node, host) for node in NODES for host in (EDGE_HOST, NEIGHBOUR_HOST)]
    with ThreadPoolExecutor(max_workers=len(pairs)) as pool:
        answers = pool.map(lambda pair: _through(paths, *pair), pairs)
    return ", ".join(filter(None, answers))


def _through(paths: Paths, node: Node, host: str) -> str:
    """What is wrong with one node's edge for one host, or nothing."""
    try:
        status = edge_status(paths, node, host)
    except (OSError, http.client.HTTPException) as error:
        return f"{host} through {node.name}: {error}"
    return "" if status == http.HTTPStatus.OK else f"{host} through {node.name}: {status}"


def _scraped() -> str:
    up = query('sum(up{job=~".*traefik.*"})')
    count = int(float(up[0]["value"][1])) if up else 0
    return "" if count == len(NODES) else f"{count} of {len(NODES)} up"


def _hypervisors_scraped() -> str:
    up = {sample["metric"]["job"] for sample in query('up{job=~"proxmox-.*"} == 1')}
    return ", ".join(f"{host.name} is not" for host in HOSTS if f"proxmox-{host.name}" not in up)


def _expected() -> str:
    """Jobs that are down or missing, whether or not that is long enough for an alert."""
    about = query('ALERTS{alertname=~"TargetDown|PrometheusTargetMissing"}')
    return ", ".join(sorted({f"{alert['metric']['alertname']} {alert['metric'].get('job')}" for alert in about}))


def _alerts() -> str:
    wrong = []
    for url in control_plane.alertmanager_urls():
        names = firing(url)
        if "Watchdog" not in names:
            wrong.append(f"no Watchdog in {url}")
        if others := names - {"Watchdog"}:
            wrong.append(f"firing in {url}: {', '.join(sorted(others))}")
    return ", ".join(wrong)
