# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One DaemonSet, Deployment or StatefulSet, with the revisions that it can be rolled back to."""

from __future__ import annotations

from typing import Any, ClassVar

from ansible_collections.oncall.remedy.plugins.module_utils.kube import object_path
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import Json, Probe, Spec
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes import (
    check_names,
    owner,
    selector_text,
)
from ansible_collections.oncall.remedy.plugins.module_utils.timestamps import unix

PLURALS = {"DaemonSet": "daemonsets", "Deployment": "deployments", "StatefulSet": "statefulsets"}
RESTARTED = "kubectl.kubernetes.io/restartedAt"
INCIDENT = "oncall.remedy/incident"
STAMPS = frozenset({RESTARTED, INCIDENT})
REVISION = "deployment.kubernetes.io/revision"


class Workload(Probe):
    """A workload's rollout and its history.

    Value: ``exists``, ``kind``, ``namespace``, ``name``; where it exists also ``desired``, ``scheduled``, ``ready``,
    ``available``, ``updated`` (pods), ``max_unavailable`` (how many of its pods a rollout takes away at once; 0 where
    it replaces none by itself, or brings a new one up before it takes an old one away), ``rolled_out`` (the
    controller has seen the present spec and all desired pods are of it), ``revision`` (number), ``revision_hash`` (as
    in the pods' label), ``revision_created`` (unix; when the present program was first rolled out: a restart does not
    count, one that was rolled back to keeps its first date), ``revisions`` [{revision, hash, created, args, images}]
    oldest first, ``previous_revision`` (of another program; 0: none), ``args`` (first container), ``images``,
    ``selector``, ``owner``, ``resource_version``, ``restarted_at`` (unix or null), ``incident`` (which incident's
    remedy touched it last), ``node_selector``, ``tolerations`` (short texts).
    """

    name = "kubernetes_workload"
    endpoint = "kubernetes"
    options: ClassVar[Spec] = {
        "kind": {"type": "str", "required": True, "choices": ["DaemonSet", "Deployment", "StatefulSet"]},
        "namespace": {"type": "str", "required": True},
        "name": {"type": "str", "required": True},
    }

    def check(self) -> None:
        check_names(self.given, "namespace", "name")

    def question(self) -> str:
        return "{kind} {namespace}/{name}".format(**self.given)

    def _ask(self, deadline: float) -> Json:
        kind, namespace = self.given["kind"], self.given["namespace"]
        found = self.transport.find(
            object_path("apps/v1", PLURALS[kind], namespace, self.given["name"]), None, deadline
        )
        if found is None:
            return dict(self.given, exists=False)
        records = "replicasets" if kind == "Deployment" else "controllerrevisions"
        params = {"labelSelector": selector_text(found["spec"]["selector"])}
        history = self.transport.list(object_path("apps/v1", records, namespace), params, deadline)
        return dict(self.given, **summary(kind, found, history["items"]))


def summary(kind: str, workload: Json, records: list[Json]) -> Json:
    """The probe's value from the API's object and its ReplicaSets or ControllerRevisions."""
    meta, template = workload["metadata"], workload["spec"]["template"]
    annotations = meta.get("annotations") or {}
    history = revisions(kind, workload, records)
    current: Json = history[-1] if history else {}
    same = same_program(history)
    return dict(
        counts(kind, workload),
        exists=True,
        revision=current.get("revision", 0),
        revision_hash=current.get("hash", ""),
        revision_created=same[0]["created"] if same else None,
        revisions=[{key: one[key] for key in one if key != "template"} for one in history],
        previous_revision=history[-len(same) - 1]["revision"] if len(history) > len(same) else 0,
        args=_args(template),
        images=_images(template),
        selector=selector_text(workload["spec"]["selector"]),
        owner=owner(workload),
        resource_version=meta["resourceVersion"],
        restarted_at=unix(((template.get("metadata") or {}).get("annotations") or {}).get(RESTARTED)),
        incident=annotations.get(INCIDENT, ""),
        node_selector=template["spec"].get("nodeSelector") or {},
        tolerations=[toleration_text(one) for one in template["spec"].get("tolerations") or []],
    )


