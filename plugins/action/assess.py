# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The stage that asks, diagnoses and decides, see the module of the same name."""

from __future__ import annotations

import time
from typing import Any, ClassVar

from ansible_collections.oncall.remedy.plugins.plugin_utils.action import StageAction, ledger_of
from ansible_collections.oncall.remedy.plugins.plugin_utils.alerts.sources import Pulled, pull
from ansible_collections.oncall.remedy.plugins.plugin_utils.gather import Gatherer
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.estate import plain
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.settings import Settings
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.tallies import Sum
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json, Plan
from ansible_collections.oncall.remedy.plugins.plugin_utils.playbooks import runbooks_of
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.assess import Assessed, Assessor
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.calls import Ended
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.decide import Decided, Decider
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.ending import Ending
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.outlook import Run
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.record import Recorder
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.work import read_work, to_assess
from ansible_collections.oncall.remedy.plugins.plugin_utils.watch import counting


class ActionModule(StageAction):
    """Asks all questions of all incidents, diagnoses, decides, and issues permits."""

    OPTIONS: ClassVar[Json] = {"sweep": {"type": "dict", "required": True}}

    def perform(self, options: Json) -> Json:
        sweep, settings = options["sweep"], self.settings()
        ledger = ledger_of(sweep)
        works = [work for work in read_work(sweep["workdir"]) if to_assess(work)]
        gatherer = Gatherer(settings.workers, settings.patience_of_probes, ledger.now)
        assessed = Assessor(self.estate, runbooks_of(settings), gatherer, self._host_result, ledger.now).run(works)
        pulled = _sources_now(settings, assessed)
        run = Run(sweep["id"], sweep["began_at"], sweep["narrowed"])
        decider = Decider(ledger, self.estate, settings, run)
        decided = decider.run(assessed, pulled, ledger.now())
        recorder = self.recorder(sweep, settings, ledger)
        # What has an ending is written at once, before anything is mended: nobody waits for another incident's remedy.
        recorder.record([self._ended(one, one.ending) for one in decided if one.ending], ledger.now())
        for one in decided:
            if one.permit:
                recorder.begin(one.case, ledger.now())
                self._call_before_easing(recorder, one, ledger)
        ledger.tally(_sums(decided, ledger.now()))
        mend = [one.assessed.episode.target for one in decided if one.permit]
        return {"mend": mend, "outcomes": dict(recorder.outcomes)}

    def _call_before_easing(self, recorder: Recorder, decided: Decided, ledger: Ledger) -> None:
        """A silence hides the incident from humans: they hear of it first, and only then is it silenced."""
        plan = Plan(**decided.permit.plan) if decided.permit else None
        if plan and plan.eases and decided.assessed.diagnosis:
            diagnosis, episode = decided.assessed.diagnosis, decided.assessed.episode
            why = f"{diagnosis.because}; {plan.mitigation} of {plan.touches} follows and does not cure"
            recorder.call_now(episode, why, diagnosis.escalate, self.estate.escalation(episode.target), ledger.now())

    def _host_result(self, host: str) -> Any:
        """What the play Examine registered for a host; data, never a template."""
        found = self.variables["hostvars"][host].get("remedy_host_info")
        return plain(found) if isinstance(found, dict) else None

    def _ended(self, decided: Decided, how: Ending) -> Ended:
        episode = decided.assessed.episode
        return Ended(episode, decided.case, how, self.estate.escalation(episode.target))


def _sums(decided: list[Decided], now: float) -> list[Sum]:
    """What this sweep adds to the sums behind the metrics."""
    return [
        each
        for one in decided
        for each in counting.of_decision(one.assessed.episode, one.assessed.diagnosis, one.case, now)
    ]


def _sources_now(settings: Settings, assessed: list[Assessed]) -> tuple[Pulled, ...]:
    """What the sources of the alerts with a plan say now, after the asking: resolved or silenced since?"""
    names = {one.episode.source for one in assessed if one.diagnosis and one.diagnosis.plan and one.work.alert}
    sources = [source for source in settings.sources if source.name in names]
    return pull(sources, settings.workers, time.monotonic() + settings.patience_of_probes) if sources else ()
