# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks the runbook of an operator's run, see the module of the same name."""

from __future__ import annotations

import json
from typing import ClassVar

from ansible_collections.oncall.remedy.plugins.plugin_utils.action import StageAction
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory import extra_vars
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.estate import plain
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.settings import SettingsError
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import RunbookError
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.inputs import bind_inputs
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.runbook import Runbook
from ansible_collections.oncall.remedy.plugins.plugin_utils.playbooks import runbooks_of


class ActionModule(StageAction):
    """Says what the sweep below is narrowed to: the runbook of these alerts, and the operator's target and inputs."""

    OPTIONS: ClassVar[Json] = {"alerts": {"type": "list", "elements": "str", "required": True}}

    def perform(self, options: Json) -> Json:
        book = runbooks_of(self.settings()).for_alert(options["alerts"][0])
        if book is None:
            raise RunbookError(f"no runbook handles {options['alerts'][0]}")
        target = self._target()
        inputs = bind_inputs(book, {}, self._inputs(book)) if target else {}
        return {"only": {"runbook": book.name, "target": target, "inputs": inputs}}

    # An extra variable is a template to Ansible, and whoever passes an alert's text on to a playbook passes it here. So
    # these are read as they stand, before anything renders them.

    def _target(self) -> str:
        target = plain(self.variables.get("target") or "")
        if isinstance(target, str) and (not target or target in self.estate):
            return target
        shown = ascii(target)[:80]
        raise SettingsError(f"target {shown} is not, to the letter, the name of one target of the inventory")

    def _inputs(self, book: Runbook) -> Json:
        inputs = plain(self.variables.get("inputs") or {})
        if isinstance(inputs, str):
            try:
                inputs = json.loads(inputs)
            except ValueError:
                inputs = None
        if not isinstance(inputs, dict):
            raise SettingsError("inputs: expected a mapping from the runbook's inputs to their values")
        return {**extra_vars.given(self._loader, book.inputs), **inputs}
