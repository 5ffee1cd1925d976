"""Runs programs: never through a shell, and with an error that says what went wrong."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab.console import LabError
from lab.settings import Machine


def run(
    command: Sequence[str | Path],
    *,
    check: bool = True,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Runs ``command`` and returns its result; where it fails, raises LabError with its last lines of output."""
    result = subprocess.run(
        [str(word) for word in command], input=stdin, env=env, cwd=cwd, text=True, capture_output=True, check=False
    )
    if check and result.returncode:
        tail = "\n".join((result.stderr or result.stdout).strip().splitlines()[-8:])
        raise LabError(f"{' '.join(str(word) for word in command)}: exit {result.returncode}\n{tail}")
    return result


def in_network_of(machine: Machine, command: Sequence[str | Path]) -> list[str]:
    """``command`` inside the network namespace.

    Not ``ip netns exec``: that remounts /sys and thereby hides the cgroups.
    """
    return ["nsenter", f"--net=/run/netns/{machine.name}", *(str(word) for word in command)]
