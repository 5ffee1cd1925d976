# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repair of a ServiceMonitor that takes the wrong Services or the wrong port, and the way back.

A repair touches four things: the selector, the namespace selector, the port of one endpoint, labels. What stood before
and what the repair left are kept in an annotation of the object itself, so the way back needs no memory elsewhere and
can tell whether somebody has changed the object since. (API: monitoring.coreos.com/v1 of the Prometheus operator.)
"""

from __future__ import annotations

import copy
import dataclasses
import json
from typing import Any, Mapping

from ansible_collections.oncall.remedy.plugins.module_utils.fixes import changes, marks, writing
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.clock import Clock
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.merging import merge_patch
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.objects import (
    Json,
    annotations_of,
    at,
    generation,
    labels_of,
    resource_version,
)
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.precondition import Precondition
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.workload import selector_text
from ansible_collections.oncall.remedy.plugins.module_utils.kube import MERGE, KubeTransport, object_path

REPAIRED = "service_monitor_repaired"
RESTORED = "service_monitor_restored"


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


@dataclasses.dataclass(frozen=True)
class Order:
    """``repair`` None asks for the way back. ``timeout`` (seconds) bounds the search for a lost answer."""

    namespace: str
    name: str
    incident: str
    repair: Repair | None
    precondition: Precondition = dataclasses.field(default_factory=Precondition)
    timeout: float = 60.0


class ServiceMonitorFix:
    """Carries out one ``Order``."""

    def __init__(self, kube: KubeTransport, order: Order, clock: Clock | None = None) -> None:
        self.kube = kube
        self.order = order
        self.clock = clock or Clock()

    @property
    def what(self) -> str:
        """For messages."""
        verb = "repair" if self.order.repair else "restore"
        return f"{verb} ServiceMonitor {self.order.namespace}/{self.order.name}"

    @property
    def path(self) -> str:
        """Where the API has it."""
        return object_path("monitoring.coreos.com/v1", "servicemonitors", self.order.namespace, self.order.name)

    def run(self, check: bool) -> dict[str, Any]:
        """Does it, or with ``check`` only says what would be done. The result is that of the module, see there.

        :raises FixFailed, ProbeError: see ``writing.write``.
        """
        deadline = self.clock.monotonic() + self.order.timeout
        now = self.kube.get(self.path)
        if check:
            after = plan(self.what, now, self.order)
            return {**self._result(now, after or now, after is not None), "after": {}, "msg": self._foreseen(after)}
        written = writing.write(self.what, now, self._read, self._judge, self._send, deadline, self.clock)
        return self._result(written.before, written.after, written.sent)

    def _read(self) -> Json:
        return self.kube.get(self.path)

    def _judge(self, monitor: Json) -> Json | None:
        after = plan(self.what, monitor, self.order)
        return None if after is None else merge_patch(monitor, after)

    def _send(self, body: Json) -> Json:
        return self.kube.patch(self.path, body, MERGE)

    def _result(self, before: Json, after: Json, changed: bool) -> dict[str, Any]:
        diff = changes.diff(before, after)
        return {
            "changed": changed,
            "already_done": not changed,
            "before": {"resource_version": resource_version(before), "generation": generation(before)},
            "after": {"resource_version": resource_version(after), "generation": generation(after)},
            "former": changes.hidden(_kept(after).get("former", {})) if self.order.repair else {},
            "report": report(before, after),
            "diff": diff,
            "msg": self._message(changed),
        }

    def _foreseen(self, after: Json | None) -> str:
        return self._message(changed=False) if after is None else f"would {self.what}"

    def _message(self, changed: bool) -> str:
        name = f"ServiceMonitor {self.order.namespace}/{self.order.name}"
        if self.order.repair:
            return f"{name} is repaired" if changed else f"{name} is as it has to be already"
        return f"{name} is as it was before the repair" + ("" if changed else " already")


def plan(what: str, monitor: Json, order: Order) -> Json | None:
    """The object as it has to be, mark included; None if it is so already.

    :raises FixFailed: it is not the object that was diagnosed, or somebody has changed it since the repair.
    """
    if order.repair is None:
        return _plan_restore(what, monitor, order)
    after = _repaired(what, monitor, order.repair)
    if _part(after) == _part(monitor):
        return None
    former = _part(monitor)
    if marks.is_marked(monitor, order.incident, REPAIRED):
        # A second repair for the same incident: the way back leads to where the first one began.
        _refuse_changed(what, monitor)
        former = _kept(monitor)["former"]
    else:
        order.precondition.demand(what, monitor)
    kept = json.dumps({"former": former, "left": _part(after)}, sort_keys=True)
    return _annotated(after, {**marks.mark(order.incident, REPAIRED), marks.FORMER: kept})


def _plan_restore(what: str, monitor: Json, order: Order) -> Json | None:
    if marks.is_marked(monitor, order.incident, RESTORED):
        return None
    if not marks.is_marked(monitor, order.incident, REPAIRED):
        by = annotations_of(monitor).get(marks.INCIDENT)
        raise FixFailed(
            what,
            "incident {} has not repaired it ({})".format(order.incident, f"incident {by} has" if by else "nobody has"),
            "Name the incident whose repair is to be taken back",
        )
    order.precondition.demand(what, monitor)
    _refuse_changed(what, monitor)
    former = _kept(monitor)["former"]
    after = copy.deepcopy(monitor)
    after["spec"] = former["spec"]
    after["metadata"]["labels"] = former["labels"]
    after["metadata"]["annotations"].pop(marks.FORMER)
    return _annotated(after, marks.mark(order.incident, RESTORED))


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


def _part(monitor: Json) -> Json:
    """The part that a repair may touch and a restore puts back."""
    return {"spec": monitor["spec"], "labels": labels_of(monitor)}


def _kept(monitor: Json) -> Json:
    """What the repair kept: ``former`` and ``left``, both as ``_part``; empty where nothing readable is kept."""
    try:
        kept = json.loads(annotations_of(monitor).get(marks.FORMER, "{}"))
    except ValueError:
        return {}
    return kept if isinstance(kept, dict) and {"former", "left"} <= set(kept) else {}


def _refuse_changed(what: str, monitor: Json) -> None:
    kept = _kept(monitor)
    if not kept:
        raise FixFailed(
            what,
            f"the annotation {marks.FORMER} that keeps its former state is gone or unreadable",
            "Take the former state from the case of the incident, and put it back by hand",
        )
    if kept["left"] != _part(monitor):
        left, now = changes.difference(changes.hidden(kept["left"]), changes.hidden(_part(monitor)))
        raise FixFailed(
            what,
            f"somebody has changed it since the repair: {_words(left)} became {_words(now)}",
            "See who did and what they meant, then change it by hand",
        )


def _annotated(monitor: Json, more: Mapping[str, str]) -> Json:
    monitor["metadata"]["annotations"] = {**annotations_of(monitor), **more}
    return monitor


def _words(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def report(before: Json, after: Json) -> list[str]:
    """One line for each thing that is different, "port metricz → metrics"."""
    lines = []
    for name, field, words in (("selector", "selector", selector_text), ("namespaces", "namespaceSelector", _words)):
        old, new = at(before, "spec", field, default={}), at(after, "spec", field, default={})
        if old != new:
            lines.append(f"{name} {words(old)} → {words(new)}")
    ports = [
        [str(one.get("port", "")) for one in at(thing, "spec", "endpoints", default=[])] for thing in (before, after)
    ]
    lines += [f"port {old or '(none)'} → {new or '(none)'}" for old, new in zip(*ports) if old != new]
    for label in sorted({*labels_of(before), *labels_of(after)}):
        old, new = labels_of(before).get(label, "(none)"), labels_of(after).get(label, "(none)")
        if old != new:
            lines.append(f"label {label}: {old} → {new}")
    return lines
