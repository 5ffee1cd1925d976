# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process that another process keeps an eye on: which one it is, and whether it still runs.

A number alone is not a process: numbers are given again, and mean another process in a container or on another
machine. Source: proc(5), proc_pid_stat(5), namespaces(7).
"""

from __future__ import annotations

import os

_STATE, _STARTED = 0, 19  # counted from the field behind the program's name, which is the third
_ENDED = frozenset("ZXx")


def here() -> str:
    """In which running kernel, and in which of its spaces of process numbers, this process is; "" if nobody can tell.

    Where two say the same, a number is the same process to both.
    """
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return f"{file.read().strip()} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def start_of(pid: int) -> int | None:
    """When the process with this number began, in the kernel's ticks since it booted; None where it does not run.

    One that was killed and whose parent has not noticed does not run.
    """
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[_STATE] in _ENDED else int(fields[_STARTED])


def still_runs(pid: int, started: int) -> bool:
    """Whether the process that began then with this number still runs. Ask only where ``here`` is the same."""
    found = start_of(pid)
    return found == started if found is not None else _is_hidden(pid)


def has_number(pid: int) -> bool:
    """Whether any process has this number now. Ask only where there is a /proc (``here`` says something)."""
    return start_of(pid) is not None or _is_hidden(pid)


def _is_hidden(pid: int) -> bool:
    """Whether there is such a process of another user, which /proc does not show (mount option hidepid)."""
    if os.path.isdir(f"/proc/{pid}"):
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return False
