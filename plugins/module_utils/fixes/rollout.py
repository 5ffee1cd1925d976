# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a rollout is, read from the workload itself the way ``kubectl rollout status`` reads it. All pure."""

from __future__ import annotations

import dataclasses

from ansible_collections.oncall.remedy.plugins.module_utils.fixes.objects import Json, at, generation


@dataclasses.dataclass(frozen=True)
class Progress:
    """``done``: every pod is of the current template and serves. ``gave_up``: the controller says it got stuck."""

    done: bool
    says: str
    gave_up: bool = False


def progress(workload: Json) -> Progress:
    """The progress of a DaemonSet, Deployment or StatefulSet, judged by its ``kind``.

    Counts of a status that belongs to an older generation say nothing about the current template and are not read.
    """
    if int(at(workload, "status", "observedGeneration", default=0)) < generation(workload):
        return Progress(False, "its controller has not taken notice of the change yet")
    judges = {"DaemonSet": _daemon_set, "Deployment": _deployment, "StatefulSet": _stateful_set}
    return judges[workload["kind"]](workload)


def _count(workload: Json, field: str) -> int:
    return int(at(workload, "status", field, default=0))


def _daemon_set(workload: Json) -> Progress:
    desired = _count(workload, "desiredNumberScheduled")
    updated, available = _count(workload, "updatedNumberScheduled"), _count(workload, "numberAvailable")
    if desired == 0:
        return Progress(True, "no node is eligible for a pod of it")
    if updated < desired:
        return Progress(False, f"{updated} of {desired} pods are replaced")
    if available < desired:
        return Progress(False, f"all pods are replaced, {available} of {desired} are available")
    return Progress(True, f"{available} of {desired} pods are ready")


def _deployment(workload: Json) -> Progress:
    desired = int(at(workload, "spec", "replicas", default=1))
    total, updated = _count(workload, "replicas"), _count(workload, "updatedReplicas")
    available = _count(workload, "availableReplicas")
    for condition in at(workload, "status", "conditions", default=[]):
        if condition.get("type") == "Progressing" and condition.get("reason") == "ProgressDeadlineExceeded":
            return Progress(False, condition.get("message") or "it exceeded its progress deadline", gave_up=True)
    if updated < desired:
        return Progress(False, f"{updated} of {desired} pods are replaced")
    if total > updated:
        return Progress(False, f"{total - updated} old pods are still there")
    if available < updated:
        return Progress(False, f"all pods are replaced, {available} of {updated} are available")
    return Progress(True, f"{available} of {desired} pods are ready")


def _stateful_set(workload: Json) -> Progress:
    replicas = int(at(workload, "spec", "replicas", default=1))
    partition = int(at(workload, "spec", "updateStrategy", "rollingUpdate", "partition", default=0))
    to_update = max(0, replicas - partition)
    ready, updated = _count(workload, "readyReplicas"), _count(workload, "updatedReplicas")
    if updated < to_update:
        return Progress(False, f"{updated} of {to_update} pods are replaced")
    if ready < replicas:
        return Progress(False, f"all pods are replaced, {ready} of {replicas} are ready")
    if partition == 0 and at(workload, "status", "currentRevision") != at(workload, "status", "updateRevision"):
        return Progress(False, "the new revision is not the current one yet")
    return Progress(True, f"{ready} of {replicas} pods are ready")


def summary(workload: Json) -> Json:
    """What a result says of a workload before and after: a few numbers, never the object."""
    desired = _count(workload, "desiredNumberScheduled")
    ready, updated = _count(workload, "numberReady"), _count(workload, "updatedNumberScheduled")
    if workload["kind"] != "DaemonSet":
        desired = int(at(workload, "spec", "replicas", default=1))
        ready, updated = _count(workload, "readyReplicas"), _count(workload, "updatedReplicas")
    return {
        "resource_version": str(at(workload, "metadata", "resourceVersion", default="")),
        "generation": generation(workload),
        "desired": desired,
        "updated": updated,
        "ready": ready,
        "restarted_at": at(workload, "spec", "template", "metadata", "annotations", default={}).get(
            "kubectl.kubernetes.io/restartedAt", ""
        ),
    }
