# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DaemonSets, Deployments and StatefulSets: where the API has them, which pods are theirs, what cannot be rolled."""

from __future__ import annotations

import dataclasses

from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.objects import Json, at
from ansible_collections.oncall.remedy.plugins.module_utils.kube import KubeTransport, object_path

PLURALS = {"DaemonSet": "daemonsets", "Deployment": "deployments", "StatefulSet": "statefulsets"}


@dataclasses.dataclass(frozen=True)
class Workload:
    """The name of a workload. ``kind`` is a key of ``PLURALS``."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"

    @property
    def path(self) -> str:
        """Where the API server has it. ProbeError (bad_option) for what cannot be a name."""
        return object_path("apps/v1", PLURALS[self.kind], self.namespace, self.name)


def refuse_unrollable(what: str, workload: Json) -> None:
    """:raises FixFailed: a new template would replace no pod."""
    if at(workload, "spec", "paused"):
        raise FixFailed(what, "its rollout is paused", "Find out who paused it and why; kubectl rollout resume ends it")
    if at(workload, "spec", "updateStrategy", "type") == "OnDelete":
        raise FixFailed(
            what,
            "its update strategy is OnDelete, so a changed template replaces no pod",
            "Delete its pods one by one by hand",
        )


def selector_text(selector: Json) -> str:
    """A label selector as the API's query takes it: "app=web,tier in (a,b),!old"."""
    parts = ["{}={}".format(*pair) for pair in sorted(at(selector, "matchLabels", default={}).items())]
    for expression in at(selector, "matchExpressions", default=[]):
        key, operator = expression["key"], expression["operator"]
        if operator == "Exists":
            parts.append(key)
        elif operator == "DoesNotExist":
            parts.append("!" + key)
        else:
            word = {"In": "in", "NotIn": "notin"}[operator]
            parts.append("{} {} ({})".format(key, word, ",".join(expression["values"])))
    return ",".join(parts)


def owned(workload: Json, members: list[Json]) -> list[Json]:
    """The members that the workload itself controls."""
    uid = at(workload, "metadata", "uid")
    return [
        member
        for member in members
        if any(owner.get("uid") == uid for owner in at(member, "metadata", "ownerReferences", default=[]))
    ]


def pods_of(kube: KubeTransport, workload: Json) -> list[Json]:
    """The pods of a workload, old and new. A Deployment's belong to its ReplicaSets: its selector alone tells them."""
    found = selected(kube, workload, "v1", "pods")
    return found if workload["kind"] == "Deployment" else owned(workload, found)


def selected(kube: KubeTransport, workload: Json, api_version: str, plural: str) -> list[Json]:
    """All objects of a kind in the workload's namespace that its selector takes."""
    path = object_path(api_version, plural, at(workload, "metadata", "namespace"))
    wanted = selector_text(at(workload, "spec", "selector", default={}))
    members: list[Json] = kube.list(path, {"labelSelector": wanted})["items"]
    return members