def counts(kind: str, workload: Json) -> Json:
    """How many pods there should be and are, and whether the rollout is done."""
    status = workload.get("status") or {}
    if kind == "DaemonSet":
        found = {
            "desired": status.get("desiredNumberScheduled", 0),
            "scheduled": status.get("currentNumberScheduled", 0),
            "ready": status.get("numberReady", 0),
            "available": status.get("numberAvailable", 0),
            "updated": status.get("updatedNumberScheduled", 0),
        }
    else:
        found = {
            "desired": workload["spec"].get("replicas", 1),
            "scheduled": status.get("replicas", 0),
            "ready": status.get("readyReplicas", 0),
            "available": status.get("availableReplicas", 0),
            "updated": status.get("updatedReplicas", 0),
        }
    seen = status.get("observedGeneration", 0) >= workload["metadata"].get("generation", 0)
    return dict(
        found,
        max_unavailable=max_unavailable(kind, workload["spec"], found["desired"]),
        rolled_out=seen and found["updated"] == found["desired"],
    )


def max_unavailable(kind: str, spec: Json, desired: int) -> int:
    """How many pods at once a rollout takes away of those desired, counted as the workload's controller does.

    Source: Kubernetes API, RollingUpdateDaemonSet, RollingUpdateDeployment, RollingUpdateStatefulSetStrategy.
    """
    strategy = spec.get("strategy" if kind == "Deployment" else "updateStrategy") or {}
    if strategy.get("type") == "Recreate":
        return desired
    if strategy.get("type") == "OnDelete":
        return 0
    rolling = strategy.get("rollingUpdate") or {}
    usual, surge, down = ("25%", "25%", True) if kind == "Deployment" else (1, 0, False)
    away = _share(rolling.get("maxUnavailable", usual), desired, down)
    if away == 0 and _share(rolling.get("maxSurge", surge), desired, False) == 0:
        away = 1  # else nothing would ever be replaced
    return min(away, desired)


def _share(value: int | str, of: int, down: bool) -> int:
    """A number as it stands, a percentage of ``of``, rounded up or ``down``."""
    if isinstance(value, int):
        return value
    hundredths = int(value.rstrip("%")) * of
    return hundredths // 100 if down else -(-hundredths // 100)


def revisions(kind: str, workload: Json, records: list[Json]) -> list[Json]:
    """The revisions of this very object (by uid: a namesake's records may still be around), oldest first."""
    uid = workload["metadata"]["uid"]
    owned = [one for one in records if any(ref["uid"] == uid for ref in one["metadata"].get("ownerReferences") or [])]
    read = _replica_set if kind == "Deployment" else _controller_revision
    return sorted((read(one) for one in owned), key=lambda one: int(one["revision"]))


def same_program(history: list[Json]) -> list[Json]:
    """The newest revisions that differ from one another in nothing but a restart, oldest first.

    A restart makes a revision too: the one before it runs the same program, and is nothing to go back to.
    """
    same: list[Json] = []
    for one in reversed(history):
        if same and one["template"] != same[0]["template"]:
            break
        same.insert(0, one)
    return same


def _replica_set(record: Json) -> Json:
    meta = record["metadata"]
    number = (meta.get("annotations") or {}).get(REVISION, "0")
    return _revision(int(number), meta, "pod-template-hash", record["spec"]["template"])


def _controller_revision(record: Json) -> Json:
    return _revision(
        record["revision"], record["metadata"], "controller-revision-hash", record["data"]["spec"]["template"]
    )


def _revision(number: int, meta: Json, label: str, template: Json) -> Json:
    return {
        "revision": number,
        "hash": (meta.get("labels") or {}).get(label, ""),
        "created": unix(meta.get("creationTimestamp")),
        "args": _args(template),
        "images": _images(template),
        "template": _without_restarts(template),
    }


def _without_restarts(template: Json) -> Json:
    """A template without what is no part of the program: stamps of restarts, and the controllers' own additions."""
    meta = template.get("metadata") or {}
    annotations = {key: one for key, one in (meta.get("annotations") or {}).items() if key not in STAMPS}
    labels = {key: one for key, one in (meta.get("labels") or {}).items() if key != "pod-template-hash"}
    return {"annotations": annotations, "labels": labels, "spec": template["spec"]}


def _args(template: Json) -> list[str]:
    args: list[str] = template["spec"]["containers"][0].get("args") or []
    return args


def _images(template: Json) -> list[str]:
    return [one.get("image", "") for one in template["spec"]["containers"]]


def toleration_text(toleration: dict[str, Any]) -> str:
    """A toleration as kubectl describe shows it: ``key=value:effect``, ``key:effect op=Exists``."""
    key, value, effect = (toleration.get(part, "") for part in ("key", "value", "effect"))
    text = key + (f"={value}" if value else "") + (f":{effect}" if effect else "")
    return f"{text} op=Exists".strip() if toleration.get("operator") == "Exists" else text
