# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes: ready, cordoned, tainted."""

from __future__ import annotations

from typing import ClassVar

from ansible_collections.oncall.remedy.plugins.module_utils.kube import object_path
from ansible_collections.oncall.remedy.plugins.module_utils.probes.base import MOST, Json, Probe, Spec
from ansible_collections.oncall.remedy.plugins.module_utils.probes.kubernetes import brief, check_selector, condition

REPELLING = ("NoSchedule", "NoExecute")


class Nodes(Probe):
    """The cluster's nodes, or those that a label selector matches.

    Value: ``total``, ``ready``, ``not_ready`` (names; also those that have not reported for long), ``cordoned``
    (names), ``tainted`` (names: any taint NoSchedule or NoExecute), ``names``, ``nodes`` [{name, ready, reason,
    message, address, unschedulable, taints [{key, value, effect}]}], ``truncated``.
    """

    name = "kubernetes_nodes"
    endpoint = "kubernetes"
    options: ClassVar[Spec] = {"selector": {"type": "str"}}

    def check(self) -> None:
        check_selector(self.given["selector"])

    def question(self) -> str:
        return "nodes" + (f", {self.given['selector']}" if self.given["selector"] else "")

    def _ask(self, deadline: float) -> Json:
        found = self.transport.list(object_path("v1", "nodes"), {"labelSelector": self.given["selector"]}, deadline)
        return summary(found["items"])


def summary(nodes: list[Json]) -> Json:
    """The probe's value from the API's nodes."""
    rows = sorted(map(row, nodes), key=lambda one: str(one["name"]))
    return {
        "total": len(rows),
        "ready": sum(one["ready"] for one in rows),
        "not_ready": [one["name"] for one in rows if not one["ready"]],
        "cordoned": [one["name"] for one in rows if one["unschedulable"]],
        "tainted": [one["name"] for one in rows if any(taint["effect"] in REPELLING for taint in one["taints"])],
        "names": [one["name"] for one in rows],
        "nodes": rows[:MOST],
        "truncated": len(rows) > MOST,
    }


def row(node: Json) -> Json:
    spec = node.get("spec") or {}
    ready = condition(node, "Ready")
    addresses = {one["type"]: one["address"] for one in (node.get("status") or {}).get("addresses") or []}
    taints = [
        {"key": taint["key"], "value": taint.get("value", ""), "effect": taint["effect"]}
        for taint in spec.get("taints") or []
    ]
    return {
        "name": node["metadata"]["name"],
        "ready": ready.get("status") == "True",
        "reason": ready.get("reason", "") if ready else "never reported",
        "message": brief(ready.get("message")),
        "address": addresses.get("InternalIP") or addresses.get("ExternalIP") or "",
        "unschedulable": bool(spec.get("unschedulable")),
        "taints": taints,
    }
