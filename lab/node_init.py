"""First steps of a node's first process: its own host name and its own view of a few directories, then supervisord.

Runs inside fresh mount, process, host name and IPC namespaces (see nodes.program):
``python -m lab.node_init NAME HOME``.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from lab import cgroups, nodes, supervisor
from lab.nodes import PRIVATE
from lab.settings import NODES

OS_RELEASE = """\
NAME="Talos"
ID=talos
VERSION_ID=v1.12.1
PRETTY_NAME="Talos (v1.12.1)"
"""


def main(name: str, home: Path) -> None:
    """Sets the node up and becomes its supervisord."""
    socket.sethostname(name)
    cgroups.clear(next(node for node in NODES if node.name == name))
    # Volumes of pods are mounted by the kubelet and must be seen by containerd's children.
    _mount("--make-rshared", "/")
    # Programs that insist on fixed paths (CNI's cache, container logs, shims' sockets) get their own on every node.
    _mount("-t", "tmpfs", "-o", "mode=0755", "tmpfs", "/run")
    for directory in ("/run/sshd", "/run/lock", "/run/containerd"):
        Path(directory).mkdir(parents=True)
    # The kubelet's cAdvisor looks there for containerd: without it, containers have no metrics of their own.
    Path("/run/containerd/containerd.sock").symlink_to(home / "containerd.sock")
    for public in PRIVATE:
        public.mkdir(parents=True, exist_ok=True)
        _mount("--bind", str(nodes.private(home, public)), str(public))
    _accounts(home)
    _operating_system(home)
    command = supervisor.daemon_command(home / "supervisord.conf", foreground=True)
    os.execv(command[0], command)


def _accounts(home: Path) -> None:
    """Gives root a home of its own on the node, and no password: sshd refuses an account that is locked.

    Only on the node: the machine's own files are covered, not touched.
    """
    for file, rewrite in (("passwd", _with_home), ("shadow", _without_lock)):
        private = home / file
        lines = Path("/etc", file).read_text(encoding="utf-8").splitlines()
        private.touch(mode=0o600 if file == "shadow" else 0o644)
        private.write_text("".join(rewrite(line, home) + "\n" for line in lines), encoding="utf-8")
        _mount("--bind", str(private), f"/etc/{file}")


def _operating_system(home: Path) -> None:
    """What the kubelet reports of the node's system: Talos, as in the seed's clusters. Only the name is Talos."""
    private = home / "os-release"
    private.write_text(OS_RELEASE, encoding="utf-8")
    _mount("--bind", str(private), str(Path("/etc/os-release").resolve()))


def _with_home(line: str, home: Path) -> str:
    fields = line.split(":")
    if fields[0] == "root":
        fields[5:7] = [str(home / "home"), "/bin/sh"]
    return ":".join(fields)


def _without_lock(line: str, home: Path) -> str:
    fields = line.split(":")
    if fields[0] == "root":
        fields[1] = "*"
    return ":".join(fields)


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", "--no-mtab", *arguments], check=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
