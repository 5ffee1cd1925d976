# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Traefik is told on its command line: where its entry points listen, and whom they believe."""

from __future__ import annotations

import re
from typing import ClassVar, Iterable

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.kube import object_path
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import MOST, Json, Probe, Spec
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes import brief, check_names, check_selector

_ENTRY_POINT = re.compile(r"--entrypoints\.([a-z0-9_-]+)\.(.+)")
_PORT = re.compile(r":(\d{1,5})(/(tcp|udp))?$")
_SAFE = {None, 0, "0", "0%"}


class TraefikArguments(Probe):
    """The command line of Traefik, as its DaemonSet says it or as its pods were started with it.

    With ``daemonset`` it is read from the DaemonSet's template, with ``selector`` from the pods. Two witnesses: while a
    DaemonSet rolls out, or after somebody changed it, they differ. Names of flags are taken in any case, as Traefik
    does. ``entry_points`` says on which port of the node each should listen, as {name: port}.

    Value: ``exists``, ``total`` (command lines), ``wrong_ports`` (entry points that are not at their port of the node
    in one of them), ``addresses`` (of the entry points, as they are written), ``trusted`` {entry point: networks whose
    X-Forwarded-* all of them believe}, ``believes_all`` (entry points that believe everybody), ``max_unavailable``,
    ``max_surge`` and ``rolls_safely`` (of a DaemonSet: whether a roll-out takes a pod away before it brings the next,
    which would wait for the old one's port; null for pods).
    """

    name = "traefik_arguments"
    endpoint = "kubernetes"
    options: ClassVar[Spec] = {
        "namespace": {"type": "str", "required": True},
        "daemonset": {"type": "str"},
        "selector": {"type": "str"},
        "entry_points": {"type": "dict", "required": True},
    }

    def check(self) -> None:
        check_names(self.given, "namespace", "daemonset")
        check_selector(self.given["selector"])
        if bool(self.given["daemonset"]) == bool(self.given["selector"]):
            raise ProbeError("bad_option", "either 'daemonset' or 'selector' is needed")
        for name, port in self.given["entry_points"].items():
            if not isinstance(port, int) or not 0 < port < 65536:
                raise ProbeError("bad_option", f"'entry_points': {name[:40]!r} has no port")

    def question(self) -> str:
        of = f"DaemonSet {self.given['daemonset']}" if self.given["daemonset"] else f"pods {self.given['selector']}"
        return f"arguments of Traefik, {of} in {self.given['namespace']}"

    def _ask(self, deadline: float) -> Json:
        namespace, wanted = self.given["namespace"], self.given["entry_points"]
        if self.given["selector"]:
            params = {"labelSelector": self.given["selector"]}
            found = self.transport.list(object_path("v1", "pods", namespace), params, deadline)["items"]
            return summary([one["spec"] for one in found if _lives(one)], wanted)
        path = object_path("apps/v1", "daemonsets", namespace, self.given["daemonset"])
        daemonset = self.transport.find(path, None, deadline)
        if daemonset is None:
            return summary([], wanted)
        value = summary([daemonset["spec"]["template"]["spec"]], wanted)
        return dict(value, **_rolling(daemonset["spec"].get("updateStrategy") or {}))


def _lives(pod: Json) -> bool:
    return (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")


def summary(programs: list[Json], wanted: dict[str, int]) -> Json:
    """The probe's value from the specifications of pods; its first container is Traefik."""
    told = [(flags(_words(one["containers"][0])), bool(one.get("hostNetwork"))) for one in programs]
    addresses = {f"{name} {address}" for found, _host in told for name, address in listening(found).items()}
    return {
        "exists": bool(told),
        "total": len(told),
        "wrong_ports": [name for name, port in sorted(wanted.items()) if _is_wrong(name, port, told)],
        "addresses": sorted(brief(one) for one in addresses)[:MOST],
        "trusted": {name: _common(trusted(found).get(name.lower(), []) for found, _host in told) for name in wanted},
        "believes_all": sorted({name for found, _host in told for name in believing_all(found)}),
        "max_unavailable": None,
        "max_surge": None,
        "rolls_safely": None,
    }


def flags(words: Iterable[str]) -> dict[str, str]:
    """The flags of a command line, names in lower case: ``--A.b=C`` and ``--A.b C`` both give ``--a.b`` → ``C``."""
    found: dict[str, str] = {}
    open_flag = ""
    for word in words:
        if word.startswith("--"):
            name, equals, value = word.partition("=")
            found[name.lower()] = value
            open_flag = "" if equals else name.lower()
        elif open_flag:
            found[open_flag] = word
            open_flag = ""
    return found


def listening(found: dict[str, str]) -> dict[str, str]:
    """Entry point → its address."""
    return {name: value for name, rest, value in _of_entry_points(found) if rest == "address"}


def trusted(found: dict[str, str]) -> dict[str, list[str]]:
    """Entry point → the networks that it trusts."""
    return {
        name: [one.strip() for one in value.split(",") if one.strip()]
        for name, rest, value in _of_entry_points(found)
        if rest == "forwardedheaders.trustedips"
    }


def believing_all(found: dict[str, str]) -> list[str]:
    """The entry points that believe everybody."""
    return [
        name
        for name, rest, value in _of_entry_points(found)
        if rest == "forwardedheaders.insecure" and value.lower() in ("", "true", "1")
    ]


def _of_entry_points(found: dict[str, str]) -> Iterable[tuple[str, str, str]]:
    for flag, value in found.items():
        match = _ENTRY_POINT.fullmatch(flag)
        if match:
            yield match[1], match[2], value


def _words(container: Json) -> list[str]:
    return [str(word) for word in [*(container.get("command") or []), *(container.get("args") or [])]]


def _is_wrong(name: str, port: int, told: list[tuple[dict[str, str], bool]]) -> bool:
    """Whether one of them does not have the entry point at that port of its node."""
    for found, on_host in told:
        match = _PORT.search(listening(found).get(name.lower(), ""))
        if not on_host or not match or int(match[1]) != port:
            return True
    return False


def _common(lists: Iterable[list[str]]) -> list[str]:
    """What all of them have, in the order of the first."""
    first, *others = [*lists] or [[]]
    return [one for one in first if all(one in other for other in others)]


def _rolling(strategy: Json) -> Json:
    """A DaemonSet says of itself how it rolls out; what it leaves out is 1 and 0."""
    rolling = strategy.get("rollingUpdate") or {}
    unavailable, surge = rolling.get("maxUnavailable", 1), rolling.get("maxSurge", 0)
    by_itself = strategy.get("type", "RollingUpdate") == "RollingUpdate"
    safely = by_itself and surge in _SAFE and unavailable not in _SAFE
    return {"max_unavailable": unavailable, "max_surge": surge, "rolls_safely": safely}
