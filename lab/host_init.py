"""First steps of a host's first process: its control group, its root, then systemd-nspawn, which boots it.

Runs inside fresh mount, process, host name and IPC namespaces (see hosts.program):
``python -m lab.host_init NAME HOME ROOTFS``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from lab import cgroups
from lab.settings import HOSTS, SOURCE, Host

# Where a host sees the code of its Proxmox services.
CODE = "/usr/lib/oncall-remedy-lab"


def main(name: str, home: Path, rootfs: Path) -> None:
    """Sets the host up and becomes its systemd-nspawn."""
    host = next(host for host in HOSTS if host.name == name)
    cgroups.enter(cgroups.of(host))
    _mount("--make-rprivate", "/")
    layers = f"lowerdir={rootfs},upperdir={home / 'upper'},workdir={home / 'work'}"
    _mount("-t", "overlay", "-o", layers, "overlay", str(home / "root"))
    # systemd-nspawn writes to /run what the machine must not keep.
    _mount("-t", "tmpfs", "-o", "mode=0755", "tmpfs", "/run")
    os.execvp("systemd-nspawn", command(host, home))


def command(host: Host, home: Path) -> list[str]:
    """The network is the one that this process is in; the host may set up its firewall there and nothing beyond."""
    return [
        "systemd-nspawn", "--quiet", f"--directory={home / 'root'}", f"--machine={host.name}", "--boot",
        "--register=no", "--keep-unit", "--link-journal=no", "--resolv-conf=off", "--timezone=off",
        "--capability=CAP_NET_ADMIN", "--console=pipe",
        f"--bind-ro={SOURCE / '__init__.py'}:{CODE}/lab/__init__.py",
        f"--bind-ro={SOURCE / 'standins'}:{CODE}/lab/standins",
    ]  # fmt: skip


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", "--no-mtab", *arguments], check=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
