# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listening sockets with the process that holds them, from /proc (proc_net(5), proc_pid_fd(5))."""

from __future__ import annotations

import os
import pathlib
import pwd
import socket
import struct
from typing import Any, Iterator, NamedTuple

from ansible_collections.oncall.remedy.plugins.module_utils.host import processes

PROC = pathlib.Path("/proc")

_STATES = {"tcp": "0A", "tcp6": "0A", "udp": "07", "udp6": "07"}
"""By table, the state of a socket that waits for others: LISTEN, and for UDP "not connected"."""


class Socket(NamedTuple):
    """One line of a table in /proc/net."""

    protocol: str
    address: str
    port: int
    uid: int
    inode: int


def read(proc: pathlib.Path = PROC, privileged: bool | None = None) -> list[dict[str, Any]]:
    """[{protocol, address, port, pid, process, user, command, unit, reason}], by port.

    What is said of the process is null where it could not be determined, and ``reason`` says why. Where several
    processes hold a socket (workers of one server) it is the one with the lowest number, usually their parent.
    """
    holders = processes.by_socket(proc)
    may_see_all = os.geteuid() == 0 if privileged is None else privileged
    found = [_row(one, holders.get(one.inode), may_see_all, proc) for one in _sockets(proc)]
    return sorted(found, key=lambda row: (row["port"], row["protocol"], row["address"]))


def _row(one: Socket, pid: int | None, may_see_all: bool, proc: pathlib.Path) -> dict[str, Any]:
    process = processes.describe(pid, proc) if pid is not None else None
    reason = ""
    if process is None:
        reason = "no process of this host holds it" if may_see_all else "not allowed to look into all processes"
    return {
        "protocol": one.protocol,
        "address": one.address,
        "port": one.port,
        "user": _user(one.uid),
        "pid": process.pid if process else None,
        "process": process.name if process else None,
        "command": process.command if process else None,
        "unit": process.unit if process else None,
        "reason": reason,
    }


def _sockets(proc: pathlib.Path) -> Iterator[Socket]:
    for table, state in _STATES.items():
        try:
            lines = (proc / "net" / table).read_text(encoding="ascii").splitlines()[1:]
        except FileNotFoundError:  # a kernel without IPv6
            continue
        for fields in (line.split() for line in lines):
            if fields[3] == state:
                address, port = fields[1].split(":")
                yield Socket(table, address_text(address), int(port, 16), int(fields[7]), int(fields[9]))


def address_text(hexadecimal: str) -> str:
    """An address of /proc/net as people write it: 32-bit words in the host's byte order."""
    words = (hexadecimal[at : at + 8] for at in range(0, len(hexadecimal), 8))
    raw = b"".join(struct.pack("=I", int(word, 16)) for word in words)
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # a user of a container
        return str(uid)
