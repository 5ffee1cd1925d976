# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether addresses answer inside a cluster: the same question as tcp's, asked from a pod."""

from __future__ import annotations

import functools
import re
from typing import Callable, ClassVar, List, Tuple

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError, one_line
from ansible_collections.oncall.remedy.plugins.module_utils.kube import object_path
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import Json, Probe, Spec
from ansible_collections.oncall.remedy.plugins.module_utils.probes.exec_commands import command_line
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes import check_names, check_selector
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes_pods import is_ready
from ansible_collections.oncall.remedy.plugins.module_utils.probes.parallel import at_once
from ansible_collections.oncall.remedy.plugins.module_utils.probes.tcp import answers, place, summary

ADDRESSES = 20
"""At most: each is a process in somebody else's pod, and all run at once."""

KILLED = (124, 143)
"""How a command exits that ``timeout`` has ended: coreutils' and busybox'."""

_STATUS = re.compile(r"^\s*HTTP/[0-9.]+ ([1-5][0-9]{2})\b", re.MULTILINE)
_SAYS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), state)
    for pattern, state in (
        (r"bad address|name or service not known|name does not resolve|name resolution|could not resolve", "dns"),
        (r"connection refused", "refused"),
        (r"timed out|operation now in progress", "timeout"),
        (r"no route to host|(network|host) is (unreachable|down)", "unreachable"),
        (r"connection reset|error getting response", "reset"),
    )
)
_WITHOUT_Z = re.compile(r"(invalid|unrecognized|unknown) option\b.*\bz\b", re.IGNORECASE)


Run = Callable[[List[str]], Tuple[int, str]]
"""Runs the words of a command in the pod: its exit code, and what it wrote."""


