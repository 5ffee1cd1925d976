"""The control groups under which the lab's containers and hosts run: of the unified hierarchy or of the older ones."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from lab.settings import SYSTEMS, Machine

_MOUNT = Path("/sys/fs/cgroup")
_TOP = "oncall-remedy-lab"


def of(machine: Machine) -> str:
    """The group of a node, as its kubelet names it, or of a host."""
    return f"/{_TOP}/{machine.name}"


def create() -> None:
    """Makes each machine's group in every hierarchy: a kubelet wants the root of its pods to exist."""
    for hierarchy in hierarchies():
        for machine in SYSTEMS:
            _create(hierarchy, hierarchy / of(machine).lstrip("/"))


def enter(group: str) -> None:
    """Moves this process, and so all that it will start, into a group in every hierarchy."""
    for hierarchy in hierarchies():
        (hierarchy / group.lstrip("/") / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")


def hierarchies() -> list[Path]:
    """Roots of the control group hierarchies of this machine."""
    if (_MOUNT / "cgroup.controllers").exists():
        return [_MOUNT]
    return [entry for entry in sorted(_MOUNT.glob("*")) if entry.is_dir() and not entry.is_symlink()]


def groups(top: str = f"/{_TOP}") -> Iterator[Path]:
    """The lab's groups, or those from one of them on, innermost first."""
    for hierarchy in hierarchies():
        for directory, _, _ in os.walk(hierarchy / top.lstrip("/"), topdown=False):
            yield Path(directory)


def holds(pid: int) -> bool:
    """Whether a process is in one of the lab's groups."""
    try:
        lines = Path("/proc", str(pid), "cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    return any(line.split(":", 2)[-1].startswith(f"/{_TOP}/") for line in lines)


def processes(container: str) -> list[int]:
    """Process ids of one container, by its id, as this machine numbers them."""
    found: set[int] = set()
    for group in groups():
        if container in group.name:
            found.update(int(line) for line in (group / "cgroup.procs").read_text(encoding="ascii").split())
    return sorted(found)


def clear(machine: Machine) -> None:
    """Removes what a machine's earlier life left in its group, as a reboot does.

    A kubelet takes each group of its pods for a container. Once a minute it asks containerd about those that it does
    not know, for 3 s each, and meanwhile answers nobody who scrapes it.
    """
    _remove(directory for directory in groups(of(machine)) if directory.name != machine.name)


def remove() -> None:
    """Removes the lab's groups; one that still holds a process stays."""
    _remove(groups())


def _remove(directories: Iterable[Path]) -> None:
    for directory in directories:
        try:
            directory.rmdir()
        except OSError:
            continue


def _create(hierarchy: Path, group: Path) -> None:
    """Makes a group and its parents; each hands its controllers or processors on, which it does not by itself."""
    current = hierarchy
    for name in group.relative_to(hierarchy).parts:
        child = current / name
        child.mkdir(exist_ok=True)
        for file in ("cpuset.cpus", "cpuset.mems"):
            if (child / "cpuset.mem_exclusive").exists() and not (child / file).read_text(encoding="ascii").strip():
                (child / file).write_text((current / file).read_text(encoding="ascii"), encoding="ascii")
        if (current / "cgroup.subtree_control").exists() and (current / "cgroup.controllers").exists():
            _delegate(current)
        current = child


def _delegate(group: Path) -> None:
    for controller in (group / "cgroup.controllers").read_text(encoding="ascii").split():
        try:
            (group / "cgroup.subtree_control").write_text(f"+{controller}", encoding="ascii")
        except OSError:
            continue  # a controller that is bound to the older hierarchies cannot be handed on
