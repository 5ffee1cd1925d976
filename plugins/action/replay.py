# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Diagnoses recorded cases with the runbooks of today, see the module of the same name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import ClassVar

from ansible_collections.oncall.remedy.plugins.plugin_utils.action import StageAction
from ansible_collections.oncall.remedy.plugins.plugin_utils.corpus import (
    Acceptance,
    CorpusError,
    accepts,
    load_accepted,
    load_cases,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory import extra_vars
from ansible_collections.oncall.remedy.plugins.plugin_utils.inventory.settings import SettingsError
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.ledger import Ledger
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Json
from ansible_collections.oncall.remedy.plugins.plugin_utils.playbooks import runbooks_of
from ansible_collections.oncall.remedy.plugins.plugin_utils.presentation import replayed
from ansible_collections.oncall.remedy.plugins.plugin_utils.replay import Replayed, replay
from ansible_collections.oncall.remedy.plugins.plugin_utils.words import plural

MONTH = 30 * 86400.0
MOST = 2000
"""Cases of a ledger that are replayed at once, the newest of them."""


class ActionModule(StageAction):
    """Shows which decisions flip, and fails in a strict run if one does that nobody has accepted."""

    OPTIONS: ClassVar[Json] = {}

    def perform(self, options: Json) -> Json:
        strict, folder = extra_vars.yes(self.variables, "strict"), extra_vars.text(self.variables, "cases")
        accepted: dict[str, Acceptance] = {}
        try:
            cases = load_cases(os.path.expanduser(folder)) if folder else self._recorded()
            accepted = load_accepted(os.path.expanduser(folder)) if folder else {}
        except CorpusError as error:
            raise SettingsError(str(error)) from error
        catalogue = runbooks_of(self.settings())
        replays = [replay(case, catalogue) for case in cases]
        flips = [one for one in replays if one.flips and not accepts(accepted, one)]
        unused = _unused(replays, accepted)
        self.say(replayed.told(replays, accepted, unused))
        if strict and (flips or unused):
            what = (
                [f"{plural(len(flips), 'decision')} of recorded cases flip, and nobody accepted that"] if flips else []
            )
            what += [f"{plural(len(unused), 'accepted flip')} did not happen"] if unused else []
            return {"failed": True, "msg": "; ".join(what)}
        return {"cases": len(replays), "flips": [_returned(one) for one in flips]}

    def _recorded(self) -> list[Json]:
        """The cases of the ledger: one of them, or those of a while."""
        ledger, wanted = Ledger.open(self.settings().ledger, read_only=True), extra_vars.text(self.variables, "case")
        if wanted:
            return [ledger.find_case(wanted)]
        since = ledger.now() - (extra_vars.duration(self.variables, "since") or MONTH)
        cases = ledger.cases(limit=MOST, since=since)
        if len(cases) == MOST:
            self.say(f"There are more: these are the {MOST:,} newest.")
        return cases


def _unused(replays: Sequence[Replayed], accepted: dict[str, Acceptance]) -> list[Acceptance]:
    """What was accepted and does not happen."""
    happened = {one.case["id"] for one in replays if one.flips and accepts(accepted, one)}
    return [one for case, one in accepted.items() if case not in happened]


def _returned(one: Replayed) -> Json:
    return {"case": one.case["id"], "runbook": one.runbook, "then": one.then, "now": one.now}
