# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the process of an earlier sweep is still there.

Claims of a sweep that was killed would run out by themselves; on the same host its work need not wait for that.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger

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
