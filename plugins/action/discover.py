# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The first stage of a sweep, see the module of the same name."""

from __future__ import annotations

import os
import platform
import time
from typing import ClassVar

from ansible_collections.oncall.remedy.plugins.plugin_utils.action import (
    StageAction,
    clear_workdirs,
    keep_ledger,
    workdir,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.alerts.matcher import matchers
from ansible_collections.oncall.remedy.plugins.plugin_utils.alerts.sources import pull
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.settings import Settings, SettingsError
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.liveness import abandon_the_dead, begin_sweep
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Alert, Json
from ansible_collections.oncall.remedy.plugins.plugin_utils.playbooks import runbooks_of
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation.report import opening
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.discover import Discovery, Narrowed
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.examine import wanted_of_hosts
from ansible_collections.oncall.remedy.plugins.plugin_utils.stages.work import write_work


class ActionModule(StageAction):
    """Pulls what is firing and what is due, and claims it for this sweep."""

    OPTIONS: ClassVar[Json] = {"only": {"type": "dict", "default": {}}}

    def perform(self, options: Json) -> Json:
        if self.variables.get("ansible_limit"):
            raise SettingsError(
                "--limit would skip stages of the sweep; use -e target=NAME with the alert's own playbook"
            )
        settings, narrowed = self.settings(), Narrowed(**options["only"])
        if not settings.sources and not narrowed.target:
            raise SettingsError("remedy_sources is empty: the inventory names no Alertmanager to pull alerts from")
        clear_workdirs()
        directory = workdir()
        url = self._ledger_url(settings, directory)
        keep_ledger(directory, url)
        ledger = Ledger.open(url)
        now = ledger.now()
        abandon_the_dead(ledger, platform.node(), now)
        ledger.expire_approvals(now)
        sweep = begin_sweep(ledger, now)
        pulled = pull(settings.sources, settings.workers, time.monotonic() + settings.patience_of_probes)
        wanted = matchers(settings.handles)
        catalogue = runbooks_of(settings)

        def handles(alert: Alert) -> bool:
            return all(matcher.matches(alert.labels) for matcher in wanted)

        works, tally = Discovery(self.estate, catalogue, ledger, handles, narrowed).run(sweep, pulled, ledger.now())
        write_work(directory, works)
        self.say(opening(tally, len(works), check=self.check))
        hosts = wanted_of_hosts(self.estate, catalogue, works)
        silent = [] if narrowed.target else list(tally.silent)  # an operator's run is about its target
        told = {"check": self.check, "narrowed": narrowed != Narrowed(), "silent": silent}
        return {"id": sweep, "began_at": now, "workdir": directory, **told, **hosts}

    def _ledger_url(self, settings: Settings, directory: str) -> str:
        """The real ledger, or for a ``--check`` run a copy of it that goes with the run."""
        if not self.check:
            return settings.ledger
        scratch = os.path.join(directory, "ledger.db")
        Ledger.scratch_copy(settings.ledger, scratch)
        return f"sqlite:///{scratch}"
