"""One look at the whole lab."""

from __future__ import annotations

from lab import control_plane, faults, health
from lab.console import LabError
from lab.kube import Cluster, Object, cluster_of
from lab.settings import NODES, Paths
from lab.supervisor import Supervisor


def show(paths: Paths) -> int:
    """Prints programs, nodes, pods, alerts, faults in force and what is not healthy; 0 when all is."""
    cluster = cluster_of(paths)
    _programs("machine", Supervisor(paths.supervisor_socket))
    for node in NODES:
        _programs(node.name, Supervisor(paths.node_supervisor_socket(node)))
    _pods(cluster)
    for url in control_plane.alertmanager_urls():
        _alerts(url)
    print("faults     ", ", ".join(faults.active(paths)) or "none")
    problems = health.complaints(cluster, paths)
    print("healthy    ", "yes" if not problems else "no\n  " + "\n  ".join(problems))
    return 1 if problems else 0


def _programs(place: str, supervisor: Supervisor) -> None:
    try:
        states = [f"{entry['name']} {entry['statename'].lower()}" for entry in supervisor.programs()]
    except (OSError, LabError) as error:
        states = [f"does not answer: {error}"]
    print(f"{place:11}", ", ".join(states))


def _pods(cluster: Cluster) -> None:
    try:
        pods = cluster.list("Pod")
    except LabError as error:
        print("pods       ", error)
        return
    for pod in pods:
        containers = pod.get("status", {}).get("containerStatuses") or []
        ready = sum(bool(container["ready"]) for container in containers)
        restarts = sum(container["restartCount"] for container in containers)
        name = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
        place = pod["spec"].get("nodeName", "no node")
        total = len(pod["spec"]["containers"])
        print(f"pod         {name:48} {place:9} {ready}/{total} {_state(pod):18} restarts {restarts}")


def _state(pod: Object) -> str:
    for container in pod.get("status", {}).get("containerStatuses") or []:
        if waiting := container.get("state", {}).get("waiting"):
            return str(waiting.get("reason", "Waiting"))
    return str(pod.get("status", {}).get("phase", "Unknown"))


def _alerts(url: str) -> None:
    try:
        text = ", ".join(sorted(health.firing(url))) or "none"
    except (OSError, ValueError) as error:
        text = f"does not answer: {error}"
    print("alerts     ", f"{url}: {text}")
