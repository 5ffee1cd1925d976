"""Removes whatever a lab left, however it ended: processes, mounts, network, control groups and files.

Works from what the kernel shows, not from records: a lab that was killed half-way has none.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

from lab import cgroups, network, nodes, supervisor
from lab.console import wait_until
from lab.settings import Paths
from lab.shell import run


def remove_everything(paths: Paths) -> None:
    """Leaves nothing of the lab but its cache. Safe to call when there is nothing."""
    _end_processes(paths)
    _unmount(paths)
    network.down()
    cgroups.remove()
    shutil.rmtree(paths.run, ignore_errors=True)
    for directory in nodes.ONLY_ON_NODES:
        _remove_if_empty(directory)


def processes(paths: Paths) -> list[int]:
    """Process ids of the lab: those in its control groups, and those that inherited its supervisor's mark."""
    mark = supervisor.mark(paths).encode()
    return sorted(pid for pid in _pids() if cgroups.holds(pid) or mark in _read(pid, "environ").split(b"\0"))


def mounts(paths: Paths) -> list[str]:
    """Mount points in the lab's run directory, innermost first."""
    points = [line.split()[1] for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()]
    return sorted((point for point in points if point.startswith(f"{paths.run}/")), reverse=True)


def _end_processes(paths: Paths) -> None:
    def gone() -> bool:
        found = processes(paths)
        for pid in found:
            _signal(pid, signal.SIGKILL)
        return not found

    wait_until("the lab's processes end", gone, timeout=30, every=0.1)


def _pids() -> Iterator[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _read(pid: int, name: str) -> bytes:
    try:
        return Path("/proc", str(pid), name).read_bytes()
    except OSError:
        return b""


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _unmount(paths: Paths) -> None:
    for point in mounts(paths):
        run(["umount", "--lazy", point], check=False)


def _remove_if_empty(directory: Path) -> None:
    with contextlib.suppress(OSError):
        directory.rmdir()
