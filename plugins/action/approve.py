# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A human's answer to a plan that waits, see the module of the same name."""

from __future__ import annotations

import os
import tempfile
from typing import ClassVar

from ansible_collections.oncall.remedy.plugins.plugin_utils.action import StageAction, workdir
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory import extra_vars
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.settings import SettingsError
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import Approval
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json
from ansible_collections.oncall.remedy.plugins.plugin_utils.notation.faults import RunbookError
from ansible_collections.oncall.remedy.plugins.plugin_utils.playbooks import OWN, runbooks_of
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation import decisions
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import clock

WORDS = ("approve", "reject")


class ActionModule(StageAction):
    """Shows a plan that was put before a human, and takes the answer."""

    OPTIONS: ClassVar[Json] = {}

    def perform(self, options: Json) -> Json:
        plan, decision = extra_vars.text(self.variables, "plan"), extra_vars.one_of(self.variables, "decision", WORDS)
        why, who = extra_vars.text(self.variables, "why"), extra_vars.who(self.variables, "who")
        url = self.settings().ledger
        if not plan or not decision:
            return self._show(Ledger.open(url, read_only=True), plan)
        if decision == "reject" and not why:
            raise SettingsError("why: a rejection needs a reason (-e why='…'): whoever is called next will ask for it")
        with tempfile.TemporaryDirectory(dir=workdir()) as folder:
            ledger = self._ledger(url, folder)
            self._tell(ledger, ledger.find_approval(plan))
            answered = ledger.decide_approval(plan, decision == "approve", who, why, ledger.now())
        self.say(decisions.following(_following(answered, check=self.check)))
        return {"changed": True, "approval": _returned(answered)}

    def _ledger(self, url: str, folder: str) -> Ledger:
        """The real ledger; for a ``--check`` run a copy of it, on which everything is refused that would be."""
        if not self.check:
            return Ledger.open(url)
        return Ledger.scratch_copy(url, os.path.join(folder, "ledger.db"))

    def _show(self, ledger: Ledger, plan: str) -> Json:
        """What a plan is, or which ones wait. Nothing is decided without a word for it."""
        now = ledger.now()
        if plan:
            found = ledger.find_approval(plan)
            self._tell(ledger, found)
            self.say("Nothing was decided: that takes -e decision=approve or -e decision=reject.")
            return {"approval": _returned(found)}
        waiting = [one for one in ledger.approvals(("waiting",)) if (one.expires_at or now) > now]
        self.say(decisions.waiting(waiting, now))
        if waiting:
            self.say("See one with -e plan=ID, answer with -e decision=approve or -e decision=reject.")
        return {"waiting": [_returned(one) for one in waiting]}

    def _tell(self, ledger: Ledger, approval: Approval) -> None:
        case = ledger.case(approval.episode)
        self.say(decisions.plan(approval, case, ledger.now(), self._playbook(case)))

    def _playbook(self, case: Json | None) -> str:
        """How the runbook's own playbook is called; empty where there is none that can be used."""
        try:
            path = runbooks_of(self.settings()).by_name((case or {}).get("runbook") or "").path
        except RunbookError:
            return ""
        return f"oncall.remedy.{path.stem}" if path.parent == OWN else str(path)


def _following(one: Approval, check: bool) -> str:
    """What comes of the answer."""
    why = f": {one.decided_why}" if one.decided_why else ", without a reason"
    if check:
        return f"Check mode: it would be {one.state} by {one.decided_by}{why}. Nothing was written."
    if one.state == "rejected":
        return f"Rejected by {one.decided_by}{why}. It is not asked again in this incident unless the decision changes."
    until = f" before {clock(one.expires_at, one.decided_at or 0.0)} UTC" if one.expires_at else ""
    return (
        f"Approved by {one.decided_by}{why}. The next sweep{until} gathers the evidence anew and carries it out once, "
        "if it comes to the same decision and every guard agrees."
    )


def _returned(one: Approval) -> Json:
    """What the playbook may go on with. Who asked AWX for the job sees it, so it is short."""
    names = ("id", "target", "remedy", "state", "episode", "expires_at", "decided_by", "decided_why")
    return {name: getattr(one, name) for name in names}
