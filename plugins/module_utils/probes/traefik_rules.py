# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a rule of Traefik's may hold for a host (doc.traefik.io, HTTP routing, Rules & Priority). Not whether it
does: every matcher but the host's may hold, and what is not understood may, too."""

from __future__ import annotations

import re

LONGEST = 4096
"""Characters of a rule that is looked at; a longer one may hold for every host."""

_CALL = re.compile(r'([A-Za-z]+)\s*\(((?:`[^`]*`|"(?:[^"\\]|\\.)*"|[\s,])*)\)')
_ARGUMENT = re.compile(r'`([^`]*)`|"((?:[^"\\]|\\.)*)"')
_NAME = re.compile(r"\*{0,2}[a-z0-9_.-]+")

# What is left of a rule: 1 may hold, 0 does not. A negation always may, whatever it negates.
_STEPS = (
    (re.compile(r"!+[01]"), "1"),
    (re.compile(r"\(([01])\)"), r"\1"),
    (re.compile(r"1&1"), "1"),
    (re.compile(r"[01]&[01]"), "0"),
    (re.compile(r"(?<![&!])0\|0(?!&)"), "0"),
    (re.compile(r"(?<![&!])[01]\|[01](?!&)"), "1"),
)


def may_route(rule: str, host: str) -> bool:
    """Whether the rule cannot be ruled out for the host, which is given in lower case."""
    if len(rule) > LONGEST:
        return True

    def judged(call: re.Match[str]) -> str:
        return "1" if call[1].lower() not in ("host", "hostheader") or _names(call[2], host) else "0"

    left = re.sub(r"\s+", "", _CALL.sub(judged, rule)).replace("&&", "&").replace("||", "|")
    return _reduced(left) != "0"


def _reduced(left: str) -> str:
    """One step after the other, the one that binds closest first, until there is nothing more to do."""
    while True:
        for pattern, by in _STEPS:
            shorter = pattern.sub(by, left)
            if shorter != left:
                left = shorter
                break
        else:
            return left


def _names(arguments: str, host: str) -> bool:
    """Whether one of a matcher's arguments is the host, or nothing that could be compared with it."""
    names = [(quoted or plain).lower().rstrip(".") for plain, quoted in _ARGUMENT.findall(arguments)]
    return not names or any(not _NAME.fullmatch(name) or covers(name, host) for name in names)


def covers(name: str, host: str) -> bool:
    """Whether a name, as it is written or with an asterisk for what stands before it, is the host's."""
    return host.endswith(name.lstrip("*")) if name.startswith("*") else name == host
