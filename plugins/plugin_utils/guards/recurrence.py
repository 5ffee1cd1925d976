# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the same remedy is used on the target again and again: then it hides a fault that a human has to find."""

from __future__ import annotations

from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.view import GateInput, holds, passes, span
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Verdict
from ansible_collections.oncall.remedy.plugins.plugin_utils.recurrence import Budget, budget, told, uses

NAME = "recurrence"


def recurrence(view: GateInput) -> Verdict:
    """Passes while the remedy has been used on the target fewer times than its budget allows. What takes a change back
    is not rationed."""
    try:
        allowed: Budget = budget(view.recurrence)
    except ValueError as error:
        return holds(NAME, f"it cannot be told how often it may be done: remedy_recurrence is not usable, {error}")
    if view.standing is None:
        return holds(NAME, "it cannot be told how often this was done: the ledger cannot be read")
    if view.standing.since > view.now - allowed.within:
        return holds(NAME, f"it cannot be told: the history that was read is shorter than {span(allowed.within)}")
    if view.undoes:
        return passes(NAME, "it takes a change back")
    found = uses(view.standing.history, view.remedy, view.now - allowed.within, view.episode)
    says = told(found, allowed.within, view.now)
    if len(found) >= allowed.times:
        return holds(NAME, f"{says}; allowed are {allowed.times}: why does it come back?")
    return passes(NAME, f"{says}; allowed are {allowed.times}")
