# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The revisions that Kubernetes keeps of a workload's pod template.

A DaemonSet's are ControllerRevisions, a Deployment's are its ReplicaSets. A template that is put back keeps its object
and gets a new, higher number: numbers name moments, hashes name templates.
"""

from __future__ import annotations

import copy
import dataclasses

from ansible_collections.oncall.remedy.plugins.module_utils.fixes import marks
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.objects import Json, annotations_of, at, labels_of
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.workload import owned, selected
from ansible_collections.oncall.remedy.plugins.module_utils.kube import KubeTransport

KINDS = ("DaemonSet", "Deployment")
HASH_LABEL = {"DaemonSet": "controller-revision-hash", "Deployment": "pod-template-hash"}
CHANGE_CAUSE = "kubernetes.io/change-cause"
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"

RESTART_STAMPS = frozenset({RESTARTED_AT, marks.INCIDENT})

_NUMBER = "deployment.kubernetes.io/revision"


@dataclasses.dataclass(frozen=True)
class Revision:
    """``number`` as kubectl rollout history shows it; ``hash`` as the pods carry it in ``HASH_LABEL``."""

    number: int
    hash: str
    template: Json
    change_cause: str = ""


def revisions_of(kube: KubeTransport, workload: Json) -> list[Revision]:
    """All revisions, the oldest first."""
    if workload["kind"] == "DaemonSet":
        return from_controller_revisions(owned(workload, selected(kube, workload, "apps/v1", "controllerrevisions")))
    return from_replica_sets(owned(workload, selected(kube, workload, "apps/v1", "replicasets")))


def from_controller_revisions(members: list[Json]) -> list[Revision]:
    """A DaemonSet's revisions. Their data is a patch that replaces the template (kubectl applies it as it stands)."""
    return _sorted(
        [
            Revision(
                int(member["revision"]),
                labels_of(member).get(HASH_LABEL["DaemonSet"], ""),
                _bare(at(member, "data", "spec", "template", default={})),
            )
            for member in members
        ]
    )


def from_replica_sets(members: list[Json]) -> list[Revision]:
    """A Deployment's revisions. The hash label is the controller's addition and no part of the template."""
    found = []
    for member in members:
        if _NUMBER not in annotations_of(member):
            continue  # its controller has not taken notice of it yet
        template = _bare(at(member, "spec", "template", default={}))
        template.get("metadata", {}).get("labels", {}).pop(HASH_LABEL["Deployment"], None)
        number, cause = int(annotations_of(member)[_NUMBER]), annotations_of(member).get(CHANGE_CAUSE, "")
        found.append(Revision(number, labels_of(member).get(HASH_LABEL["Deployment"], ""), template, cause))
    return _sorted(found)


def without_restarts(template: Json) -> Json:
    """A template without the stamps of restarts: two that are alike in this run the same program in the same way."""
    bare = copy.deepcopy(template)
    kept = {key: value for key, value in annotations_of(bare).items() if key not in RESTART_STAMPS}
    bare.setdefault("metadata", {})["annotations"] = kept
    return bare


def _bare(template: Json) -> Json:
    """A template as the API takes it: without the patch directive and the empty times that older versions stored."""
    bare = copy.deepcopy(template)
    bare.pop("$patch", None)
    if at(bare, "metadata", "creationTimestamp") is None:
        bare.get("metadata", {}).pop("creationTimestamp", None)
    return bare


def _sorted(found: list[Revision]) -> list[Revision]:
    return sorted(found, key=lambda revision: revision.number)
