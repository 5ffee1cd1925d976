"""What the host says of itself: its units from systemd, the rest from the kernel, and what pvestatd last saw."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

# The services that Proxmox VE 8 knows of; those that are not installed are reported so.
SERVICES = (
    "chrony", "corosync", "cron", "ksmtuned", "lxcfs", "postfix", "proxmox-firewall", "pve-cluster", "pve-firewall",
    "pve-ha-crm", "pve-ha-lrm", "pvedaemon", "pvefw-logger", "pveproxy", "pvescheduler", "pvestatd", "qmeventd",
    "spiceproxy", "sshd", "syslog", "systemd-journald", "systemd-timesyncd",
)  # fmt: skip
# How long what pvestatd saw is believed, and how often it looks.
STALE = 300.0
EVERY = 10.0
RELEASE = {"release": "8.4", "version": "8.4.1", "repoid": "2a5fa54a8503f96d"}
_PROPERTIES = ("Description", "LoadState", "ActiveState", "SubState", "UnitFileState")
_MODEL = "model name"


def _systemctl(units: Sequence[str]) -> str:
    command = ["systemctl", "show", f"--property={','.join(_PROPERTIES)}", *units]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout


class System:
    """One host. ``state`` is the file that pvestatd writes and the others read."""

    def __init__(
        self, node: str, state: Path, systemctl: Callable[[Sequence[str]], str] = _systemctl, proc: Path = Path("/proc")
    ) -> None:
        self.node = node
        self._state = state
        self._systemctl = systemctl
        self._proc = proc

    def services(self, names: Sequence[str] = SERVICES) -> list[dict[str, str]]:
        """The state of services, as systemd has it."""
        # systemd prints a paragraph for each unit, in the order asked for.
        blocks = self._systemctl([f"{name}.service" for name in names]).strip("\n").split("\n\n")
        return [_service(name, block) for name, block in zip(names, blocks, strict=True)]

    def status(self) -> dict[str, Any]:
        """All that ``nodes/NODE/status`` says."""
        kernel = os.uname()
        disk = shutil.disk_usage("/")
        return {
            "uptime": self.uptime(),
            "loadavg": self._text("loadavg").split()[:3],
            "cpu": self._load(),
            "wait": 0,
            "idle": 0,
            "cpuinfo": self._cpuinfo(),
            "memory": self._memory(),
            "swap": {"total": 0, "used": 0, "free": 0},
            "rootfs": {"total": disk.total, "used": disk.used, "free": disk.free, "avail": disk.free},
            "ksm": {"shared": 0},
            "kversion": f"{kernel.sysname} {kernel.release} {kernel.version}",
            "current-kernel": {name: getattr(kernel, name) for name in ("sysname", "release", "version", "machine")},
            "boot-info": {"mode": "legacy-bios"},
            "pveversion": f"pve-manager/{RELEASE['version']}/{RELEASE['repoid']}",
        }

    def uptime(self) -> int:
        """Seconds since this host's first process started; /proc/uptime is the machine's."""
        started = int(self._text("1/stat").rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
        return int(float(self._text("uptime").split()[0]) - started)

    def observe(self) -> None:
        """pvestatd's work: writes down what it sees."""
        status = self.status()
        seen = {
            "at": time.time(),
            "uptime": status["uptime"],
            "cpu": status["cpu"],
            "maxcpu": status["cpuinfo"]["cpus"],
            "mem": status["memory"]["used"],
            "maxmem": status["memory"]["total"],
            "disk": status["rootfs"]["used"],
            "maxdisk": status["rootfs"]["total"],
        }
        self._state.parent.mkdir(parents=True, exist_ok=True)
        partial = self._state.with_suffix(".partial")
        partial.write_text(json.dumps(seen), encoding="utf-8")
        partial.rename(self._state)

    def observed(self) -> dict[str, Any] | None:
        """What pvestatd saw last, or None where that is too long ago."""
        try:
            seen = dict(json.loads(self._state.read_text(encoding="utf-8")))
        except OSError:
            return None
        return seen if time.time() - seen.pop("at") < STALE else None

    def _load(self) -> float:
        return round(min(1.0, float(self._text("loadavg").split()[0]) / (os.cpu_count() or 1)), 4)

    def _memory(self) -> dict[str, int]:
        lines = (line.split() for line in self._text("meminfo").splitlines())
        found = {words[0].rstrip(":"): int(words[1]) * 1024 for words in lines}
        free = found["MemAvailable"]
        return {"total": found["MemTotal"], "used": found["MemTotal"] - free, "free": free}

    def _cpuinfo(self) -> dict[str, Any]:
        lines = (line.partition(":") for line in self._text("cpuinfo").splitlines())
        model = next((value.strip() for key, _, value in lines if key.strip() == _MODEL), "unknown")
        cpus = os.cpu_count() or 1
        return {"cpus": cpus, "cores": cpus, "sockets": 1, "model": model, "hvm": "0", "user_hz": 100}

    def _text(self, name: str) -> str:
        return (self._proc / name).read_text(encoding="utf-8")


def _service(name: str, block: str) -> dict[str, str]:
    found = dict(line.split("=", 1) for line in block.splitlines())
    missing = found["LoadState"] == "not-found"
    return {
        "service": name,
        "name": name,
        "desc": found["Description"],
        "state": found["SubState"],
        "active-state": found["ActiveState"],
        "unit-state": "not-found" if missing else found["UnitFileState"] or "unknown",
    }
