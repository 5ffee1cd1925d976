# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job with which k3s' helm-controller runs Helm for a chart (github.com/k3s-io/helm-controller, read at v0.17.7).

The controller makes ``helm-install-NAME`` from a HelmChart and its HelmChartConfig, and notes in its pods' annotation
``helmcharts.helm.cattle.io/configHash`` what it was made from. It replaces the job by itself once that hash changes,
and makes it again when it is gone. So a job of another uid is a new one, whoever removed the old; and where the
configuration has changed, one of the same hash is not of the new configuration yet. Its backoff limit is 1000: a Helm
that fails shows as a pod that is started again and again, hardly ever as a job that has failed.
"""

from __future__ import annotations

import dataclasses
from typing import Sequence

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError, one_line
from ansible_collections.oncall.remedy.plugins.module_utils.fixes import changes, pods
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.objects import Json, annotations_of, at
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.workload import owned
from ansible_collections.oncall.remedy.plugins.module_utils.kube import KubeTransport, object_path

CONFIG_HASH = "helmcharts.helm.cattle.io/configHash"

_LINES = 10


@dataclasses.dataclass(frozen=True)
class Former:
    """What is remembered of the job that is to be replaced; empty if there was none. ``stale``: so is its hash."""

    uid: str = ""
    hash: str = ""
    stale: bool = False


def former(job: Json | None, config_changes: bool) -> Former:
    """What has to be remembered of the job before it is replaced."""
    return Former(uid(job), config_hash(job), config_changes and bool(config_hash(job)))


def uid(job: Json | None) -> str:
    """The job's uid, or nothing."""
    return str(at(job, "metadata", "uid", default=""))


def config_hash(job: Json | None) -> str:
    """What the job was made from, or nothing."""
    return annotations_of(at(job, "spec", "template", default={})).get(CONFIG_HASH, "")


def is_new(job: Json, before: Former) -> bool:
    """Whether it is of the configuration that stands now."""
    return uid(job) != before.uid and not (before.stale and config_hash(job) == before.hash)


def condition(job: Json, kind: str) -> Json:
    """The job's condition ``Complete`` or ``Failed`` if it holds, else empty."""
    for one in at(job, "status", "conditions", default=[]):
        if one.get("type") == kind and one.get("status") == "True":
            found: Json = one
            return found
    return {}


def pods_of(kube: KubeTransport, job: Json) -> list[Json]:
    """The job's pods."""
    namespace, name = at(job, "metadata", "namespace"), at(job, "metadata", "name")
    listed = kube.list(object_path("v1", "pods", namespace), {"labelSelector": f"job-name={name}"})
    return owned(job, listed["items"])


def at_work(members: Sequence[Json]) -> str:
    """The pod in which Helm runs at this moment, or nothing."""
    for pod in members:
        states = at(pod, "status", "containerStatuses", default=[])
        if any(at(one, "state", "running") is not None for one in states):
            return pods.name(pod)
    return ""


def log_of(kube: KubeTransport, members: Sequence[Json]) -> list[str]:
    """The last lines of the newest pod's log; empty if there is none or it cannot be read."""
    newest = max(members, key=lambda pod: str(at(pod, "metadata", "creationTimestamp", default="")), default=None)
    if newest is None:
        return []
    path = object_path("v1", "pods", at(newest, "metadata", "namespace"), pods.name(newest), "log")
    try:
        text = kube.text(path, {"tailLines": _LINES, "limitBytes": 8192})
    except ProbeError:
        return []  # the failure itself is what matters; its log is an addition
    return [str(changes.hidden(one_line(line, 300))) for line in text.splitlines() if line.strip()][-_LINES:]
