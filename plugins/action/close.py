# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The last stage of a sweep, see the module of the same name."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from typing import ClassVar

from ansible_collections.oncall.remedy.plugins.plugin_utils.action import StageAction, ledger_of
from ansible_collections.oncall.remedy.plugins.plugin_utils.gather import Gatherer
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json
from ansible_collections.oncall.remedy.plugins.plugin_utils.playbooks import runbooks_of
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation import report
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.assess import Assessor
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.close import Closer, Verifier
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.work import read_work


class ActionModule(StageAction):
    """Verifies, writes the cases, escalates, and ends the sweep."""

    OPTIONS: ClassVar[Json] = {
        "sweep": {"type": "dict", "required": True},
        "outcomes": {"type": "dict", "default": {}},
        "fault": {"type": "str", "default": ""},
    }

    def perform(self, options: Json) -> Json:
        sweep, settings = options["sweep"], self.settings()
        ledger = ledger_of(sweep)
        recorder = self.recorder(sweep, settings, ledger)
        gatherer = Gatherer(settings.workers, settings.patience_of_probes)
        assessor = Assessor(self.estate, runbooks_of(settings), gatherer, lambda _host: None)
        verifier = Verifier(gatherer, settings.linger, self.say)
        closer = Closer(ledger, self.estate, assessor, verifier, recorder, self.check)
        closer.run(read_work(sweep["workdir"]), options["fault"])
        outcomes, now = Counter(options["outcomes"]) + recorder.outcomes, time.time()
        ledger.finish_sweep(sweep["id"], {"outcomes": dict(outcomes), "fault": options["fault"]}, now)
        shutil.rmtree(sweep["workdir"], ignore_errors=True)
        self.say(report.closing(outcomes, now - sweep["began_at"], check=self.check))
        if options["fault"]:
            return {"failed": True, "msg": f"the engine itself failed: {options['fault']}"}
        if sweep["silent"]:
            return {"failed": True, "msg": f"nobody knows what fires at {'; '.join(sweep['silent'])}"}
        return {"outcomes": dict(outcomes)}
