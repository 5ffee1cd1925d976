# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restart of a DaemonSet's pod on one node: it is deleted, and the DaemonSet makes the next one there.

No mark is needed that it was done: a pod dies once, and its uid is the precondition of its deletion. One that is gone
was restarted, by this run or by one that was killed; then its successor is only waited for.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Any, Mapping, Sequence

from ansible_collections.oncall.remedy.plugins.module_utils.fixes import changes, pods, stepping
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.clock import Clock
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.objects import Json, at
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.stepping import Next, Step, Wait
from ansible_collections.oncall.remedy.plugins.module_utils.kube import KubeTransport, object_path

_GENERATED = re.compile(r"(.+)-[a-z0-9]{5}")
"""The name of a pod that a DaemonSet makes: the DaemonSet's, and five characters."""


@dataclasses.dataclass(frozen=True)
class Pod:
    """A pod as the diagnosis saw it. What is empty demands nothing."""

    name: str
    uid: str = ""
    node: str = ""

    @classmethod
    def of(cls, given: Any) -> Pod:
        """From the module's option: a name, or a mapping of ``name``, ``uid`` and ``node``.

        :raises FixFailed: it is neither.
        """
        if isinstance(given, str) and given:
            return cls(given)
        if isinstance(given, Mapping) and given.get("name"):
            return cls(str(given["name"]), str(given.get("uid") or ""), str(given.get("node") or ""))
        raise FixFailed("read option pods", f"{str(given)[:80]!r} is no pod", "Give a name, or name, uid and node")

    @property
    def daemon_set(self) -> str:
        """The DaemonSet that such a name comes from, or nothing."""
        made = _GENERATED.fullmatch(self.name)
        return made[1] if made else ""


@dataclasses.dataclass(frozen=True)
class Order:
    """``pods`` are restarted one after the other. ``timeout`` (seconds) bounds the whole."""

    namespace: str
    pods: tuple[Pod, ...]
    timeout: float = 180.0


@dataclasses.dataclass(frozen=True)
class Seen:
    """The pods of the namespace."""

    all: list[Json]

    def named(self, name: str) -> Json | None:
        """The pod of that name."""
        return next((pod for pod in self.all if pods.name(pod) == name), None)

    def of(self, daemon_set: str, node: str) -> list[Json]:
        """A DaemonSet's pods on a node."""
        return [pod for pod in self.all if _daemon_set(pod) == daemon_set and pods.node(pod) == node]


def _daemon_set(pod: Json) -> str:
    """The DaemonSet that controls the pod, or nothing."""
    for reference in at(pod, "metadata", "ownerReferences", default=[]):
        if reference.get("controller") and reference.get("kind") == "DaemonSet":
            return str(reference.get("name"))
    return ""


