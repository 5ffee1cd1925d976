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
from pathlib import Path

from ansible_collections.oncall.remedy.plugins.module_utils import process
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Sweep

_OWNER = "run.json"
"""In a run's folder: whose it is."""


def abandon_the_dead(ledger: Ledger, host: str, now: float) -> list[str]:
    """Ends the sweeps of this host whose process is gone; returns their ids. Their episodes are due at once."""
    dead = [sweep for sweep in ledger.sweeps(limit=1000, unfinished=True) if is_dead(sweep, host)]
    for sweep in dead:
        ledger.abandon_sweep(sweep.id, f"process {sweep.pid} on {host} is gone", now)
    return [sweep.id for sweep in dead]


def is_dead(sweep: Sweep, host: str) -> bool:
    """Whether a sweep's process is known to be gone. Of another host's nobody here can tell."""
    return sweep.host == host and not is_alive(sweep.pid, sweep.place, sweep.process_start)


def begin_sweep(ledger: Ledger, now: float) -> str:
    """Begins a sweep in the name of this run; returns its id."""
    pid = controller()
    return ledger.start_sweep(platform.node(), pid, now, process.here(), process.start_of(pid) or 0)


def controller() -> int:
    """The process of this run's ansible-playbook, dead or alive.

    Plugins run in its workers. A worker that has outlived it has another parent by now (the first process of the
    machine, which never dies), so what counts is whom it was forked from.
    """
    parent = multiprocessing.parent_process()
    return os.getppid() if parent is None or parent.pid is None else parent.pid


def sign(folder: Path, pid: int) -> None:
    """Notes in a run's folder which process it belongs to."""
    owner = {"host": platform.node(), "pid": pid, "place": process.here(), "start": process.start_of(pid) or 0}
    (folder / _OWNER).write_text(json.dumps(owner), encoding="utf-8")


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
        here = owner["host"] == platform.node()
        return not here or is_alive(int(owner["pid"]), str(owner["place"]), int(owner["start"]))
    except (OSError, ValueError, KeyError, TypeError):
        return True


def is_alive(pid: int, place: str, start: int) -> bool:
    """Whether a process of this host still runs; also where that cannot be told.

    ``place`` and ``start`` as ``process.here`` and ``process.start_of`` gave them to it: no clock is asked, for clocks
    are wrong, and are set while a sweep runs. Without a place (no /proc), or with that of an earlier boot, its number
    alone has to do: too long a life does less harm than too short a one.
    """
    here = process.here()
    if place and place == here:
        return process.still_runs(pid, start)
    if place and here and place.partition(" ")[0] == here.partition(" ")[0]:
        return True  # in another container of this machine, where its number means another process
    return process.has_number(pid) if here else _answers_signals(pid)


def _answers_signals(pid: int) -> bool:
    """The portable answer where there is no /proc."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
