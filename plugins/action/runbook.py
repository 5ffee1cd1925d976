# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks the runbook of an operator's run, see the module of the same name."""

from __future__ import annotations

from ansible_collections.oncall.remedy.plugins.plugin_utils.action import StageAction
from ansible_collections.oncall.remedy.plugins.plugin_utils.faults import RunbookError
from ansible_collections.oncall.remedy.plugins.plugin_utils.inputs import bind_inputs
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json
from ansible_collections.oncall.remedy.plugins.plugin_utils.playbooks import runbooks_of
from ansible_collections.oncall.remedy.plugins.plugin_utils.settings import SettingsError


class ActionModule(StageAction):
    """Says what the sweep below is narrowed to: the runbook of these alerts, and the operator's target and inputs."""

    OPTIONS = {
        "alerts": {"type": "list", "elements": "str", "required": True},
        "target": {"type": "str", "default": ""},
        "inputs": {"type": "dict", "default": {}},
    }

    def perform(self, options: Json) -> Json:
        book = runbooks_of(self.variables).for_alert(options["alerts"][0])
        if book is None:
            raise RunbookError(f"no runbook handles {options['alerts'][0]}")
        target = options["target"]
        if target and target not in self.estate:
            raise SettingsError(f"target {target!r} is not, to the letter, the name of one host of the inventory")
        inputs = bind_inputs(book, {}, options["inputs"]) if target else {}
        return {"only": {"runbook": book.name, "target": target, "inputs": inputs}}
