"""Proves that ``down`` leaves nothing behind: compares the machine with what it was before ``up``."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from lab import cgroups, cleanup
from lab.settings import Paths
from lab.shell import run

_DIRECTORIES = (
    "/run",
    "/run/netns",
    "/run/containerd",
    "/var/lib",
    "/var/lib/cni",
    "/var/log",
    "/opt",
    "/etc",
    "/usr/sbin",
)


def remember(paths: Paths) -> None:
    """Writes down what is there before the lab starts."""
    paths.cache.mkdir(parents=True, exist_ok=True)
    paths.snapshot.write_text(json.dumps({kind: sorted(look()) for kind, look in _WITNESSES.items()}), encoding="utf-8")


def find(paths: Paths) -> list[str]:
    """What is there now and was not before ``up``, one line each; and any process of the lab's."""
    before = json.loads(paths.snapshot.read_text(encoding="utf-8")) if paths.snapshot.exists() else {}
    found = [f"process {pid}" for pid in cleanup.processes(paths)]
    if paths.run.exists():
        found.append(f"directory {paths.run}")
    for kind, look in _WITNESSES.items():
        if kind in before:
            found += [f"{kind} {entry}" for entry in sorted(look() - set(before[kind]))]
    return found


def _mounts() -> set[str]:
    return {line.split()[1] for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()}


def _ip(*arguments: str) -> set[str]:
    return set(run(["ip", "-oneline", *arguments], check=False).stdout.splitlines())


def _links() -> set[str]:
    return {line.split(":")[1].strip() for line in _ip("link", "show")}


def _tables() -> set[str]:
    return set(run(["nft", "list", "tables"], check=False).stdout.splitlines()) if shutil.which("nft") else set()


def _cgroups() -> set[str]:
    return {str(group) for hierarchy in cgroups.hierarchies() for group in hierarchy.glob("*/") if group.is_dir()}


def _files() -> set[str]:
    return {str(entry) for directory in _DIRECTORIES for entry in Path(directory).glob("*")}


_WITNESSES: dict[str, Callable[[], set[str]]] = {
    "mount": _mounts,
    "link": _links,
    "address": lambda: _ip("address", "show"),
    "route": lambda: _ip("route", "show"),
    "network namespace": lambda: _ip("netns", "list"),
    "nftables": _tables,
    "control group": _cgroups,
    "file": _files,
}
