# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Shows how the engine stands, see the module of the same name."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import time
from typing import ClassVar

from ansible_collections.oncall.remedy.plugins.plugin_utils.action import StageAction
from ansible_collections.oncall.remedy.plugins.plugin_utils.brake import kill_switch
from ansible_collections.oncall.remedy.plugins.plugin_utils.escalation.spool import Spool
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory import extra_vars
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.settings import Settings, SettingsError
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import LedgerMissing
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.watched import Watched
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json, as_json
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation import report
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation import status as words
from ansible_collections.oncall.remedy.plugins.plugin_utils.watch.earned import earned
from ansible_collections.oncall.remedy.plugins.plugin_utils.watch.status import status

FORMATS = ("text", "json")


class ActionModule(StageAction):
    """Reads the ledger once and writes nothing, with or without ``--check``."""

    OPTIONS: ClassVar[Json] = {}

    def perform(self, options: Json) -> Json:
        settings = self.settings()
        found = self._status(settings)
        if extra_vars.one_of(self.variables, "format", FORMATS) == "json":
            self.say(json.dumps(found, indent=2))
        else:
            self.say(words.text(found, report.wants_colour(os.environ, sys.stdout.isatty())))
        return {"status": found}

    def _status(self, settings: Settings) -> Json:
        watched, cases, now, trust = Watched(), {}, time.time(), []
        try:
            ledger = Ledger.open(settings.ledger, read_only=True)
            now = ledger.now()
            watched = ledger.watched(now)
            cases = ledger.cases_of([one.id for one in watched.episodes])
            trust = as_json(earned(ledger, self.estate, settings.must_hold, now).records)
        except LedgerMissing as missing:
            self.say(f"! {missing}: no sweep has run so far.")
        return status(
            watched,
            cases,
            now,
            target=self._target(),
            sources=[source.name for source in settings.sources],
            kill_switch=kill_switch(settings.kill_switch),
            trust=trust,
            failures=[dataclasses.asdict(one) for one in Spool(settings.state).all() if not one.over_at],
        )

    def _target(self) -> str:
        target = extra_vars.text(self.variables, "target")
        if target and target not in self.estate:
            raise SettingsError(f"target {extra_vars.shown(target)} is not the name of one target of the inventory")
        return target
