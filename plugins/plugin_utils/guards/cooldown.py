# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the same remedy was used on the target a moment ago: what did not help then will hardly help now."""

from __future__ import annotations

from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.view import GateInput, holds, passes, span
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Verdict

NAME = "cooldown"


def cooldown(view: GateInput) -> Verdict:
    """Passes if the remedy's last use on the target, however it went, ended at least ``plan.cooldown`` ago. What takes
    a change back is meant to follow it."""
    wanted = view.plan.cooldown
    if view.standing is None:
        return holds(NAME, "it cannot be told when this was last done: the ledger cannot be read")
    if not wanted >= 0:
        return holds(NAME, f"the plan's cooldown is {wanted}, which is no duration")
    if view.standing.since > view.now - wanted:
        return holds(NAME, f"it cannot be told: the history that was read is shorter than {span(wanted)}")
    if view.undoes:
        return passes(NAME, "it takes a change back")
    uses = [one for one in view.standing.history if one.remedy == view.remedy and one.began_at is not None]
    if not uses:
        return passes(NAME, f"not done to {view.target} within {span(wanted)}")
    # One without an outcome may be going on, so it counts from now.
    rest = wanted - (view.now - max(view.now if one.ended_at is None else one.ended_at for one in uses))
    if rest <= 0:
        return passes(NAME, f"last done {span(wanted - rest)} ago, the cooldown is {span(wanted)}")
    if rest > wanted:
        return holds(NAME, "it is recorded as done in the future: a clock was set back")
    return holds(NAME, f"done {span(wanted - rest)} ago; not again for another {span(rest)}")
