# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Uses a target's permit, see the module of the same name."""

from __future__ import annotations

import time
from typing import ClassVar

from ansible_collections.oncall.remedy.plugins.plugin_utils.action import StageAction, ledger_of
from ansible_collections.oncall.remedy.plugins.plugin_utils.credentials import credential_for, reading_credential
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import PermitRefused
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json


class ActionModule(StageAction):
    """Consumes the permit that this sweep issued for the target and yields the credential that may write."""

    OPTIONS: ClassVar[Json] = {"sweep": {"type": "dict", "required": True}}

    def perform(self, options: Json) -> Json:
        sweep, name = options["sweep"], str(self.variables["inventory_hostname"])
        ledger, target = ledger_of(sweep), self.estate.target(name)
        issued = [one for one in ledger.unfinished(target=name) if one.owner == sweep["id"] and one.state == "issued"]
        if not issued:
            raise PermitRefused(f"this sweep has no permit for {name}")
        permit = ledger.consume(issued[-1].permit, name, time.time())
        plan = permit.plan
        if self.check:
            credential = reading_credential(target)
        else:
            credential = credential_for(
                plan["credential"], target.credentials, sweep["workdir"], permit.permit, permit.hold_for
            )
        return {
            "permit": permit.permit,
            "role": plan["role"],
            "remedy": {
                "incident": permit.episode,
                "action": plan["action"],
                "target": name,
                "arguments": plan["arguments"],
                "credential": credential,
                "timeout": plan["timeout"],
            },
        }
