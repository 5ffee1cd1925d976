# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the target is free: nobody else changes it, and nothing that was begun on it is without an outcome."""

from __future__ import annotations

from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.view import GateInput, holds, passes, span
from ansible_collections.oncall.remedy.plugins.plugin_utils.ledger.values import LEASE_MAX
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Verdict

LEASE = "lease"
UNFINISHED = "nothing unfinished"


def lease(view: GateInput) -> Verdict:
    """Passes if nobody holds the target's lease, or this sweep does for this very episode."""
    if view.standing is None:
        return holds(LEASE, "it cannot be told who holds the target: the ledger cannot be read")
    found = view.standing.lease
    if found is None or not found.held(view.now):
        return passes(LEASE, f"{view.target} is free")
    if (found.episode, found.owner) == (view.episode, view.sweep):
        return passes(LEASE, f"{view.target} is held by this sweep")
    left = found.expires_at - view.now
    if left > LEASE_MAX:
        return holds(LEASE, f"{view.target} is held for {span(left)} more, longer than any lease: a clock is wrong")
    return holds(LEASE, f"{view.target} is held for episode {found.episode[:8]}, for at most {span(left)} more")


def nothing_unfinished(view: GateInput) -> Verdict:
    """Passes if every mitigation that was begun on the target has an outcome. One that has none may still be writing,
    or may have written: somebody has to look first."""
    if view.standing is None:
        return holds(UNFINISHED, "it cannot be told: the ledger cannot be read")
    begun = [one for one in view.standing.unfinished if one.state == "begun"]
    if begun:
        since = f", {span(view.now - begun[0].began_at)} ago" if begun[0].began_at is not None else ""
        return holds(UNFINISHED, f"{begun[0].remedy} was begun{since} and has no outcome")
    return passes(UNFINISHED, "all that was begun here has an outcome")
