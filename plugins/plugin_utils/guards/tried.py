# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the same was already done in this very incident: it is still open, so it did not help."""

from __future__ import annotations

from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.view import GateInput, holds, passes, span
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Verdict

NAME = "not tried"


def not_tried(view: GateInput) -> Verdict:
    """Passes if this episode has not seen this remedy yet, however long ago it was. What takes a change back is meant
    to follow it."""
    if view.standing is None:
        return holds(NAME, "it cannot be told what was tried: the ledger cannot be read")
    if view.undoes:
        return passes(NAME, "it takes a change back")
    tried = [one for one in view.standing.history if one.episode == view.episode and one.remedy == view.remedy]
    if not tried:
        return passes(NAME, "not done in this incident before")
    ago = f" {span(view.now - tried[-1].began_at)} ago" if tried[-1].began_at is not None else ""
    return holds(NAME, f"done in this incident{ago} ({tried[-1].outcome or 'no outcome'}), and it is still there")
