"""Shows the logs of the lab's programs and of Traefik's pods."""

from __future__ import annotations

from collections import deque
from pathlib import Path

from lab.console import LabError
from lab.kube import cluster_of
from lab.settings import Paths


def show(paths: Paths, name: str | None, tail: int) -> None:
    """Prints the last lines of one log; without a name, the names there are."""
    files = programs(paths)
    if name is None:
        print("\n".join([*sorted(files), "traefik"]))
    elif name == "traefik":
        _traefik(paths, tail)
    elif name in files:
        with files[name].open(encoding="utf-8", errors="replace") as stream:
            print("".join(deque(stream, maxlen=tail)), end="")
    else:
        raise LabError(f"no log {name!r}; there are: {', '.join(sorted(files))}, traefik")


def programs(paths: Paths) -> dict[str, Path]:
    """Log files by name: ``etcd``, ``hetzner1/kubelet`` …"""
    return {str(file.relative_to(paths.logs).with_suffix("")): file for file in paths.logs.rglob("*.log")}


def _traefik(paths: Paths, tail: int) -> None:
    cluster = cluster_of(paths)
    for pod in cluster.list("Pod", "traefik"):
        print(f"--- {pod['metadata']['name']} on {pod['spec'].get('nodeName', 'no node')}")
        try:
            print(cluster.logs("traefik", pod["metadata"]["name"], tail=tail), end="")
        except LabError as error:
            print(error)
