# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The last stage of a sweep, see the module of the same name."""

from __future__ import annotations

import shutil
from collections import Counter
from typing import ClassVar

from ansible_collections.oncall.remedy.plugins.plugin_utils.action import SEND_SECONDS, StageAction, ledger_of
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.courier import Courier
from ansible_collections.oncall.remedy.plugins.plugin_utils.gather import Gatherer
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.settings import Settings
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json
from ansible_collections.oncall.remedy.plugins.plugin_utils.playbooks import runbooks_of
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation import report
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.assess import Assessor
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.close import Closer, Verifier
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.record import remove_pages
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.work import read_work
from ansible_collections.oncall.remedy.plugins.plugin_utils.watch import metrics

SWEEP = "the sweep"
"""What failed, as the engine's owner is told."""


class ActionModule(StageAction):
    """Verifies, writes the cases, escalates, and ends the sweep; calls for help where the engine itself failed."""

    OPTIONS: ClassVar[Json] = {
        "sweep": {"type": "dict", "required": True},
        "outcomes": {"type": "dict", "default": {}},
        "fault": {"type": "str", "default": ""},
    }

    def perform(self, options: Json) -> Json:
        try:
            outcomes = self._close(options) if "id" in options["sweep"] else {}
        except Exception as error:
            self.call_for_help(SWEEP, options["fault"] or f"closing failed: {error}")
            raise
        if options["fault"]:
            self.call_for_help(SWEEP, options["fault"])
            return {"failed": True, "msg": f"the engine itself failed: {options['fault']}"}
        if options["sweep"]["silent"]:
            trouble = f"nobody knows what fires at {'; '.join(options['sweep']['silent'])}"
            self.call_for_help("the source of alerts", trouble)
            return {"failed": True, "msg": trouble}
        self.all_clear()
        return {"outcomes": outcomes}

    def _close(self, options: Json) -> Json:
        sweep, settings = options["sweep"], self.settings()
        ledger = ledger_of(sweep)
        recorder = self.recorder(sweep, settings, ledger)
        gatherer = Gatherer(settings.workers, settings.patience_of_probes, ledger.now)
        assessor = Assessor(self.estate, runbooks_of(settings), gatherer, lambda _host: None, ledger.now)
        verifier = Verifier(gatherer, settings.linger, self.say, ledger.now)
        closer = Closer(ledger, self.estate, assessor, verifier, recorder, self.check)
        closer.run(read_work(sweep["workdir"]), options["fault"])
        outcomes, now = Counter(options["outcomes"]) + recorder.outcomes, ledger.now()
        summary = {"outcomes": dict(outcomes), "fault": options["fault"], "narrowed": sweep.get("narrowed", False)}
        ledger.finish_sweep(sweep["id"], summary, now)
        if not self.check:
            self._keep_house(ledger, settings, now)
        shutil.rmtree(sweep["workdir"], ignore_errors=True)
        self.say(report.closing(outcomes, now - sweep["began_at"], check=self.check))
        return dict(outcomes)

    def _keep_house(self, ledger: Ledger, settings: Settings, now: float) -> None:
        """What every sweep does beside its incidents: old calls are tried again, old cases go, metrics are written."""
        sent = Courier(ledger, settings.escalation, settings.workers, SEND_SECONDS).run(now)
        for line in sent.lines:
            self.say(line)
        remove_pages(settings.cases, ledger.retain(settings.keep, now))
        complaint = metrics.write(ledger, settings, now, self.estate)
        if complaint:
            self.say(f"! {complaint}")
