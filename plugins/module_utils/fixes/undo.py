# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rollback of a DaemonSet or Deployment to an earlier pod template, as ``kubectl rollout undo`` does it.

The template is put back exactly as it was, without a mark of ours in it: the controller then knows the old revision
again, and pods that are still of it are not touched. The mark stands on the workload alone.

A rollback is made once for an incident, and taken back once: by asking for the revision that stood before it.
"""

from __future__ import annotations

import copy
import dataclasses
import json
from typing import Any

from ansible_collections.oncall.remedy.plugins.module_utils.fixes import marks
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.clock import Clock
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.merging import merged
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.objects import (
    Json,
    annotations_of,
    at,
    generation,
    labels_of,
)
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.pods import IsNew
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.revisions import (
    CHANGE_CAUSE,
    HASH_LABEL,
    Revision,
    revisions_of,
    without_restarts,
)
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.rolling import Order, Roll
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.workload import refuse_unrollable
from ansible_collections.oncall.remedy.plugins.module_utils.kube import KubeTransport


@dataclasses.dataclass(frozen=True)
class Step:
    """A rollback that was found possible: from the revision that stands to the one that is wanted."""

    current: Revision
    target: Revision


class Undo(Roll):
    """Puts an earlier template back, see :func:`choose`. ``expected_revision`` 0 demands nothing."""

    action = "rollout_undo"

    def __init__(
        self,
        kube: KubeTransport,
        order: Order,
        to_revision: int = 0,
        expected_revision: int = 0,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(kube, order, clock)
        self.to_revision = to_revision
        self.expected_revision = expected_revision

    @property
    def what(self) -> str:
        wanted = f"revision {self.to_revision}" if self.to_revision else "the revision before"
        return f"roll {self.order.workload} back to {wanted}"

    def judge(self, workload: Json) -> Json | None:
        if self._is_ours(workload) and not self._takes_back(workload):
            return None
        self.order.precondition.demand(self.what, workload)
        refuse_unrollable(self.what, workload)
        if at(workload, "status", "observedGeneration", default=0) < generation(workload):
            raise FixFailed(
                self.what,
                "its controller has not taken notice of its newest template, so nobody can say which revision stands",
                "Run again in a moment; if it stays so, see whether kube-controller-manager works",
            )
        known = revisions_of(self.kube, workload)
        if self._takes_back(workload):
            self._refuse_changed(workload, known)
        step = choose(self.what, known, self.to_revision, self.expected_revision)
        return patch_for(workload, step, self.order.incident, self.action) if step else None

    def foresee(self, workload: Json, body: Json) -> Json:
        template = {key: value for key, value in body["spec"]["template"].items() if key != "$patch"}
        after = merged(workload, {"metadata": body["metadata"]})
        after["spec"] = {**after["spec"], "template": template}
        return after

    def tell_new(self, workload: Json, resumed: bool) -> IsNew:
        newest = revisions_of(self.kube, workload)[-1].hash
        if resumed and self._is_ours(workload) and newest != _kept(workload).get("hash"):
            raise FixFailed(
                self.what,
                "it was rolled back for this incident, and since then somebody else has changed its template",
                "See who did (kubectl rollout history). It is not rolled back a second time for this incident",
            )
        label = HASH_LABEL[workload["kind"]]
        return lambda pod: labels_of(pod).get(label) == newest

    def done(self, workload: Json, sent: bool, progress_now: str) -> str:
        if not self._is_ours(workload):
            return f"{self.order.workload} stands at revision {self.to_revision} already: {progress_now}"
        kept = _kept(workload)
        words = f"rolled back from revision {kept.get('revision')} to revision {kept.get('restored')}"
        already = "" if sent else " for this incident already"
        return f"{self.order.workload} was {words}{already}: {progress_now}"

    def told_more(self, workload: Json) -> dict[str, Any]:
        if not self._is_ours(workload):
            return {"undo": {}, "restored_revision": 0}
        kept = _kept(workload)
        return {"undo": {"to_revision": kept.get("revision", 0)}, "restored_revision": kept.get("restored", 0)}

    def _is_ours(self, workload: Json) -> bool:
        return marks.is_marked(workload, self.order.incident, self.action)

    def _takes_back(self, workload: Json) -> bool:
        """Whether what is asked for is the revision that this incident's own rollback went away from."""
        return self._is_ours(workload) and 0 < self.to_revision == _kept(workload).get("revision")

    def _refuse_changed(self, workload: Json, known: list[Revision]) -> None:
        if known and known[-1].hash != _kept(workload).get("hash"):
            raise FixFailed(
                self.what,
                "since it was rolled back for this incident somebody else has changed its template",
                "See who did (kubectl rollout history). What they did is not gone over",
            )


def choose(what: str, known: list[Revision], to_revision: int, expected_revision: int) -> Step | None:
    """Which revision stands and which one is to be put back; None if that one stands already.

    :param known: the oldest first, as the workload's controller has them.
    :param to_revision: 0 is the newest before, restarts of the one that stands left aside.
    :raises FixFailed: there is no such revision, or another one stands than was diagnosed.
    """
    if not known:
        raise FixFailed(what, "no revision of it is kept", "Change its template at its source instead")
    current = known[-1]
    if expected_revision and current.number != expected_revision:
        raise FixFailed(
            what,
            f"revision {current.number} stands, not revision {expected_revision} that was diagnosed: "
            "somebody has rolled out since",
            "Diagnose again: the next sweep does",
        )
    if to_revision == current.number:
        return None
    target = _named(known, to_revision) if to_revision else _before(known)
    if target is None:
        listed = ", ".join(str(revision.number) for revision in known)
        raise FixFailed(
            what,
            f"it is not kept; revision {current.number} stands, kept are: {listed}",
            "Name one that ran well, or change the template at its source",
        )
    return Step(current, target)


def _named(known: list[Revision], number: int) -> Revision | None:
    return next((revision for revision in known if revision.number == number), None)


def _before(known: list[Revision]) -> Revision | None:
    """The newest that is not just the standing one before it was restarted: going back to that would mend nothing."""
    current = without_restarts(known[-1].template)
    return next((one for one in reversed(known[:-1]) if without_restarts(one.template) != current), None)


def patch_for(workload: Json, step: Step, incident: str, action: str) -> Json:
    """The strategic merge patch: the template replaced, the annotations of the workload kept and the mark added.

    A Deployment's change cause is part of its history, so it goes back with the template; a DaemonSet's stays, as with
    kubectl.
    """
    mark: dict[str, str | None] = dict(marks.mark(incident, action))
    mark[marks.FORMER] = json.dumps(
        {"revision": step.current.number, "restored": step.target.number, "hash": step.target.hash}
    )
    if workload["kind"] == "Deployment" and annotations_of(workload).get(CHANGE_CAUSE, "") != step.target.change_cause:
        mark[CHANGE_CAUSE] = step.target.change_cause or None
    template = {"$patch": "replace", **copy.deepcopy(step.target.template)}
    return {"metadata": {"annotations": mark}, "spec": {"template": template}}


def _kept(workload: Json) -> dict[str, Any]:
    """What the mark of a rollback says: ``revision`` that stood before, ``restored`` and its ``hash``."""
    try:
        kept = json.loads(annotations_of(workload).get(marks.FORMER, "{}"))
    except ValueError:
        return {}
    return kept if isinstance(kept, dict) else {}
