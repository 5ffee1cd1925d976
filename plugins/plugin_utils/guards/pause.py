# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether somebody has asked for a pause: of this target, of what it stands on, or of everything."""

from __future__ import annotations

from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.view import (
    GateInput,
    holds,
    holds_for_now,
    passes,
    short,
    until,
)
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Verdict

NAME = "pause"


def pause(view: GateInput) -> Verdict:
    """Passes if no pause is in force. Each says who wants it, why, and until when; none is for ever."""
    if view.pauses is None:
        return holds(NAME, "it cannot be told whether somebody asked for a pause: the ledger cannot be read")
    concerned = {"", view.target, *view.stands_on}
    found = [one for one in view.pauses if one.target in concerned and one.holds(view.now)]
    if not found:
        return passes(NAME, "nobody has asked for a pause")
    last = max(found, key=lambda one: one.ends_at)
    what = last.target or "everything"
    more = f"; and {len(found) - 1} more" if len(found) > 1 else ""
    who = f"{what} is paused by {short(last.owner, 60)} {until(last.ends_at, view.now)}"
    return holds_for_now(NAME, f"{who}: {short(last.reason)}{more}")