class PodReach(Probe):
    """Connects to addresses (``host:port``) from the first ready pod that the selector matches, to all at once.

    It runs the commands connect and http_status of pod_exec there, so the pod's image needs ``nc``, and ``wget`` and
    ``timeout`` where a ``path`` is given: then the address is asked for that path over HTTP, and whatever it answers,
    it is open. With ``control`` (``host:port``) silence counts only while that address answers from there: when it and
    all others are silent, that is an error.

    A state is open, refused, timeout, dns, unreachable, reset or network, as tcp has them.

    Value: ``pod``, ``node`` (that the pod is on), ``total``, ``open``, ``refused``, ``timed_out``, ``open_at``,
    ``closed_at``, ``answers`` [{address, state, status (HTTP; 0: none, or not asked)}].
    """

    name = "pod_reach"
    endpoint = "kubernetes"
    options: ClassVar[Spec] = {
        "namespace": {"type": "str", "required": True},
        "selector": {"type": "str", "required": True},
        "container": {"type": "str"},
        "addresses": {"type": "list", "elements": "str", "required": True},
        "path": {"type": "str", "default": ""},
        "scheme": {"type": "str", "default": "http", "choices": ["http", "https"]},
        "timeout": {"type": "duration", "default": 5},
        "control": {"type": "str"},
    }

    def check(self) -> None:
        check_names(self.given, "namespace", "container")
        check_selector(self.given["selector"])
        if len(self.given["addresses"]) > ADDRESSES:
            raise ProbeError("bad_option", f"{ADDRESSES} addresses at most")
        if not 1 <= self.given["timeout"] <= 30:
            raise ProbeError("bad_option", "'timeout' has to be within 1 and 30 seconds")
        if self.given["path"] and not self.given["path"].startswith("/"):
            raise ProbeError("bad_option", "'path' has to begin with a slash")
        self.seconds = round(self.given["timeout"])
        for address in self.given["addresses"]:
            self._command(address)
        if self.given["control"]:
            self._connecting("connect", self.given["control"])

    def question(self) -> str:
        where = f"{self.given['namespace']}/{self.given['selector']}"
        what = f"{self.given['scheme']}://…{self.given['path']}" if self.given["path"] else "TCP"
        return one_line(f"{what} to {', '.join(self.given['addresses'][:10])} from {where}")

    def _ask(self, deadline: float) -> Json:
        pod = self._first_ready(deadline)
        name, container = str(pod["metadata"]["name"]), self.given["container"] or default_container(pod)
        run = functools.partial(self._run, name, container, deadline)
        jobs = [functools.partial(self._try, run, address) for address in self.given["addresses"]]
        control = self.given["control"]
        if control:
            jobs.append(functools.partial(self._connect, run, control))
        rows = []
        for outcome in at_once(jobs, deadline):
            if isinstance(outcome, ProbeError):
                raise outcome  # the command could not be run, which says nothing of any address
            rows.append(outcome)
        proof = rows.pop() if control else None
        if rows and proof and not any(map(answers, rows)) and not answers(proof):
            raise ProbeError(proof["state"], f"nothing answers {name}, nor does the control {control}")
        return dict(summary(rows), pod=name, node=str((pod.get("spec") or {}).get("nodeName", "")))

    def _first_ready(self, deadline: float) -> Json:
        path = object_path("v1", "pods", self.given["namespace"])
        found = self.transport.list(path, {"labelSelector": self.given["selector"]}, deadline)
        ready: list[Json] = [pod for pod in found["items"] if is_ready(pod)]
        if not ready:
            raise ProbeError("not_found", f"no ready pod to ask from: {self.given['selector']}")
        return min(ready, key=lambda pod: str(pod["metadata"]["name"]))

    def _try(self, run: Run, address: str) -> Json:
        if not self.given["path"]:
            return self._connect(run, address)
        return seen_by_wget(address, *run(self._command(address)))

    def _connect(self, run: Run, address: str) -> Json:
        code, output = run(self._connecting("connect", address))
        if code and _WITHOUT_Z.search(output):
            code, output = run(self._connecting("connect_plainly", address))
            code = 0 if code in KILLED else code  # it had connected: for that it has a shorter time of its own
        return seen_by_nc(address, code, output)

    def _run(self, pod: str, container: str, deadline: float, words: list[str]) -> tuple[int, str]:
        code, output, errors = self.transport.exec(self.given["namespace"], pod, words, container, deadline)
        if code in (126, 127):
            raise ProbeError("unsupported", one_line(f"{words[0]} does not run in pod {pod}: {errors}"))
        return code, f"{errors}\n{output}"

    def _command(self, address: str) -> list[str]:
        if not self.given["path"]:
            return self._connecting("connect", address)
        place(address)
        url = f"{self.given['scheme']}://{address}{self.given['path']}"
        return command_line("http_status", {"url": url, "seconds": str(self.seconds)})

    def _connecting(self, command: str, address: str) -> list[str]:
        host, port = place(address)
        arguments = {"host": host, "port": str(port), "seconds": str(self.seconds)}
        if command == "connect_plainly":
            arguments["longer"] = str(self.seconds + 2)
        return command_line(command, arguments)


def default_container(pod: Json) -> str:
    """The container that kubectl would take: the pod's annotation names it, else it is the first."""
    annotations = pod["metadata"].get("annotations") or {}
    return str(annotations.get("kubectl.kubernetes.io/default-container") or pod["spec"]["containers"][0]["name"])


def seen_by_nc(address: str, code: int, output: str) -> Json:
    """What became of one connection, by the exit code and the words of nc."""
    return {"address": address, "state": "open" if code == 0 else _state(code, output), "status": 0}


def seen_by_wget(address: str, code: int, output: str) -> Json:
    """What became of one request, by what wget wrote: a status is an answer, whichever it is."""
    status = _STATUS.findall(output)
    state = "open" if status or code == 0 else _state(code, output)
    return {"address": address, "state": state, "status": int(status[-1]) if status else 0}


def _state(code: int, output: str) -> str:
    if code in KILLED:
        return "timeout"
    return next((state for pattern, state in _SAYS if pattern.search(output)), "network")
