# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Records how a mitigation ended, see the module of the same name."""

from __future__ import annotations

from typing import Any, ClassVar

from ansible_collections.oncall.remedy.plugins.plugin_utils.action import StageAction, ledger_of
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json, Outcome

KEPT = (
    *("changed", "diff", "report", "message", "msg", "former", "before", "after", "pods", "seconds", "already_done"),
    *("undo", "restored_revision", "stalled", "unknown", "why", "next", "silence_id", "ends_at"),
)
"""What of a fix's result goes into the ledger and the case. A fix documents these; the rest is Ansible's own."""


class ActionModule(StageAction):
    """Writes the outcome of the permit that this host used into the ledger, and fails where the remedy failed."""

    OPTIONS: ClassVar[Json] = {
        "sweep": {"type": "dict", "required": True},
        "result": {"type": "dict", "default": {}},
        "failure": {"type": "dict", "default": {}},
    }

    def perform(self, options: Json) -> Json:
        sweep, name = options["sweep"], str(self.variables["inventory_hostname"])
        ledger = ledger_of(sweep)
        failure: Json = options["failure"]
        begun = [one for one in ledger.unfinished(target=name) if one.owner == sweep["id"] and one.state == "begun"]
        told = {**options["result"], **failure}
        result = {key: told[key] for key in KEPT if key in told}
        if failure:
            result["message"] = _message(failure)
        for permit in begun:
            ledger.finished(permit.permit, _outcome(failure), result, ledger.now(), by=sweep["id"])
        return {"failed": bool(failure), "msg": _message(failure) if failure else "recorded"}


def _outcome(failure: Json) -> Outcome:
    """A fix that cannot tell whether its write arrived says ``unknown``: that is no failure, somebody has to look."""
    if not failure:
        return "done"
    return "interrupted" if failure.get("unknown") else "failed"


def _message(failure: Json) -> str:
    text: Any = failure.get("msg") or failure.get("message") or "the remedy failed and gave no reason"
    return str(text)[:2000]
