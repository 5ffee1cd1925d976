# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a probe takes and answers, for the static check: from the probe's own class, or from the list of planned ones.

The members of a probe's value stand in its docstring, in the paragraph that begins with ``Value:``. Every word in
double back-quotes there, outside of brackets, is a member; ``[{a, b}]`` or ``{a, b}`` after it lists its own members,
and ``{a: b}`` says that they can have any name.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.oncall.remedy.plugins.module_utils.host.gatherers import GATHERERS
from ansible_collections.oncall.remedy.plugins.module_utils.probes.registry import PROBES, probe_class

Members = dict[str, "Members | None"]
"""A name and what is in it: None where that is not said."""

_TOKEN = re.compile(r"``([a-z_]+)``|([\[\](){}])|([a-z_]+)|(:)")


@dataclasses.dataclass(frozen=True)
class Interface:
    """A probe's options (as an argument spec) and the members of its value."""

    options: Mapping[str, Mapping[str, Any]]
    members: Members


PLANNED: dict[str, Interface] = {}
"""Probes that are not built yet and that a draft may already ask."""

HOST_INFO = Interface(
    {"gather": {"type": "list", "elements": "str", "required": True, "choices": list(GATHERERS)}},
    {
        "total": None,
        "reached": None,
        "unreachable": {"name": None, "reason": None},
        "listening": dict.fromkeys(("host", "holder", "protocol", "address", "port", "pid", "process")),
    },
)
"""The one probe that runs on managed hosts, as a module of the play Examine."""


@functools.cache
def interface(probe: str) -> Interface | None:
    """What the probe takes and answers; None where there is no such probe."""
    if probe == "host_info":
        return HOST_INFO
    if probe not in PROBES:
        return PLANNED.get(probe)
    found = probe_class(probe)
    return Interface(found.options, members_of(inspect.getdoc(found) or ""))


def probes() -> set[str]:
    """The names of all probes that are built."""
    return {*PROBES, "host_info"}


def members_of(docstring: str) -> Members:
    """The members that the ``Value:`` paragraph names."""
    _before, found, after = docstring.partition("Value:")
    if not found:
        return {}
    members: Members = {}
    current = ""
    closing = ""
    for quoted, bracket, word, stop in _TOKEN.findall(after.split("\n\n")[0]):
        if closing:
            closing = _inside(bracket, closing)
            if closing == "}" and stop == ":":
                members[current] = None
                current = ""
            elif word and closing.endswith("}") and current:
                members[current] = (members[current] or {}) | {word: None}
            elif not closing:
                current = ""
        elif quoted:
            current = quoted
            members[current] = None
        elif bracket in _CLOSED_BY:
            closing = _CLOSED_BY[bracket]
    return members


_CLOSED_BY = {"[": "]", "(": ")", "{": "}"}


def _inside(bracket: str, closing: str) -> str:
    """The brackets that are open, by what closes them."""
    if bracket in _CLOSED_BY:
        return closing + _CLOSED_BY[bracket]
    return closing[:-1] if bracket == closing[-1] else closing
