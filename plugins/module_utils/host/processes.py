# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes of the host, from /proc."""

from __future__ import annotations

import os
import pathlib
import re
from typing import Iterator, NamedTuple

_SOCKET = re.compile(r"socket:\[(\d+)\]")
_WORDS = 3
_CUT = 15


class Process(NamedTuple):
    """``command`` holds the words before the first option: what stands in options may be a secret."""

    pid: int
    name: str
    command: str
    unit: str


def by_socket(proc: pathlib.Path) -> dict[int, int]:
    """The inode of each socket -> the lowest process number that holds it. What may not be seen is left out."""
    holders: dict[int, int] = {}
    for inode, pid in _descriptors(proc):
        holders[inode] = min(pid, holders.get(inode, pid))
    return holders


def _descriptors(proc: pathlib.Path) -> Iterator[tuple[int, int]]:
    for folder in (entry for entry in proc.iterdir() if entry.name.isdigit()):
        try:
            links = list((folder / "fd").iterdir())
        except OSError:  # ended meanwhile, or somebody else's
            continue
        for link in links:
            try:
                found = _SOCKET.fullmatch(os.readlink(link))
            except OSError:
                continue
            if found:
                yield int(found.group(1)), int(folder.name)


def describe(pid: int, proc: pathlib.Path) -> Process | None:
    """The process, or None when it has ended meanwhile."""
    folder = proc / str(pid)
    try:
        name = _text(folder / "comm").strip()
        words = [word for word in _text(folder / "cmdline").split("\0") if word]
        groups = _text(folder / "cgroup")
    except OSError:
        return None
    return Process(pid, _whole_name(name, words), _command(words), unit_of(groups))


def _text(path: pathlib.Path) -> str:
    """A process gives itself its name and command line: printable characters only."""
    text = path.read_text(encoding="utf-8", errors="replace")
    return "".join(sign if sign.isprintable() or sign in "\0\n" else "?" for sign in text)


def _whole_name(name: str, words: list[str]) -> str:
    """The kernel cuts names after 15 characters; the command line mostly has the rest."""
    program = pathlib.PurePath(words[0]).name if words else ""
    return program if len(name) == _CUT and program.startswith(name) else name


def _command(words: list[str]) -> str:
    plain = []
    for word in words[:_WORDS]:
        if word.startswith("-") or "=" in word:
            break
        plain.append(word)
    return " ".join(plain)[:200]


def unit_of(groups: str) -> str:
    """The systemd unit in /proc/PID/cgroup (version 1 or 2), or an empty text."""
    for line in groups.splitlines():
        for part in reversed(line.split(":", 2)[-1].split("/")):
            if part.endswith((".service", ".scope", ".socket")):
                return part
    return ""