class PodRestart:
    """Carries out one ``Order``."""

    def __init__(self, kube: KubeTransport, order: Order, clock: Clock | None = None) -> None:
        self.kube = kube
        self.order = order
        self.clock = clock or Clock()
        self._nodes = {pod.name: pod.node for pod in order.pods if pod.node}

    @property
    def what(self) -> str:
        """For messages: "restart Pod monitoring/node-exporter-x7k2p"."""
        names = ", ".join(pod.name for pod in self.order.pods)
        return f"restart {'Pods' if len(self.order.pods) > 1 else 'Pod'} {self.order.namespace}/{names}"

    def run(self, check: bool) -> dict[str, Any]:
        """Does it, or with ``check`` only says what would be done. The result is that of the module, see there.

        :raises FixFailed, ProbeError: see ``stepping.Stepper.run``; FixFailed also when a successor does not come up.
        """
        began = self.clock.monotonic()
        if check:
            return self._preview(self._look())
        stepper = stepping.Stepper(self.what, self._look, self._next, self.order.timeout, self.clock)
        carried = stepper.run()
        rows = self._rows(carried.before, carried.after)
        return {
            **stepping.changed(carried),
            "pods": rows,
            "report": pods.report(rows),
            "seconds": round(self.clock.monotonic() - began, 1),
            "diff": self._diff(carried.before),
            "msg": f"{'restarted' if carried.done else 'restarted before'}: {'; '.join(pods.report(rows)) or 'gone'}",
        }

    def _preview(self, seen: Seen) -> dict[str, Any]:
        there = [pod for pod in self.order.pods if isinstance(self._next_of(pod, seen), Step)]
        return {
            "changed": bool(there),
            "already_done": not there,
            "pods": [],
            "report": [],
            "seconds": 0.0,
            "diff": self._diff(seen),
            "msg": f"would {self.what}" if there else "there is nothing left to delete",
        }

    def _look(self) -> Seen:
        seen = Seen(self.kube.list(object_path("v1", "pods", self.order.namespace))["items"])
        for pod in self.order.pods:
            thing = seen.named(pod.name)
            if thing is not None:
                self._nodes.setdefault(pod.name, pods.node(thing))
        return seen

    def _next(self, seen: Seen) -> Next:
        for pod in self.order.pods:
            found = self._next_of(pod, seen)
            if found is not None:
                return found
        return None

    def _next_of(self, pod: Pod, seen: Seen) -> Next:
        thing = seen.named(pod.name)
        if thing is None:
            return self._successor(pod, seen)
        self._refuse_another(pod, thing)
        where = f"{pod.name} on {pods.node(thing) or 'no node'}"
        if at(thing, "metadata", "deletionTimestamp"):
            return Wait(
                f"{where} is still terminating", "See whether the node is up: a pod of a dead node does not go away"
            )
        return Step(f"{where} deleted", lambda: self._delete(thing), gone_is_done=True)

    def _refuse_another(self, pod: Pod, thing: Json) -> None:
        for field, seen, found in (
            ("uid", pod.uid, str(at(thing, "metadata", "uid", default=""))),
            ("node", pod.node, pods.node(thing)),
        ):
            if seen and seen != found:
                raise FixFailed(
                    self.what,
                    f"pod {pod.name} is another than was diagnosed (its {field} was {seen}, is {found})",
                    "Diagnose again: the next sweep does",
                )
        if not _daemon_set(thing):
            raise FixFailed(
                self.what,
                f"pod {pod.name} is of no DaemonSet, so nobody makes the next one on that node",
                "Restart its workload instead (rollout_restart)",
            )

    def _delete(self, thing: Json) -> Json:
        options = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": at(thing, "metadata", "uid")},
        }
        return self.kube.delete(object_path("v1", "pods", self.order.namespace, pods.name(thing)), options)

    def _successor(self, pod: Pod, seen: Seen) -> Next:
        """Whether the next one serves. Of a pod that is gone only a known node says where to look for it."""
        node = self._nodes.get(pod.name, "")
        if not node or not pod.daemon_set:
            return None
        there = seen.of(pod.daemon_set, node)
        stuck = pods.stall(there, lambda _pod: True)
        if stuck:
            raise FixFailed(
                self.what,
                f"the next one does not come up: {stuck}",
                "Look at kubectl logs --previous and describe of this pod; no other pod is restarted",
                result={"stalled": dataclasses.asdict(stuck)},
            )
        if any(pods.is_ready(one) for one in there):
            return None
        left = "; ".join(pods.pending(there, lambda _pod: True)) or f"there is none of {pod.daemon_set} on {node}"
        return Wait(left, "Look at kubectl describe of the DaemonSet and of the pod")

    def _rows(self, before: Seen, after: Seen) -> list[dict[str, Any]]:
        """What came up in the place of each pod, as ``pods.replacements`` has it."""
        return [
            {**row, "old": pod.name if before.named(pod.name) else ""}
            for pod in self.order.pods
            for row in pods.replacements(
                "DaemonSet", [], after.of(pod.daemon_set, self._nodes.get(pod.name, "")), lambda _pod: True
            )
        ]

    def _diff(self, before: Seen) -> dict[str, str]:
        """The pods that go, and that others come in their place."""
        there = [pod.name for pod in self.order.pods if before.named(pod.name)]
        return {
            "before": changes.text([{"pod": name, "node": self._nodes.get(name, "")} for name in there]),
            "after": changes.text([{"pod": "(the next one)", "node": self._nodes.get(name, "")} for name in there]),
            "before_header": f"Pods in {self.order.namespace} before",
            "after_header": f"Pods in {self.order.namespace} after",
        }


def ordered(given: Sequence[Any]) -> tuple[Pod, ...]:
    """The pods of the module's option.

    :raises FixFailed: there is none, or one of them is no pod.
    """
    made = tuple(Pod.of(one) for one in given)
    if not made:
        raise FixFailed("read option pods", "it is empty", "Name at least one pod")
    return made
