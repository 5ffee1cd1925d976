# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster's events: what controllers and kubelets said of an object lately."""

from __future__ import annotations

import time
from typing import ClassVar

from ansible_collections.oncall.remedy.plugins.module_utils.kube import object_path
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import Json, Probe, Spec
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes import brief, check_names
from ansible_collections.oncall.remedy.plugins.module_utils.timestamps import unix

LATEST = 20


class Events(Probe):
    """Events of a namespace in the last ``since`` (the API server keeps them for an hour by default).

    ``kind`` is that of the object they speak of, ``name`` the beginning of its name.

    Value: ``total`` and ``warnings`` (occurrences: an event that happened 7 times counts 7), ``reasons`` {reason:
    occurrences}, ``latest`` [{reason, message, kind, name, warning, count, age}] newest first, at most 20.
    """

    name = "kubernetes_events"
    endpoint = "kubernetes"
    options: ClassVar[Spec] = {
        "namespace": {"type": "str", "required": True},
        "kind": {"type": "str"},
        "name": {"type": "str"},
        "since": {"type": "duration", "default": "15m"},
    }

    def check(self) -> None:
        check_names(self.given, "namespace", "kind")

    def question(self) -> str:
        about = " ".join(filter(None, (self.given["kind"], (self.given["name"] or "") and self.given["name"] + "*")))
        return f"events in {self.given['namespace']}{' about ' + about if about else ''}, {self.given['since']:g} s"

    def _ask(self, deadline: float) -> Json:
        kind = self.given["kind"]
        params = {"fieldSelector": f"involvedObject.kind={kind}" if kind else None}
        found = self.transport.list(object_path("v1", "events", self.given["namespace"]), params, deadline)
        now = time.time()
        return summary(found["items"], self.given["name"] or "", now - self.given["since"], now)


def summary(events: list[Json], prefix: str, after: float, now: float) -> Json:
    """The probe's value from the API's events."""
    rows = [row(one, now) for one in events if one["involvedObject"].get("name", "").startswith(prefix)]
    rows = sorted((one for one in rows if now - one["age"] >= after), key=lambda one: float(one["age"]))
    reasons: dict[str, int] = {}
    for one in rows:
        reasons[one["reason"]] = reasons.get(one["reason"], 0) + one["count"]
    return {
        "total": sum(one["count"] for one in rows),
        "warnings": sum(one["count"] for one in rows if one["warning"]),
        "reasons": reasons,
        "latest": rows[:LATEST],
    }


def row(event: Json, now: float) -> Json:
    """An event of the old kind (lastTimestamp, count) or the new (series, eventTime)."""
    series = event.get("series") or {}
    times = (series.get("lastObservedTime"), event.get("lastTimestamp"), event.get("eventTime"))
    seen = next(filter(None, map(unix, times)), None) or unix(event["metadata"].get("creationTimestamp")) or 0.0
    about = event["involvedObject"]
    return {
        "reason": event.get("reason", ""),
        "message": brief(event.get("message")),
        "kind": about.get("kind", ""),
        "name": about.get("name", ""),
        "warning": event.get("type") == "Warning",
        "count": series.get("count") or event.get("count") or 1,
        "age": round(now - seen, 3),
    }
