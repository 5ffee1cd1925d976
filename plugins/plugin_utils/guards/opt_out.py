# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the owners of the target want the engine's hands off it for good."""

from __future__ import annotations

from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.view import GateInput, holds, passes, short
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Verdict

NAME = "opt out"


def opt_out(view: GateInput) -> Verdict:
    """Passes if the inventory does not opt the target out. Else its plans are proposed to a human."""
    if view.opt_out is None:
        return holds(NAME, f"it cannot be told whether {view.target} is opted out: remedy_opt_out is no text")
    if not isinstance(view.opt_out, str):
        return holds(NAME, f"it cannot be told whether {view.target} is opted out")
    if view.opt_out:
        return holds(NAME, f"{view.target} is opted out in the inventory: {short(view.opt_out)}")
    return passes(NAME, f"{view.target} is not opted out")
