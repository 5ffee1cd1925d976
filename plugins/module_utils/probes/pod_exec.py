# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A command from a fixed list, run in a pod: what the cluster's network or file system looks like from there."""

from __future__ import annotations

from typing import Any, ClassVar

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError, one_line
from ansible_collections.oncall.remedy.plugins.module_utils.kube import object_path
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import Json, Probe, Spec
from ansible_collections.oncall.remedy.plugins.module_utils.probes.exec_commands import COMMANDS, command_line
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes import check_names, check_selector
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes_pods import is_ready

LINES = 40


class PodExec(Probe):
    """Runs a named command in a pod: the one that is named, or the first ready one that the selector matches.

    A command that ends with an error is an answer; one that cannot be run (no such pod, no such program) is not.

    Value: ``pod``, ``exit_code``, ``output`` (standard output and then error, 40 lines at most), ``truncated``.
    """

    name = "pod_exec"
    endpoint = "kubernetes"
    options: ClassVar[Spec] = {
        "namespace": {"type": "str", "required": True},
        "pod": {"type": "str"},
        "selector": {"type": "str"},
        "container": {"type": "str"},
        "command": {"type": "str", "required": True, "choices": sorted(COMMANDS)},
        "arguments": {"type": "dict", "default": {}},
    }

    def check(self) -> None:
        check_names(self.given, "namespace", "pod", "container")
        check_selector(self.given["selector"])
        if bool(self.given["pod"]) == bool(self.given["selector"]):
            raise ProbeError("bad_option", "either 'pod' or 'selector' is required")
        self.words = command_line(self.given["command"], self.given["arguments"])

    def question(self) -> str:
        where = self.given["pod"] or self.given["selector"]
        return one_line(f"{' '.join(self.words)} in {self.given['namespace']}/{where}")

    def _ask(self, deadline: float) -> Json:
        pod = self.given["pod"] or self._first_ready(deadline)
        namespace, container = self.given["namespace"], self.given["container"]
        code, output, errors = self.transport.exec(namespace, pod, self.words, container, deadline)
        return dict(summary(code, output, errors), pod=pod)

    def _first_ready(self, deadline: float) -> str:
        path = object_path("v1", "pods", self.given["namespace"])
        found = self.transport.list(path, {"labelSelector": self.given["selector"]}, deadline)
        names = sorted(pod["metadata"]["name"] for pod in found["items"] if is_ready(pod))
        if not names:
            raise ProbeError("not_found", f"no ready pod to ask from: {self.given['selector']}")
        return str(names[0])


def summary(code: int, output: str, errors: str) -> Json:
    """The probe's value from what the command wrote."""
    lines: list[Any] = [one_line(line, 300) for line in (output + "\n" + errors).splitlines() if line.strip()]
    return {"exit_code": code, "output": lines[:LINES], "truncated": len(lines) > LINES}
