"""A hypervisor: a whole Debian, booted by systemd-nspawn in the host's network namespace.

Its root is an overlay: below, the root file system that all hosts share; above, what is the host's own, which outlives
a reboot and goes with the lab. What runs on it besides Debian's services is written by proxmox.py.
"""

from __future__ import annotations

import shutil
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path

from lab import proxmox, rootfs, ssh
from lab.settings import HOSTS, SOURCE, Host, Paths
from lab.shell import run
from lab.supervisor import Program

_UNITS = Path("etc", "systemd", "system")
# Of use on a machine with disks, seats and updates, and only slow here.
_MASKED = (
    "systemd-logind.service", "console-getty.service", "getty@.service", "systemd-update-utmp.service",
    "systemd-update-utmp-runlevel.service", "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer",
    "e2scrub_all.timer", "e2scrub_reap.service", "fstrim.timer", "nftables.service",
)  # fmt: skip
_COLLECTORS = ("cpu", "loadavg", "meminfo", "uname")


def prepare(paths: Paths) -> None:
    """Writes what is each host's own."""
    for host in HOSTS:
        home = paths.host(host)
        for directory in ("upper", "work", "root"):
            (home / directory).mkdir(parents=True, exist_ok=True)
        for name, content in _files(host).items():
            write(home / "upper" / name, content)
        _ssh(paths, host, home / "upper")
        for unit in _MASKED:
            _link(home / "upper" / _UNITS / unit, Path("/dev/null"))
        for unit, content in proxmox.units().items():
            write(home / "upper" / _UNITS / unit, content)
            _link(home / "upper" / _UNITS / "multi-user.target.wants" / unit, Path("/") / _UNITS / unit)
        for name, content in proxmox.configuration(paths, host).items():
            write(home / "upper" / name, content, private=True)


def program(paths: Paths, host: Host) -> Program:
    """The host itself, as the machine's supervisord sees it.

    As with a node, all its processes and mounts are in namespaces of its own and end with its first process.
    """
    command = [
        "nsenter", f"--net=/run/netns/{host.name}",
        "unshare", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc",
        sys.executable, "-m", "lab.host_init", host.name, str(paths.host(host)), str(rootfs.directory(paths)),
    ]  # fmt: skip
    return Program(program_name(host), command, {"PYTHONPATH": str(SOURCE.parent)})


def program_name(host: Host) -> str:
    """What the machine's supervisord calls the host."""
    return f"host-{host.name}"


def on(paths: Paths, host: Host, *command: str, stdin: str | None = None) -> str:
    """The output of a command on the host, over SSH as an operator would get it. Raises LabError where it fails."""
    options = {
        "UserKnownHostsFile": paths.ssh / "known_hosts", "IdentityFile": paths.ssh / "id_ed25519",
        "IdentitiesOnly": "yes", "BatchMode": "yes", "ConnectTimeout": "5",
    }  # fmt: skip
    arguments = [f"-o{name}={value}" for name, value in options.items()]
    return run(["ssh", "-F", "none", *arguments, f"root@{host.address}", "--", *command], stdin=stdin or "").stdout


def write(file: Path, content: str, *, private: bool = False) -> None:
    """Writes a file of a host's own; a private one is its owner's alone."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600 if private else 0o644)
    file.write_text(content, encoding="utf-8")


def _files(host: Host) -> Mapping[str, str]:
    collectors = " ".join(f"--collector.{name}" for name in _COLLECTORS)
    return {
        "etc/hostname": f"{host.name}\n",
        # Without one systemd takes this for its first start, and switches on whatever it may.
        "etc/machine-id": f"{uuid.uuid5(uuid.NAMESPACE_DNS, host.name).hex}\n",
        "etc/hosts": f"127.0.0.1 localhost\n{host.address} {host.name}.lab.example {host.name}\n",
        "etc/default/prometheus-node-exporter": f'ARGS="--collector.disable-defaults {collectors}"\n',
        # The journal is for whoever looks while the host runs; the disk is the machine's.
        "etc/systemd/journald.conf.d/lab.conf": "[Journal]\nStorage=volatile\nRuntimeMaxUse=16M\n",
    }


def _ssh(paths: Paths, host: Host, upper: Path) -> None:
    """Root by the lab's key and nothing else, as on the nodes."""
    key = "etc/ssh/ssh_host_ed25519_key"
    write(upper / key, ssh.host_key(paths, host).read_text(encoding="utf-8"), private=True)
    write(
        upper / "etc/ssh/sshd_config.d/lab.conf",
        f"HostKey /{key}\nPermitRootLogin prohibit-password\nPasswordAuthentication no\nUseDNS no\n",
    )
    (upper / "root" / ".ssh").mkdir(mode=0o700, parents=True, exist_ok=True)
    (upper / "root").chmod(0o700)
    shutil.copy(paths.ssh / "authorized_keys", upper / "root" / ".ssh" / "authorized_keys")


def _link(link: Path, target: Path) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(target)
