"""Installs the system packages whose programs are missing, or names them where it may not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from lab.binaries import onpath
from lab.binaries.catalogue import SYSTEM
from lab.console import LabError, step
from lab.shell import run

_POLICY = Path("/usr/sbin/policy-rc.d")
# By this debootstrap checks what it gets.
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_CNI = ("/usr/lib/cni/bridge", "/opt/cni/bin/bridge", "/usr/libexec/cni/bridge")


def missing() -> list[str]:
    """Names of the packages that hold the programs which this machine lacks."""
    wanted = {program.package for program in SYSTEM if onpath.find(program.names, static=program.static) is None}
    if not any(Path(plugin).exists() for plugin in _CNI):
        wanted.add("containernetworking-plugins")
    if not _KEYRING.exists():
        wanted.add("debian-archive-keyring")
    return sorted(wanted)


def install(wanted: Sequence[str]) -> None:
    """Installs packages with apt. Raises LabError with the command to run where that is not possible."""
    if not wanted:
        return
    advice = f"install these packages: apt-get install --no-install-recommends {' '.join(wanted)}"
    if os.environ.get("ONCALL_REMEDY_NO_INSTALL") or os.geteuid() != 0 or not shutil.which("apt-get"):
        raise LabError(advice)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with step(f"installed {' '.join(wanted)}"), _services_stay_off():
        try:
            run(["apt-get", "update", "-qq"], env=environment)
            run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *wanted], env=environment)
        except LabError as error:
            raise LabError(f"{error}\n{advice}") from error


@contextmanager
def _services_stay_off() -> Iterator[None]:
    """Keeps Debian from starting an etcd, a containerd and an Alertmanager of its own, on the lab's ports."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink(missing_ok=True)
