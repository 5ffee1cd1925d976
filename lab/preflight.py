"""Names everything that is missing before anything is started, and what to do about each."""

from __future__ import annotations

import errno
import ipaddress
import json
import os
import platform
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from lab import binaries, network, packages, settings
from lab.console import LabError
from lab.honeydue import settings as honeydue
from lab.settings import MACHINES, NODES, Paths
from lab.shell import run

_GIGABYTE = 1 << 30
# Measured: run directory 1.7 GB; images 0.5 GB, programs 0.6 GB, the hosts' root 0.2 GB; while building 8 GB more.
_RUN_SPACE = 4 * _GIGABYTE
_CACHE_SPACE = 2 * _GIGABYTE
_BUILD_SPACE = 10 * _GIGABYTE
_MEMORY = 3 * _GIGABYTE
_CAPABILITIES = {
    "CAP_CHOWN": 0, "CAP_DAC_OVERRIDE": 1, "CAP_FOWNER": 3, "CAP_KILL": 5, "CAP_SETGID": 6, "CAP_SETUID": 7,
    "CAP_SETPCAP": 8, "CAP_NET_ADMIN": 12, "CAP_NET_RAW": 13,
    "CAP_SYS_CHROOT": 18, "CAP_SYS_PTRACE": 19, "CAP_SYS_ADMIN": 21, "CAP_MKNOD": 27,
}  # fmt: skip
_FILE_SYSTEMS = Path("/proc/filesystems")
_CONTROLLERS = {"cpu", "cpuset", "memory", "pids"}
_PORTS = (
    (settings.BRIDGE_ADDRESS, settings.API_PORT),
    (settings.BRIDGE_ADDRESS, honeydue.BLACKBOX_PORT),
    ("127.0.0.1", settings.ETCD_PORT),
    ("127.0.0.1", settings.ETCD_PEER_PORT),
    ("127.0.0.1", settings.CONTROLLER_MANAGER_PORT),
    ("127.0.0.1", settings.SCHEDULER_PORT),
    *((settings.BRIDGE_ADDRESS, port) for port in (*settings.ALERTMANAGER_PORTS, *settings.ALERTMANAGER_GOSSIP_PORTS)),
)


def require_root() -> None:
    """Raises LabError for anyone else."""
    if os.geteuid() != 0:
        raise LabError("not root: run it with sudo (network namespaces, mounts and control groups need it)")


def check(paths: Paths) -> None:
    """Raises one LabError that lists everything that is missing. Starts, installs and changes nothing."""
    if found := list(problems(paths)):
        raise LabError("this machine cannot run the lab yet:\n  - " + "\n  - ".join(found))


def problems(paths: Paths) -> Iterator[str]:
    """Each thing that is missing, with what to do about it."""
    checks: tuple[Callable[[], Iterator[str]], ...] = (
        _capabilities, _platform, _cgroups, lambda: _disk(paths), _memory, _run_directory_of(paths), _namespaces,
        _overlay, _addresses, _ports, _forwarding, _installable,
    )  # fmt: skip
    for question in checks:
        yield from question()


def missing_capabilities(effective: int) -> list[str]:
    """Names of the needed capabilities that the bit mask of /proc/self/status lacks."""
    return [name for name, bit in _CAPABILITIES.items() if not effective >> bit & 1]


def overlapping(routes: list[dict[str, str]]) -> list[str]:
    """Destinations among ``ip -json route`` that overlap the lab's networks; the default route does not count."""
    networks = (settings.NETWORK, honeydue.OUTSIDE_NETWORK, honeydue.CLOUDFLARE_ADDRESS)
    ours = [ipaddress.ip_network(text) for text in (*networks, *(node.pod_network for node in NODES))]
    found = []
    for route in routes:
        try:
            there = ipaddress.ip_network(route["dst"])
        except ValueError:
            continue  # "default"
        if route.get("dev") != settings.BRIDGE and any(there.overlaps(our) for our in ours):
            found.append(f"{route['dst']} dev {route.get('dev', '?')}")
    return found


def _capabilities() -> Iterator[str]:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    effective = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapEff:"))
    if missing := missing_capabilities(effective):
        yield f"capabilities {', '.join(missing)}: in a container, give it --privileged or --cap-add"


def _platform() -> Iterator[str]:
    if platform.machine() not in ("x86_64", "aarch64"):
        yield f"processor {platform.machine()}: the lab's programs are to be had for x86_64 and aarch64"


def _cgroups() -> Iterator[str]:
    unified = Path("/sys/fs/cgroup/cgroup.controllers")
    if unified.exists():
        present = set(unified.read_text(encoding="ascii").split())
    else:
        present = {entry for mounted in Path("/sys/fs/cgroup").glob("*") for entry in mounted.name.split(",")}
    if missing := sorted(_CONTROLLERS - present):
        yield f"cgroup controllers {', '.join(missing)}: mount /sys/fs/cgroup (in a container: the host's)"
    top = Path("/sys/fs/cgroup") if unified.exists() else Path("/sys/fs/cgroup/memory")
    if top.exists() and not os.access(top, os.W_OK):
        yield f"{top} is read-only: mount it writable (in a container: --privileged)"


