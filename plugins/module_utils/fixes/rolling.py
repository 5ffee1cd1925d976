# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What restart and rollback have in common: change the pod template once, then watch the pods come up.

A subclass says what to write and how to tell a new pod. Everything that makes it safe to be killed at any point and
started again is here and in ``writing``.
"""

from __future__ import annotations

import abc
import dataclasses
from typing import Any

from ansible_collections.oncall.remedy.plugins.module_utils.errors import ProbeError
from ansible_collections.oncall.remedy.plugins.module_utils.fixes import changes, pods, writing
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.clock import Clock
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.objects import Json, at, generation
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.pods import IsNew
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.precondition import Precondition
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.probing import because_of
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.rollout import Progress, progress, summary
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.workload import Workload, pods_of
from ansible_collections.oncall.remedy.plugins.module_utils.kube import STRATEGIC, KubeTransport

_POLL = 0.5


@dataclasses.dataclass(frozen=True)
class Order:
    """What is asked for. ``timeout`` (seconds) bounds the whole fix; ``incident`` was checked by ``marks``."""

    workload: Workload
    incident: str
    precondition: Precondition = dataclasses.field(default_factory=Precondition)
    wait: bool = True
    timeout: float = 300.0


@dataclasses.dataclass(frozen=True)
class View:
    """What one look at the cluster showed."""

    workload: Json
    pods: list[Json]
    is_new: IsNew | None
    """None until the controller has taken notice of the template."""
    stayed: frozenset[str] = frozenset()
    """The pods that were of the template before it was put there, as a rollback finds them."""


class Roll(abc.ABC):
    """A fix that changes a workload's pod template."""

    action = ""
    """The word in the mark."""

    def __init__(self, kube: KubeTransport, order: Order, clock: Clock | None = None) -> None:
        self.kube = kube
        self.order = order
        self.clock = clock or Clock()

    @property
    @abc.abstractmethod
    def what(self) -> str:
        """For messages: "restart DaemonSet traefik/traefik"."""

    @abc.abstractmethod
    def judge(self, workload: Json) -> Json | None:
        """The patch (strategic merge), None if this incident's change is there already, FixFailed to refuse."""

    @abc.abstractmethod
    def foresee(self, workload: Json, body: Json) -> Json:
        """The workload as it will be once the patch is in, for the diff of check mode."""

    @abc.abstractmethod
    def tell_new(self, workload: Json, resumed: bool) -> IsNew:
        """How to tell a pod of the template that now stands, which the controller has taken notice of.

        :raises FixFailed: ``resumed``, and the template is not the one that this incident's change left.
        """

    @abc.abstractmethod
    def done(self, workload: Json, sent: bool, progress_now: str) -> str:
        """The sentence of success."""

    def told_more(self, workload: Json) -> dict[str, Any]:
        """More keys of the result, read from the changed workload."""
        return {}

    def run(self, check: bool) -> dict[str, Any]:
        """Does it, or with ``check`` only says what would be done. The result is that of the module, see there.

        :raises FixFailed, ProbeError: see ``writing.write``; FixFailed also when the pods do not come up.
        """
        began = self.clock.monotonic()
        deadline = began + self.order.timeout
        now = self._read()
        if check:
            return self._preview(now)
        old = pods_of(self.kube, now)
        written = writing.write(self.what, now, self._read, self.judge, self._send, deadline, self.clock)
        try:
            result = self._watch(written, old, deadline) if self.order.wait else self._unwatched(written)
        except FixFailed as failure:
            failure.changed = written.sent
            failure.result.update(self._told(written, began))
            raise
        return {**result, **self._told(written, began)}

    def _read(self) -> Json:
        # What is listed or patched has no kind in some answers; what follows goes by it.
        return {**self.kube.get(self.order.workload.path), "kind": self.order.workload.kind}

    def _send(self, body: Json) -> Json:
        answer = self.kube.patch(self.order.workload.path, body, STRATEGIC)
        return {**answer, "kind": self.order.workload.kind}

    def _preview(self, now: Json) -> dict[str, Any]:
        body = self.judge(now)
        after = now if body is None else self.foresee(now, body)
        return {
            "changed": body is not None,
            "already_done": body is None,
            "before": summary(now),
            "after": {},
            "pods": [],
            "report": [],
            "seconds": 0.0,
            "diff": changes.diff(now, after),
            "msg": f"would {self.what}" if body is not None else self.done(now, False, progress(now).says),
            **self.told_more(after),
        }

    def _told(self, written: writing.Written, began: float) -> dict[str, Any]:
        """What is known once the write is over, whatever becomes of the pods."""
        return {
            "changed": written.sent,
            "already_done": not written.sent,
            "before": summary(written.before),
            "seconds": round(self.clock.monotonic() - began, 1),
            "diff": changes.diff(written.before, written.after),
            **self.told_more(written.after),
        }

    def _unwatched(self, written: writing.Written) -> dict[str, Any]:
        says = "its pods were not waited for"
        return {
            "after": summary(written.after),
            "pods": [],
            "report": [],
            "msg": self.done(written.after, written.sent, says),
        }

    def _watch(self, written: writing.Written, old: list[Json], deadline: float) -> dict[str, Any]:
        view: View | None = None
        silence: ProbeError | None = None
        while True:
            try:
                view, silence = self._look(written, old, view), None
            except ProbeError as error:
                silence = error
                if error.kind in writing.FINAL:
                    raise self._stopped(because_of(error), view, old) from error
            if view is not None and silence is None:
                state = progress(view.workload)
                self._refuse_stalled(view, state, old)
                if state.done:
                    return self._seen(view, old, self.done(view.workload, written.sent, state.says))
            if self.clock.monotonic() + _POLL >= deadline:
                raise self._late(view, silence, old)
            self.clock.sleep(_POLL)

    def _look(self, written: writing.Written, old: list[Json], former: View | None) -> View:
        workload = self._read()
        is_new, stayed = (former.is_new, former.stayed) if former else (None, frozenset())
        if at(workload, "spec", "template") != at(written.after, "spec", "template"):
            raise FixFailed(
                self.what,
                "somebody else changed its template while the pods were being replaced",
                "See who did (kubectl rollout history); nothing more is done here",
            )
        if is_new is None and at(workload, "status", "observedGeneration", default=0) >= generation(workload):
            is_new = self.tell_new(workload, resumed=not written.sent)
            if written.sent:  # else it is not known which of them an earlier run has replaced
                stayed = frozenset(pods.name(pod) for pod in old if is_new(pod))
        return View(workload, pods_of(self.kube, workload), is_new, stayed)

    def _refuse_stalled(self, view: View, state: Progress, old: list[Json]) -> None:
        stuck = pods.stall(view.pods, view.is_new) if view.is_new else None
        if stuck:
            step = "Look at kubectl logs --previous and describe of this pod; the other pods are left as they are"
            failure = self._failure(f"a new pod does not come up: {stuck}", step, view, old)
            failure.result["stalled"] = dataclasses.asdict(stuck)
            raise failure
        if state.gave_up:
            raise self._failure(state.says, "Look at the events of its newest ReplicaSet", view, old)

    def _late(self, view: View | None, silence: ProbeError | None, old: list[Json]) -> FixFailed:
        if silence is not None or view is None:
            why = f"its pods could not be watched to the end ({silence.message if silence else ''})"
            return self._failure(why, "Run again once it answers: the change is not made twice", view, old)
        left = pods.pending(view.pods, view.is_new or (lambda pod: False))
        why = f"not done after {self.order.timeout:g} s: {'; '.join([progress(view.workload).says, *left])}"
        step = "Look at what is said of each pod; a pod that does not go away usually stands on a node that is down"
        return self._failure(why, step, view, old)

    def _stopped(self, cause: tuple[str, str], view: View | None, old: list[Json]) -> FixFailed:
        why, step = cause
        return self._failure("the change is made, but its pods cannot be watched: " + why, step, view, old)

    def _failure(self, why: str, step: str, view: View | None, old: list[Json]) -> FixFailed:
        seen = self._seen(view, old, "") if view else {"after": {}, "pods": [], "report": []}
        seen.pop("msg", None)
        return FixFailed(self.what, why, step, result=seen)

    def _seen(self, view: View, old: list[Json], message: str) -> dict[str, Any]:
        kind = self.order.workload.kind
        rows = pods.replacements(kind, old, view.pods, view.is_new, view.stayed) if view.is_new else []
        return {"after": summary(view.workload), "pods": rows, "report": pods.report(rows), "msg": message}
