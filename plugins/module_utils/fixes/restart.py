# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rolling restart of a workload, as ``kubectl rollout restart`` does it, for one incident and only once."""

from __future__ import annotations

from ansible_collections.oncall.remedy.plugins.module_utils.fixes import marks
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.failure import FixFailed
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.merging import merged
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.objects import Json, annotations_of, at
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.pods import IsNew
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.revisions import RESTARTED_AT
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.rolling import Roll
from ansible_collections.oncall.remedy.plugins.module_utils.fixes.workload import refuse_unrollable


class Restart(Roll):
    """Stamps the pod template, so that the controller replaces every pod by its own rules."""

    action = "rollout_restart"

    @property
    def what(self) -> str:
        return f"restart {self.order.workload}"

    def judge(self, workload: Json) -> Json | None:
        if marks.is_marked(workload, self.order.incident, self.action):
            return None
        self.order.precondition.demand(self.what, workload)
        refuse_unrollable(self.what, workload)
        mark = marks.mark(self.order.incident, self.action)
        stamp = {RESTARTED_AT: self.clock.stamp(), marks.INCIDENT: self.order.incident}
        return {"metadata": {"annotations": mark}, "spec": {"template": {"metadata": {"annotations": stamp}}}}

    def foresee(self, workload: Json, body: Json) -> Json:
        return merged(workload, body)

    def tell_new(self, workload: Json, resumed: bool) -> IsNew:
        stamp = annotations_of(at(workload, "spec", "template", default={}))
        if stamp.get(marks.INCIDENT) != self.order.incident:
            raise FixFailed(
                self.what,
                "it was restarted for this incident, and since then somebody else has changed its template",
                "See who did (kubectl rollout history). It is not restarted a second time for this incident",
            )
        return lambda pod: annotations_of(pod).get(RESTARTED_AT) == stamp.get(RESTARTED_AT)

    def done(self, workload: Json, sent: bool, progress_now: str) -> str:
        if sent:
            return f"restarted {self.order.workload}: {progress_now}"
        since = annotations_of(at(workload, "spec", "template", default={})).get(RESTARTED_AT, "")
        return f"{self.order.workload} was restarted for this incident already ({since}): {progress_now}"
