# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Uses a target's permit, see the module of the same name."""

from __future__ import annotations

import os
import time
from typing import ClassVar

from ansible_collections.oncall.remedy.plugins.module_utils import process
from ansible_collections.oncall.remedy.plugins.module_utils.http_transport import WRITE_SECONDS
from ansible_collections.oncall.remedy.plugins.plugin_utils.action import StageAction, ledger_of
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.credentials import (
    credential_for,
    credential_seconds,
    reading_credential,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.estate import Target
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Mitigation, PermitRefused
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json


class ActionModule(StageAction):
    """Consumes the permit that this sweep issued for the target and yields the credential that may write."""

    OPTIONS: ClassVar[Json] = {"sweep": {"type": "dict", "required": True}}

    def perform(self, options: Json) -> Json:
        sweep, name = options["sweep"], str(self.variables["inventory_hostname"])
        ledger, target = ledger_of(sweep), self.estate.target(name)
        controller = controller_of(ledger, sweep["id"])
        issued = [one for one in ledger.unfinished(target=name) if one.owner == sweep["id"] and one.state == "issued"]
        if not issued:
            raise PermitRefused(f"this sweep has no permit for {name}")
        began, steadily = time.time(), time.monotonic()
        permit = ledger.consume(issued[-1].permit, name, ledger.now())
        plan, lasts = permit.plan, permit.hold_for - WRITE_SECONDS
        return {
            "permit": permit.permit,
            "role": plan["role"],
            "remedy": {
                "incident": permit.episode,
                "action": plan["action"],
                "target": name,
                "arguments": plan["arguments"],
                "credential": self._credential(target, sweep, permit),
                "timeout": plan["timeout"],
                "fence": {"not_after": began + lasts, "steady": steadily + lasts, **controller},
            },
        }

    def _credential(self, target: Target, sweep: Json, permit: Mitigation) -> Json:
        if self.check:
            return reading_credential(target)
        kind = permit.plan["credential"]
        seconds = credential_seconds(target.credentials.get(kind), permit.plan["timeout"])
        return credential_for(kind, target.credentials, sweep["workdir"], permit.permit, seconds)


def controller_of(ledger: Ledger, sweep: str) -> Json:
    """The process of this run, for those to watch that write in its name. Raises PermitRefused where it is gone.

    This plugin runs in a worker, which may have outlived it already; then it is the child of somebody else.
    """
    pid, host = os.getppid(), process.here()
    if not any(one.id == sweep and one.pid == pid for one in ledger.sweeps(limit=1000, unfinished=True)):
        raise PermitRefused("the run that asked for the permit is over")
    started = process.start_of(pid) if host else 0
    if started is None:
        raise PermitRefused("the run that asked for the permit is gone")
    return {"host": host, "pid": pid, "started": started}
