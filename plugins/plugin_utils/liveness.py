# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the process of an earlier sweep is still there, and what is to be done if it is not.

Claims of a sweep that was killed would run out by themselves; on the same host its work need not wait for that, and
nobody else clears away what it left on the disk.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import shutil
import time
from pathlib import Path

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger

_OWNER = "run.json"
"""In a run's folder: whose it is."""

_ROUNDING = 2.0
"""Seconds by which a start time computed from clock ticks may be off."""


def abandon_the_dead(ledger: Ledger, host: str, now: float) -> list[str]:
    """Ends the sweeps of this host whose process is gone; returns their ids. Their episodes are due at once.

    A sweep's start is by the ledger's clock, a process's by this machine's: they may differ.
    """
    ahead = ledger.now() - time.time()
    dead = [
        sweep
        for sweep in ledger.sweeps(limit=1000, unfinished=True)
        if sweep.host == host and not is_alive(sweep.pid, sweep.started_at - ahead)
    ]
    for sweep in dead:
        ledger.abandon_sweep(sweep.id, f"process {sweep.pid} on {host} is gone", now)
    return [sweep.id for sweep in dead]


def controller() -> int:
    """The process of this run's ansible-playbook, dead or alive.

    Plugins run in its workers. A worker that has outlived it has another parent by now (the first process of the
    machine, which never dies), so what counts is whom it was forked from.
    """
    parent = multiprocessing.parent_process()
    return os.getppid() if parent is None or parent.pid is None else parent.pid


def sign(folder: Path, pid: int) -> None:
    """Notes in a run's folder which process it belongs to."""
    (folder / _OWNER).write_text(json.dumps({"host": platform.node(), "pid": pid, "at": time.time()}), encoding="utf-8")


def clear_after_the_dead(folders: Path, name: str) -> list[Path]:
    """Removes the folders ``folders/*/name`` that runs of this host have left behind when they were killed; returns
    them. They hold alert texts, and credentials that are good for some minutes more."""
    left = [signed.parent for signed in folders.glob(f"*/{name}/{_OWNER}") if not _is_used(signed)]
    for folder in left:
        shutil.rmtree(folder, ignore_errors=True)
    return left


def _is_used(signed: Path) -> bool:
    """Whether the run that signed is there; also where that cannot be read, or is another host's to know."""
    try:
        owner = json.loads(signed.read_text(encoding="utf-8"))
        return owner["host"] != platform.node() or is_alive(int(owner["pid"]), float(owner["at"]))
    except (OSError, ValueError, KeyError, TypeError):
        return True


def is_alive(pid: int, started_by: float) -> bool:
    """Whether the process that was ``pid`` at ``started_by`` (this machine's clock) still is, and not another one."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        boot = next(line for line in Path("/proc/stat").read_text(encoding="ascii").splitlines() if "btime" in line)
    except (OSError, StopIteration):
        return _answers_signals(pid)
    if fields[0] == "Z":
        return False
    started = float(boot.split()[1]) + int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return started <= started_by + _ROUNDING


def _answers_signals(pid: int) -> bool:
    """The portable answer where there is no /proc."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