def _disk(paths: Paths) -> Iterator[str]:
    wanted = {paths.run: _RUN_SPACE, paths.cache: _CACHE_SPACE}
    if not binaries.complete(paths):
        wanted[paths.cache] += _BUILD_SPACE
    devices: dict[int, tuple[Path, int]] = {}
    for path, size in wanted.items():
        there = _existing(path)
        _, before = devices.get(there.stat().st_dev, (there, 0))
        devices[there.stat().st_dev] = (there, before + size)
    for there, size in devices.values():
        free = shutil.disk_usage(there).free
        if free < size:
            yield (
                f"disk: {free / _GIGABYTE:.1f} GB free at {there}, {size / _GIGABYTE:.0f} GB needed: "
                "free some, or point ONCALL_REMEDY_LAB and ONCALL_REMEDY_CACHE elsewhere"
            )


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)


def _memory() -> Iterator[str]:
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    available = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")) * 1024
    if available < _MEMORY:
        yield (
            f"memory: {available / _GIGABYTE:.1f} GB available, {_MEMORY / _GIGABYTE:.0f} GB needed: "
            "end something, or use a larger machine"
        )


def _run_directory_of(paths: Paths) -> Callable[[], Iterator[str]]:
    def check() -> Iterator[str]:
        for path, variable in ((paths.run, "ONCALL_REMEDY_LAB"), (paths.cache, "ONCALL_REMEDY_CACHE")):
            if path.is_relative_to("/run") or path.is_relative_to("/var/log"):
                yield f"{variable}={path}: the nodes have a /run and a /var/log of their own, choose another place"
        if len(str(paths.run)) > 60:
            yield f"ONCALL_REMEDY_LAB={paths.run}: too long for the unix sockets in it, 60 characters are allowed"

    return check


def _namespaces() -> Iterator[str]:
    for kind in ("net", "mnt", "pid", "uts", "ipc"):
        if not Path("/proc/self/ns", kind).exists():
            yield f"kernel: no {kind} namespaces (CONFIG_NAMESPACES): use a kernel that has them"
    if shutil.which("nft") and run(["nft", "list", "tables"], check=False).returncode:
        yield "kernel: nftables does not answer: load nf_tables (modprobe nf_tables), kube-proxy needs it"


def _overlay() -> Iterator[str]:
    """The hosts share one root, and containers their images, by overlays."""
    known = any(line.split()[-1] == "overlay" for line in _FILE_SYSTEMS.read_text(encoding="ascii").splitlines())
    loadable = shutil.which("modprobe") and not run(["modprobe", "-qn", "overlay"], check=False).returncode
    if not known and not loadable:
        yield "kernel: no overlay file system (CONFIG_OVERLAY_FS): use a kernel that has it"


def _addresses() -> Iterator[str]:
    if not shutil.which("ip"):
        return
    routes = json.loads(run(["ip", "-json", "route", "show", "table", "all"], check=False).stdout or "[]")
    if taken := overlapping([route for route in routes if route.get("dst")]):
        yield (
            f"addresses: {settings.NETWORK}, {honeydue.OUTSIDE_NETWORK}, {honeydue.CLOUDFLARE_ADDRESS} or the pods' "
            f"networks are in use: remove the routes {'; '.join(taken)}"
        )
    present = network.namespaces()
    if strangers := [machine.name for machine in MACHINES if machine.name in present and not network.is_ours(machine)]:
        yield f"network namespaces {', '.join(strangers)} are there and not the lab's: ip netns delete them"


def _ports() -> Iterator[str]:
    for address, port in _PORTS:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address if address == "127.0.0.1" else "0.0.0.0", port))  # noqa: S104 - nothing listens
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    yield f"port {port} is taken: end what listens there (ss -ltnp 'sport = :{port}')"


def _forwarding() -> Iterator[str]:
    """Where bridged packets pass iptables (Docker switches that on), a FORWARD policy of DROP cuts the nodes off."""
    switch = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")
    if not switch.exists() or switch.read_text(encoding="ascii").strip() != "1" or not shutil.which("iptables"):
        return
    policy = run(["iptables", "-S", "FORWARD"], check=False).stdout
    if policy.startswith("-P FORWARD DROP") and f"-i {settings.BRIDGE}" not in policy:
        yield (
            "iptables drops what the bridge forwards: "
            f"iptables -I FORWARD -i {settings.BRIDGE} -j ACCEPT, or sysctl -w net.bridge.bridge-nf-call-iptables=0"
        )


def _installable() -> Iterator[str]:
    wanted = packages.missing()
    if wanted and (os.environ.get("ONCALL_REMEDY_NO_INSTALL") or not shutil.which("apt-get")):
        yield f"packages: apt-get install --no-install-recommends {' '.join(wanted)}"
