# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What pods logged, reduced to named signatures.

The patterns come from the runbook; the lines come from outside (a client's request is logged too) and are hostile: they
are cut and freed of a terminal's colours before a pattern sees them, and are matched, never interpreted.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from typing import ClassVar

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError, uncoloured
from ansible_collections.oncall.remedy.plugins.module_utils.kube import object_path
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import Json, Probe, Spec
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes import (
    brief,
    check_names,
    check_selector,
    names_of,
)
from ansible_collections.oncall.remedy.plugins.module_utils.probes.parallel import at_once

PODS = 20
BYTES = 1024 * 1024
LINE = 2000
"""Pods that are read, bytes of log per pod, characters of a line that a pattern sees."""

_KEY = re.compile(r"[a-z][a-z0-9_]{0,40}")
_TAKEN = {"asked", "lines", "pods", "sources", "unavailable"} | set(dir({}))


@dataclasses.dataclass(frozen=True)
class Log:
    """The lines of one pod. ``source`` is ``previous`` or ``current``; ``reason`` says why it is not what was asked."""

    pod: str
    source: str
    lines: tuple[str, ...]
    reason: str = ""


class PodLogs(Probe):
    """The last lines of the logs of named pods, or of the pods that a selector matches (20 pods at most).

    With ``previous`` the container's last run is read, which is where a crash is explained; a container that has had
    none yet is read as it runs, and ``sources`` says so.

    Value: ``pods`` (asked for), ``lines`` (read in all), ``sources`` [{pod, source: previous or current, reason}],
    ``unavailable`` [{pod, reason}], and for every signature in ``match`` one key {``lines`` (that match), ``pods``,
    ``first`` (the first such line, cut to 300 characters, or an empty text)}. It is an error if no pod could be read.
    """

    name = "pod_logs"
    endpoint = "kubernetes"
    options: ClassVar[Spec] = {
        "namespace": {"type": "str", "required": True},
        "pods": {"type": "list", "elements": "str"},
        "selector": {"type": "str"},
        "container": {"type": "str"},
        "previous": {"type": "bool", "default": False},
        "tail": {"type": "int", "default": 200},
        "since": {"type": "duration"},
        "match": {"type": "dict", "default": {}},
    }

    def check(self) -> None:
        check_names(self.given, "namespace", "container")
        check_selector(self.given["selector"])
        if (self.given["pods"] is None) == (self.given["selector"] is None):
            raise ProbeError("bad_option", "either 'pods' or 'selector' is required")
        for pod in self.given["pods"] or []:
            check_names({"pods": pod}, "pods")
        if not 1 <= self.given["tail"] <= 10000:
            raise ProbeError("bad_option", "'tail' has to be within 1 and 10000")
        self.signatures = {name: _pattern(name, text) for name, text in self.given["match"].items()}

    def question(self) -> str:
        which = self.given["selector"] if self.given["pods"] is None else ", ".join(self.given["pods"][:5])
        run = "last run's log" if self.given["previous"] else "log"
        return f"{run} of {which or 'no pods'} in {self.given['namespace']}, {self.given['tail']} lines"

    def _ask(self, deadline: float) -> Json:
        pods = self.given["pods"]
        if pods is None:
            path = object_path("v1", "pods", self.given["namespace"])
            pods = names_of(self.transport.list(path, {"labelSelector": self.given["selector"]}, deadline)["items"])
        outcomes = at_once([functools.partial(self._read, pod, deadline) for pod in pods[:PODS]], deadline)
        logs = [one for one in outcomes if isinstance(one, Log)]
        errors = {pod: one for pod, one in zip(pods, outcomes) if isinstance(one, ProbeError)}
        if pods and not logs:
            raise next(iter(errors.values()))
        reasons = {pod: error.message for pod, error in errors.items()}
        reasons.update(dict.fromkeys(pods[PODS:], f"not read: {PODS} pods at most"))
        return summary(pods, logs, reasons, self.signatures)

    def _read(self, pod: str, deadline: float) -> Log:
        container = self.given["container"]
        try:
            return self._log(pod, container, deadline)
        except ProbeError as error:
            if container or error.kind != "invalid":
                raise
        # The API asks for a container's name where a pod has several: kubectl's choice is the pod's annotation.
        return self._log(pod, self._first_container(pod, deadline), deadline)

    def _log(self, pod: str, container: str | None, deadline: float) -> Log:
        if not self.given["previous"]:
            return Log(pod, "current", self._lines(pod, container, False, deadline))
        try:
            return Log(pod, "previous", self._lines(pod, container, True, deadline))
        except ProbeError as error:
            if error.kind not in ("invalid", "not_found") or "previous terminated container" not in error.message:
                raise
            reason = "the container has no previous run"
            return Log(pod, "current", self._lines(pod, container, False, deadline), reason)

    def _lines(self, pod: str, container: str | None, previous: bool, deadline: float) -> tuple[str, ...]:
        since = self.given["since"]
        params = {
            "container": container,
            "previous": True if previous else None,
            "tailLines": self.given["tail"],
            "limitBytes": BYTES,
            "sinceSeconds": max(1, int(since)) if since is not None else None,
        }
        path = object_path("v1", "pods", self.given["namespace"], pod, "log")
        text = self.transport.text(path, params, deadline, limit=BYTES + 65536)
        lines = (uncoloured(line[:LINE]) for line in text.split("\n"))
        return tuple(line for line in lines if line.strip())

    def _first_container(self, pod: str, deadline: float) -> str:
        found = self.transport.get(object_path("v1", "pods", self.given["namespace"], pod), None, deadline)
        annotations = found["metadata"].get("annotations") or {}
        chosen = annotations.get("kubectl.kubernetes.io/default-container")
        return str(chosen or found["spec"]["containers"][0]["name"])


def summary(pods: list[str], logs: list[Log], reasons: dict[str, str], signatures: dict[str, re.Pattern[str]]) -> Json:
    """The probe's value from the lines that were read."""
    value: Json = {
        "pods": pods,
        "lines": sum(len(log.lines) for log in logs),
        "sources": [{"pod": log.pod, "source": log.source, "reason": log.reason} for log in logs],
        "unavailable": [{"pod": pod, "reason": reason} for pod, reason in reasons.items()],
    }
    for name, pattern in signatures.items():
        hits = [(log.pod, line) for log in logs for line in log.lines if pattern.search(line)]
        value[name] = {
            "lines": len(hits),
            "pods": sorted({pod for pod, _line in hits}),
            "first": brief(hits[0][1]) if hits else "",
        }
    return value


def _pattern(name: str, text: object) -> re.Pattern[str]:
    if not _KEY.fullmatch(name) or name in _TAKEN:
        raise ProbeError("bad_option", f"'match': {name[:40]!r} cannot be the name of a signature")
    if not isinstance(text, str):
        raise ProbeError("bad_option", f"'match': signature {name} is no text")
    try:
        return re.compile(text)
    except re.error as error:
        raise ProbeError("bad_option", f"'match': signature {name} is no regular expression: {error}") from None
