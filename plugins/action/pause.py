# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Pauses the engine for a while, or lifts a pause; see the module of the same name."""

from __future__ import annotations

import os
import tempfile
from typing import ClassVar

from ansible_collections.oncall.remedy.plugins.plugin_utils.action import StageAction, workdir
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory import extra_vars
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.settings import SettingsError
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Pause
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json, as_json
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation import decisions


class ActionModule(StageAction):
    """Sets a pause (state present), or lifts one (state absent)."""

    OPTIONS: ClassVar[Json] = {"state": {"type": "str", "choices": ["present", "absent"], "default": "present"}}

    def perform(self, options: Json) -> Json:
        with tempfile.TemporaryDirectory(dir=workdir()) as folder:
            ledger = self._ledger(self.settings().ledger, folder)
            changed = self._set(ledger) if options["state"] == "present" else self._lift(ledger)
            now = ledger.now()
            for one in changed:
                self.say(decisions.pause(one, now))
            others = [one for one in ledger.pauses(now) if one.id not in {each.id for each in changed}]
        if others:
            self.say("Also in force:")
        for one in others:
            self.say(decisions.pause(one, now))
        if self.check:
            self.say("Check mode: nothing was written.")
        return {"changed": bool(changed), "pauses": as_json(changed), "in_force": as_json(others)}

    def _ledger(self, url: str, folder: str) -> Ledger:
        """The real ledger, or a copy of it for a ``--check`` run."""
        return Ledger.scratch_copy(url, os.path.join(folder, "ledger.db")) if self.check else Ledger.open(url)

    def _set(self, ledger: Ledger) -> list[Pause]:
        reason, length = extra_vars.text(self.variables, "reason"), extra_vars.duration(self.variables, "for")
        if not reason or not length:
            raise SettingsError("a pause needs a reason and a length: -e reason='…' -e for=2h")
        now = ledger.now()
        return [ledger.pause(self._target(), reason, extra_vars.who(self.variables, "owner"), now + length, now)]

    def _lift(self, ledger: Ledger) -> list[Pause]:
        """Names what it could not find and what there is instead: nobody must believe that it is lifted."""
        named = extra_vars.text(self.variables, "pause")
        which = named or self._target()
        now = ledger.now()
        lifted = ledger.lift(which, extra_vars.who(self.variables, "owner"), now)
        if not lifted:
            there = ", ".join(f"{one.id} ({one.target or 'everything'})" for one in ledger.pauses(now)) or "none"
            what = f"no pause {extra_vars.shown(named)}" if named else f"no pause of {which or 'everything'}"
            raise SettingsError(f"there is {what} in force; in force: {there}")
        return lifted

    def _target(self) -> str:
        """An inventory name to the letter, or empty for everything. A pattern would pause something else."""
        target = extra_vars.text(self.variables, "target")
        if target and target not in self.estate:
            raise SettingsError(f"target {extra_vars.shown(target)} is not the name of one target of the inventory")
        return target
