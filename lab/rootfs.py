"""The root file system of a whole Debian host: made once by debootstrap, kept in the cache, never changed."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from pathlib import Path

from lab.console import step
from lab.settings import Paths
from lab.shell import run

# Proxmox VE 8 stands on Debian 12.
SUITE = "bookworm"
# With minbase: what a hypervisor runs, what Ansible needs there, and the tools of whoever logs in.
PACKAGES = (
    "systemd", "systemd-sysv", "openssh-server", "python3", "prometheus-node-exporter", "iproute2", "nftables",
    "procps",
)  # fmt: skip
# What only an installation needs, a fifth of its size.
_SPARE = ("var/cache/apt/archives", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale")


def directory(paths: Paths) -> Path:
    """Where the root file system for this list of packages is, or will be."""
    key = hashlib.sha256(" ".join((SUITE, *PACKAGES)).encode()).hexdigest()[:12]
    return paths.cache / "rootfs" / f"{SUITE}-{key}"


def acquire(paths: Paths) -> Path:
    """The root file system; made where it is missing, and an older one dropped.

    ``ONCALL_REMEDY_MIRROR`` names a mirror of Debian to take it from. Signatures are checked in any case.
    Raises LabError with debootstrap's last lines.
    """
    target = directory(paths)
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        with (target.parent / "lock").open("w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not target.exists():  # another command may have made it meanwhile
                _make(target)
    return target


def _make(target: Path) -> None:
    with step("root file system of the hosts made"):
        for older in target.parent.glob(f"{SUITE}-*"):
            shutil.rmtree(older)
        partial = target.with_suffix(".partial")
        _bootstrap(partial)
        partial.rename(target)


def _bootstrap(partial: Path) -> None:
    mirror = [os.environ["ONCALL_REMEDY_MIRROR"]] if os.environ.get("ONCALL_REMEDY_MIRROR") else []
    include = f"--include={','.join(PACKAGES)}"
    # In a mount namespace of its own: what debootstrap mounts there goes with it, even if it is interrupted.
    run(
        [
            "unshare",
            "--mount",
            "debootstrap",
            "--variant=minbase",
            "--force-check-gpg",
            include,
            SUITE,
            partial,
            *mirror,
        ]
    )
    for place in _SPARE:
        shutil.rmtree(partial / place)
        (partial / place).mkdir()
    # Each host has its own, made when it first starts.
    for file in ("etc/machine-id", "var/lib/dbus/machine-id"):
        (partial / file).unlink(missing_ok=True)
    for key in (partial / "etc" / "ssh").glob("ssh_host_*"):
        key.unlink()
