# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands that a probe may run in a container. All of them only read; there is no shell in between.

An argument is one word that its pattern matches as a whole; none can begin with a dash, so none can be an option.
"""

from __future__ import annotations

import re
import types
from typing import Mapping, NamedTuple

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError

HOST = r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}"
PORT = r"[0-9]{1,5}"
LISTENS = rf"({HOST})?:{PORT}"
URL = r"https?://[A-Za-z0-9][A-Za-z0-9.-]{0,252}(:[0-9]{1,5})?(/[A-Za-z0-9._~/%=&?-]{0,500})?"
MOUNT = r"/([A-Za-z0-9_][A-Za-z0-9._-]{0,80}/?){0,10}"


SECONDS = r"[1-9][0-9]?"


class Command(NamedTuple):
    """``words`` with ``{argument}`` in them, the pattern of each argument, and what one is that is not given."""

    words: tuple[str, ...]
    arguments: dict[str, str]
    defaults: Mapping[str, str] = types.MappingProxyType({})


COMMANDS: dict[str, Command] = {
    "traefik_version": Command(("traefik", "version"), {}),
    # It asks /ping where its own arguments say, not those of the Traefik that runs; the chart has it at :8080, too.
    "traefik_healthcheck": Command(
        ("traefik", "healthcheck", "--ping=true", "--entrypoints.traefik.address={address}"),
        {"address": LISTENS},
        {"address": ":8080"},
    ),
    "resolver": Command(("cat", "/etc/resolv.conf"), {}),
    "resolve": Command(("nslookup", "{host}"), {"host": HOST}),
    # wget's own -T crashes the static busybox of some Debian releases; what timeout ends exits with 124 or 143.
    "http_status": Command(
        ("timeout", "{seconds}", "wget", "-q", "-S", "-O", "/dev/null", "{url}"),
        {"url": URL, "seconds": SECONDS},
        {"seconds": "5"},
    ),
    # Said twice, -v has busybox' nc tell a refusal from a timeout, too.
    "connect": Command(
        ("nc", "-z", "-v", "-v", "-w", "{seconds}", "{host}", "{port}"),
        {"host": HOST, "port": PORT, "seconds": SECONDS},
        {"seconds": "5"},
    ),
    # For an nc without -z, such as Debian's busybox has: connects, and says nothing itself.
    "connect_plainly": Command(
        ("timeout", "{longer}", "nc", "-w", "{seconds}", "{host}", "{port}"),
        {"host": HOST, "port": PORT, "seconds": SECONDS, "longer": SECONDS},
        {"seconds": "5", "longer": "7"},
    ),
    "sockets_tcp": Command(("cat", "/proc/net/tcp"), {}),
    "sockets_tcp6": Command(("cat", "/proc/net/tcp6"), {}),
    "processes": Command(("ps",), {}),
    "memory": Command(("cat", "/proc/meminfo"), {}),
    "load": Command(("cat", "/proc/loadavg"), {}),
    "disk": Command(("df", "-P", "{path}"), {"path": MOUNT}),
}


def command_line(name: str, arguments: Mapping[str, object]) -> list[str]:
    """The words of a command with its arguments. Raises ProbeError (bad_option) for what the list does not hold."""
    if name not in COMMANDS:
        raise ProbeError("bad_option", f"no command {name[:80]!r}; there are {', '.join(COMMANDS)}")
    command = COMMANDS[name]
    arguments = {**command.defaults, **arguments}
    if set(arguments) != set(command.arguments):
        raise ProbeError("bad_option", f"command {name} takes the arguments: {', '.join(command.arguments) or 'none'}")
    for argument, pattern in command.arguments.items():
        if not re.fullmatch(pattern, str(arguments[argument]), re.ASCII):
            raise ProbeError("bad_option", f"command {name}: {argument!r} is not allowed to be that")
    return [word.format(**arguments) for word in command.words]
