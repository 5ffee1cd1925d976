# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pods and what keeps them from being ready."""

from __future__ import annotations

import time
from typing import Any, ClassVar, Iterator

from ansible_collections.oncall.remedy.plugins.module_utils.kube import object_path
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import MOST, Json, Probe, Spec
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes import (
    brief,
    check_names,
    check_selector,
    condition,
)
from ansible_collections.oncall.remedy.plugins.module_utils.timestamps import unix

CRASH = {"CrashLoopBackOff", "Error", "RunContainerError", "StartError"}
IMAGE = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"}
LOST = {"Unknown", "ContainerStatusUnknown"}
"""How the kubelet calls the end of a container that went down with its node."""

_RECENT = 120.0
"""Seconds for which a container that runs again after a crash still counts as crashing: between two crashes of a loop
it runs for moments. One that has run for longer and is not ready has another trouble than the crash of then."""


class Pods(Probe):
    """The pods of a namespace that a label selector matches.

    Pods that have run to their end (phase Succeeded or Failed; an evicted one is Failed) are no part of the counts; the
    failed ones stand in ``failed``.

    Value: ``total``, ``ready``, ``not_ready``, ``names``, ``crashing`` (a container waits in CrashLoopBackOff or the
    like, or it has ended with an error, was restarted, and the pod is not ready), ``pending`` (phase Pending and in
    none of the other lists), ``image_errors``, ``failed``, ``nodes`` (with such a pod), ``ready_nodes`` (with a ready
    one), ``pods`` [{name, uid, node, phase, ready, restarts, reason, message, exit_code, revision, started_at,
    deleting}], ``truncated``.
    """

    name = "kubernetes_pods"
    endpoint = "kubernetes"
    options: ClassVar[Spec] = {
        "namespace": {"type": "str", "required": True},
        "selector": {"type": "str"},
    }

    def check(self) -> None:
        check_names(self.given, "namespace")
        check_selector(self.given["selector"])

    def question(self) -> str:
        selector = self.given["selector"]
        return f"pods in {self.given['namespace']}" + (f", {selector}" if selector else "")

    def _ask(self, deadline: float) -> Json:
        path = object_path("v1", "pods", self.given["namespace"])
        found = self.transport.list(path, {"labelSelector": self.given["selector"]}, deadline)
        return summary(found["items"], time.time())


def summary(pods: list[Json], now: float) -> Json:
    """The probe's value from the API's pods."""
    pods = sorted(pods, key=lambda pod: str(pod["metadata"]["name"]))
    living = [pod for pod in pods if pod["status"].get("phase") not in ("Succeeded", "Failed")]
    rows = [row(pod) for pod in living]
    ready = [one for one in rows if one["ready"]]
    crashing = [pod["metadata"]["name"] for pod in living if is_crashing(pod, now)]
    images = [pod["metadata"]["name"] for pod in living if any(_waits(one) in IMAGE for one in containers(pod))]
    return {
        "total": len(rows),
        "ready": len(ready),
        "not_ready": len(rows) - len(ready),
        "names": [one["name"] for one in rows],
        "crashing": crashing,
        "pending": [one["name"] for one in rows if one["phase"] == "Pending" and one["name"] not in crashing + images],
        "image_errors": images,
        "failed": [pod["metadata"]["name"] for pod in pods if pod["status"].get("phase") == "Failed"],
        "nodes": sorted({one["node"] for one in rows if one["node"]}),
        "ready_nodes": sorted({one["node"] for one in ready if one["node"]}),
        "pods": rows[:MOST],
        "truncated": len(rows) > MOST,
    }


def row(pod: Json) -> Json:
    """One pod; reason, message and exit code are those of the container that explains most."""
    meta, status = pod["metadata"], pod["status"]
    labels = meta.get("labels") or {}
    return dict(
        trouble(pod),
        name=meta["name"],
        uid=meta.get("uid", ""),
        node=(pod.get("spec") or {}).get("nodeName", ""),
        phase=status.get("phase", "Unknown"),
        ready=is_ready(pod),
        restarts=sum(one.get("restartCount", 0) for one in containers(pod)),
        revision=labels.get("controller-revision-hash") or labels.get("pod-template-hash") or "",
        started_at=unix(status.get("startTime")),
        deleting="deletionTimestamp" in meta,
    )


def is_ready(pod: Json) -> bool:
    """Ready, and not on its way out (which takes it out of its Service)."""
    return condition(pod, "Ready").get("status") == "True" and "deletionTimestamp" not in pod["metadata"]


def is_crashing(pod: Json, now: float) -> bool:
    if is_ready(pod):
        return False
    return any(_waits(one) in CRASH or _has_crashed(one, now) for one in containers(pod))


def containers(pod: Json) -> Iterator[Json]:
    """The statuses of all containers, those that initialise first."""
    for kind in ("initContainerStatuses", "containerStatuses"):
        yield from pod["status"].get(kind) or []


def trouble(pod: Json) -> dict[str, Any]:
    """Why the pod is not ready: reason, message and exit code; empty and null where nothing says so."""
    for one in containers(pod):
        waiting = (one.get("state") or {}).get("waiting") or {}
        ended = _ended(one)
        if waiting.get("reason") not in (None, "ContainerCreating", "PodInitializing"):
            message = waiting.get("message") or ended.get("message")
            return {"reason": waiting["reason"], "message": brief(message), "exit_code": ended.get("exitCode")}
        if ended.get("exitCode") and not one.get("ready"):
            return {
                "reason": ended.get("reason") or "Error",
                "message": brief(ended.get("message")),
                "exit_code": ended["exitCode"],
            }
    for kind in ("PodScheduled", "Ready"):
        found = condition(pod, kind)
        if found.get("status") == "False":
            return {"reason": found.get("reason", ""), "message": brief(found.get("message")), "exit_code": None}
    return {
        "reason": pod["status"].get("reason", ""),
        "message": brief(pod["status"].get("message")),
        "exit_code": None,
    }


def _waits(container: Json) -> str:
    return str(((container.get("state") or {}).get("waiting") or {}).get("reason", ""))


def _ended(container: Json) -> Json:
    """How the container's present or last run ended, or an empty mapping."""
    ends = ((container.get(state) or {}).get("terminated") for state in ("state", "lastState"))
    return next((end for end in ends if end), {})


def _has_crashed(container: Json, now: float) -> bool:
    ended = _ended(container)
    if not ended.get("exitCode") or not container.get("restartCount") or ended.get("reason") in LOST:
        return False
    return "terminated" in container["state"] or now - (unix(ended.get("finishedAt")) or 0.0) < _RECENT
