# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HelmChartConfig of a chart that k3s installs is written, Helm made to run again, its job and the pods awaited.

A function from what is there to the next request (``stepping``). The write leaves on the HelmChartConfig which job
there was then, so a run that died at any point is continued: that very job is removed if it is still there, and one of
another uid is the new one.
"""

from __future__ import annotations

import copy
import dataclasses
import json
from typing import Any, Mapping, Sequence

from ansible_collections.oncall.remedy.plugins.module_utils.fixes import (
    changes,
    helm_job,
    helm_values,
    marks,
    pods,
    repairing,
    rolling_update,
    stepping,
)
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.clock import Clock
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.merging import merge_patch
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.objects import (
    Json,
    annotations_of,
    at,
    labels_of,
    resource_version,
)
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.pods import IsNew
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.precondition import Precondition
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.revisions import HASH_LABEL, revisions_of
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.rollout import progress, summary
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.stepping import Next, Step, Wait
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.workload import Workload, pods_of
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.writing import guarded
from ansible_collections.oncall.remedy.plugins.module_utils.kube import MERGE, KubeTransport, object_path

API = "helm.cattle.io/v1"
REAPPLIED = "chart_config_reapplied"
COMPLETED = "trusted_ips_completed"
RESTORED = "chart_config_restored"

_NOTHING: Json = {"failurePolicy": "reinstall", "valuesContent": ""}
"""What a HelmChartConfig says that changes nothing: the same as none."""


@dataclasses.dataclass(frozen=True)
class Order:
    """``values``: the whole of valuesContent; ``trusted_ips``: entry point to networks, to be completed; neither: as it
    stands. ``restore`` asks for the way back. ``timeout`` (seconds) bounds the whole.
    """

    namespace: str
    name: str
    incident: str
    workload: Workload
    job: str
    values: str | None = None
    trusted_ips: Mapping[str, Sequence[str]] | None = None
    restore: bool = False
    precondition: Precondition = dataclasses.field(default_factory=Precondition)
    timeout: float = 300.0

    @property
    def action(self) -> str:
        """The word in the mark."""
        if self.restore:
            return RESTORED
        return COMPLETED if self.trusted_ips is not None else REAPPLIED

    def __str__(self) -> str:
        return f"HelmChartConfig {self.namespace}/{self.name}"


@dataclasses.dataclass(frozen=True)
class Seen:
    """What one look showed; None for what is not there. ``helm``: the pods of the job that is not complete.

    ``pods`` and ``is_new`` are of the workload, once its controller has taken notice of the template that stands.
    """

    config: Json | None
    job: Json | None
    helm: list[Json]
    workload: Json | None
    pods: list[Json]
    is_new: IsNew | None


class ChartConfigFix:
    """Carries out one ``Order``."""

    def __init__(self, kube: KubeTransport, order: Order, clock: Clock | None = None) -> None:
        self.kube = kube
        self.order = order
        self.clock = clock or Clock()

    @property
    def what(self) -> str:
        """For messages: "apply HelmChartConfig kube-system/traefik again"."""
        if self.order.restore:
            return f"put {self.order} back"
        return f"{'complete the trusted networks of' if self.order.action == COMPLETED else 'apply'} {self.order}"

    @property
    def path(self) -> str:
        """Where the API has the HelmChartConfig."""
        return object_path(API, "helmchartconfigs", self.order.namespace, self.order.name)

    def run(self, check: bool) -> dict[str, Any]:
        """Does it, or with ``check`` only says what would be done. The result is that of the module, see there.

        :raises FixFailed, ProbeError: see ``stepping.Stepper.run``; FixFailed also when Helm fails or the pods do not
            come up.
        """
        began = self.clock.monotonic()
        if check:
            seen = self._look()
            step = self._next(seen)
            said = f"would {self.what}" if step else self._message(seen, False)
            done = {"changed": step is not None, "already_done": step is None, "report": [], "seconds": 0.0}
            return {**self._told(seen, seen), **done, "after": {}, "msg": said}
        stepper = stepping.Stepper(self.what, self._look, self._next, self.order.timeout, self.clock, poll=1.0)
        carried = stepper.run()
        told = self._told(carried.before, carried.after)
        return {
            **told,
            **stepping.changed(carried),
            "report": [*carried.done, *pods.report(told["pods"])],
            "seconds": round(self.clock.monotonic() - began, 1),
            "msg": self._message(carried.after, bool(carried.done)),
        }

    def _look(self) -> Seen:
        config = self.kube.find(self.path)
        job = self.kube.find(object_path("batch/v1", "jobs", self.order.namespace, self.order.job))
        helm = helm_job.pods_of(self.kube, job) if job and not helm_job.condition(job, "Complete") else []
        found = self.kube.find(self.order.workload.path)
        # What is listed or found has no kind in some answers; what follows goes by it.
        workload = None if found is None else {**found, "kind": self.order.workload.kind}
        members = [] if workload is None else pods_of(self.kube, workload)
        return Seen(config, job, helm, workload, members, self._tell_new(workload))

    def _tell_new(self, workload: Json | None) -> IsNew | None:
        if workload is None or int(at(workload, "status", "observedGeneration", default=0)) < int(
            at(workload, "metadata", "generation", default=0)
        ):
            return None
        known = revisions_of(self.kube, workload)
        label = HASH_LABEL[workload["kind"]]
        return (lambda pod: labels_of(pod).get(label) == known[-1].hash) if known else None

    def _next(self, seen: Seen) -> Next:
        if seen.config is None or not self._is_written(seen.config):
            return self._writing(seen)
        repairing.refuse_changed(self.what, seen.config)  # else Helm would be made to install what somebody else wrote
        return self._running(seen) or self._rolling(seen)

    def _is_written(self, config: Json) -> bool:
        """Whether this incident has written it, and it says what is asked for."""
        if not marks.is_marked(config, self.order.incident, self.order.action):
            return False
        return self.order.restore or repairing.part(self._corrected(config)) == repairing.part(config)

    def _writing(self, seen: Seen) -> Next:
        """The HelmChartConfig is not this incident's yet."""
        after = self._wanted(seen)
        working = helm_job.at_work(seen.helm)
        if working:
            return Wait(f"Helm is at work in pod {working}", "See what it does there (kubectl logs), then run again")
        if seen.config is None:
            path = object_path(API, "helmchartconfigs", self.order.namespace)
            return Step(f"{self.order} created", lambda: self.kube.create(path, after))
        body = guarded(merge_patch(seen.config, after), seen.config)
        return Step(f"{self.order} written", lambda: self.kube.patch(self.path, body, MERGE))

    def _wanted(self, seen: Seen) -> Json:
        """The HelmChartConfig as it has to be, with its mark and what has to be remembered.

        :raises FixFailed: it is not what was diagnosed, or what would come of it cannot be rolled.
        """
        config = seen.config or self._empty()
        if self.order.restore:
            self._refuse_not_ours(config)
        self.order.precondition.demand(self.what, config)
        memory = _memory(config)
        if self.order.restore:
            repairing.refuse_changed(self.what, config)
            after, former = repairing.put_back(config), memory["former"]
        else:
            after, former = self._corrected(config), self._former(config, memory)
        self._refuse_blocked(seen.workload, config, after)
        changed = after.get("spec") != config.get("spec")
        kept = {
            "former": former,
            "left": repairing.part(after),
            "job": dataclasses.asdict(helm_job.former(seen.job, changed)),
        }
        return repairing.keeping(after, marks.mark(self.order.incident, self.order.action), kept)

    def _refuse_blocked(self, workload: Json | None, before: Json, after: Json) -> None:
        new = helm_values.effective(self.what, after.get("spec") or {})
        try:
            old = helm_values.effective(self.what, before.get("spec") or {})
        except FixFailed:
            old = {}  # what stands there is broken, and about to be replaced
        rolling_update.refuse_blocked(self.what, workload, old, new)

    def _former(self, config: Json, memory: Json) -> Json:
        """What stood before the incident: two changes of one incident lead back to where the first began."""
        if any(marks.is_marked(config, self.order.incident, action) for action in (REAPPLIED, COMPLETED)):
            repairing.refuse_changed(self.what, config)
            former: Json = memory["former"]
            return former
        return repairing.part(config)

    def _corrected(self, config: Json) -> Json:
        after = copy.deepcopy(config)
        spec = after.setdefault("spec", {})
        if self.order.trusted_ips is not None:
            if at(spec, "values", helm_values.ARGUMENTS):
                raise FixFailed(
                    self.what,
                    f"its spec.values has {helm_values.ARGUMENTS}, which go over those of valuesContent",
                    "Complete them there, by hand",
                )
            text = str(spec.get("valuesContent") or "")
            spec["valuesContent"] = helm_values.completed(self.what, text, self.order.trusted_ips)
        elif self.order.values is not None:
            spec["valuesContent"] = self.order.values
        return after

    def _empty(self) -> Json:
        """What is put in the place of a HelmChartConfig that is not there."""
        if self.order.values is None:
            raise FixFailed(self.what, "there is none", "Give its values, or see who removed it")
        meta = {"namespace": self.order.namespace, "name": self.order.name}
        return {"apiVersion": API, "kind": "HelmChartConfig", "metadata": meta, "spec": dict(_NOTHING)}

    def _refuse_not_ours(self, config: Json) -> None:
        if not marks.is_marked(config, self.order.incident, COMPLETED):
            repairing.refuse_not_ours(self.what, config, self.order.incident, REAPPLIED)

    def _running(self, seen: Seen) -> Next:
        """The job that was there goes, and Helm runs in a new one."""
        before = helm_job.Former(**_memory(seen.config or {}).get("job", {}))
        job, where = seen.job, f"Job {self.order.namespace}/{self.order.job}"
        step = "See whether helm-controller runs (in k3s a part of the server), and its events of the HelmChart"
        if job is None:
            return Wait(f"helm-controller has not made {where} again", step)
        if helm_job.uid(job) == before.uid and not at(job, "metadata", "deletionTimestamp"):
            return self._delete(where, job)
        if not helm_job.is_new(job, before):
            return Wait(f"{where} is still of the former configuration", step)
        if helm_job.condition(job, "Complete"):
            return None
        self._refuse_failing(seen, job)
        working = helm_job.at_work(seen.helm) or "; ".join(pods.pending(seen.helm, lambda _pod: True))
        return Wait(
            f"{where} is not complete" + (f" ({working})" if working else ""),
            "See what Helm does there: kubectl logs of its pod",
        )

    def _delete(self, where: str, job: Json) -> Step:
        path = object_path("batch/v1", "jobs", self.order.namespace, self.order.job)
        options = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": helm_job.uid(job)},
            "propagationPolicy": "Background",
        }
        return Step(
            f"{where} removed, so that Helm runs again", lambda: self.kube.delete(path, options), gone_is_done=True
        )

    def _refuse_failing(self, seen: Seen, job: Json) -> None:
        failed = helm_job.condition(job, "Failed")
        stuck = pods.stall(seen.helm, lambda _pod: True)
        if not failed and not stuck:
            return
        said = str(failed.get("message") or failed.get("reason") or "") if failed else str(stuck)
        log = helm_job.log_of(self.kube, seen.helm)
        raise FixFailed(
            self.what,
            f"Helm fails: {said}" + (f"; its log ends: {' | '.join(log[-3:])}" if log else ""),
            "Correct what Helm says, or put the former configuration back; it is tried again until then",
            result={"log": log},
        )

    def _rolling(self, seen: Seen) -> Next:
        """Helm is done, and the workload's own controller replaces the pods."""
        if seen.workload is None:
            return Wait(f"Helm is done, and {self.order.workload} is not there", "See what the chart installs")
        state = progress(seen.workload)
        if state.done:
            return None
        stuck = pods.stall(seen.pods, seen.is_new) if seen.is_new else None
        if stuck or state.gave_up:
            raise FixFailed(
                self.what,
                f"a new pod does not come up: {stuck}" if stuck else state.says,
                "Look at kubectl logs --previous and describe of this pod, or put the former configuration back",
                result={"stalled": dataclasses.asdict(stuck)} if stuck else {},
            )
        left = pods.pending(seen.pods, seen.is_new) if seen.is_new else []
        return Wait("; ".join([state.says, *left]), "Look at what is said of each pod")

    def _told(self, before: Seen, after: Seen) -> dict[str, Any]:
        is_written = before.config is not None and self._is_written(before.config)
        written = before.config if is_written else self._wanted(before)
        return {
            "before": _version(before.config),
            "after": _version(after.config),
            "workload": {} if after.workload is None else summary(after.workload),
            "pods": self._rows(before, after),
            "diff": changes.diff(_shown(before.config), _shown(written), str(self.order)),
        }

    def _rows(self, before: Seen, after: Seen) -> list[dict[str, Any]]:
        if after.is_new is None:
            return []
        stayed = {pods.name(pod) for pod in before.pods}
        return pods.replacements(self.order.workload.kind, before.pods, after.pods, after.is_new, stayed)

    def _message(self, seen: Seen, changed: bool) -> str:
        now = progress(seen.workload).says if seen.workload is not None else "there are no pods"
        done = "is put back, and Helm has run" if self.order.restore else "is applied, and Helm has run"
        return f"{self.order} {done}{'' if changed else ' for this incident already'}: {now}"


def _memory(config: Json) -> Json:
    """What a write has left on the HelmChartConfig; empty if that cannot be read."""
    try:
        found = json.loads(annotations_of(config).get(marks.FORMER, "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _version(config: Json | None) -> Json:
    return {} if config is None or not resource_version(config) else repairing.version(config)


def _shown(config: Json | None) -> Json | None:
    """The HelmChartConfig with its values as data, so that a diff shows what differs in them, and no secret."""
    if config is None:
        return None
    spec = dict(config.get("spec") or {})
    if "values" in spec:
        spec["values"] = changes.hidden_by_name(spec["values"])
    return {**config, "spec": {**spec, "valuesContent": helm_values.shown(str(spec.get("valuesContent") or ""))}}
