# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repair of a ServiceMonitor that takes the wrong Services or the wrong port, and the way back.

A repair touches four things: the selector, the namespace selector, the port of one endpoint, labels. See ``repairing``
for how it is taken back. (API: monitoring.coreos.com/v1 of the Prometheus operator.)
"""

from __future__ import annotations

import copy
import dataclasses
from typing import Any, Mapping

from ansible_collections.oncall.remedy.plugins.module_utils.fixes.clock import Clock
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.objects import Json, at, labels_of
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.repairing import (
    Kind,
    Order,
    RepairFix,
    label_report,
    words,
)
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.workload import selector_text
from ansible_collections.oncall.remedy.plugins.module_utils.kube import KubeTransport


@dataclasses.dataclass(frozen=True)
class Repair:
    """What is to be right afterwards; None leaves a thing as it is. ``labels`` are added to those that are there.

    ``endpoint`` names the endpoint to repair by the port it has now; it may be empty where there is only one.
    """

    selector: Json | None = None
    namespace_selector: Json | None = None
    port: str = ""
    endpoint: str = ""
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(cls, given: Any) -> Repair:
        """From the module's options, in which what was not given is None.

        :raises FixFailed: the selector would take every Service.
        """
        selector = _given(given["selector"])
        if selector is not None and not any(selector.values()):
            raise FixFailed("repair the selector", "an empty selector takes every Service", "Give at least one label")
        return cls(
            selector,
            _given(given["namespace_selector"]),
            given["port"] or "",
            given["endpoint"] or "",
            given["labels"] or {},
        )


def _given(option: Json | None) -> Json | None:
    return None if option is None else {key: value for key, value in option.items() if value is not None}


def _repaired(what: str, monitor: Json, repair: Repair) -> Json:
    after = copy.deepcopy(monitor)
    if repair.selector is not None:
        after["spec"]["selector"] = copy.deepcopy(repair.selector)
    if repair.namespace_selector is not None:
        after["spec"]["namespaceSelector"] = copy.deepcopy(repair.namespace_selector)
    if repair.port:
        _set_port(what, after["spec"].get("endpoints") or [], repair)
    if repair.labels:
        after["metadata"]["labels"] = {**labels_of(monitor), **repair.labels}
    return after


def _set_port(what: str, endpoints: list[Json], repair: Repair) -> None:
    """Gives the endpoints that are meant their port. Nothing to do where another has it already and none is named."""
    meant = [one for one in endpoints if one.get("port") == repair.endpoint] if repair.endpoint else endpoints
    if meant and (repair.endpoint or len(meant) == 1):
        for one in meant:
            one["port"] = repair.port
    elif not any(one.get("port") == repair.port for one in endpoints):
        there = ", ".join(str(one.get("port") or one.get("targetPort")) for one in endpoints) or "none"
        raise FixFailed(
            what,
            f"it is not clear which of its endpoints is meant (their ports: {there})",
            "Name the endpoint by the port it has now",
        )


def report(before: Json, after: Json) -> list[str]:
    """One line for each thing that is different, "port metricz → metrics"."""
    lines = []
    for name, field, in_words in (("selector", "selector", selector_text), ("namespaces", "namespaceSelector", words)):
        old, new = at(before, "spec", field, default={}), at(after, "spec", field, default={})
        if old != new:
            lines.append(f"{name} {in_words(old)} → {in_words(new)}")
    ports = [
        [str(one.get("port", "")) for one in at(thing, "spec", "endpoints", default=[])] for thing in (before, after)
    ]
    lines += [f"port {old or '(none)'} → {new or '(none)'}" for old, new in zip(*ports) if old != new]
    return lines + label_report(before, after)


KIND = Kind(
    "ServiceMonitor",
    "monitoring.coreos.com/v1",
    "servicemonitors",
    "service_monitor",
    repaired=_repaired,
    report=report,
)


class ServiceMonitorFix(RepairFix):
    """Carries out one ``Order``, whose ``repair`` is a ``Repair`` or None."""

    def __init__(self, kube: KubeTransport, order: Order, clock: Clock | None = None) -> None:
        super().__init__(kube, KIND, order, clock)
