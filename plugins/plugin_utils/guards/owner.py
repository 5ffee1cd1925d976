# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether somebody would put it back: Helm, Argo CD, Terraform. Then the change belongs in their source, not here."""

from __future__ import annotations

from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.view import GateInput, holds, passes
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Verdict

NAME = "owner"


def owner(view: GateInput) -> Verdict:
    """Passes if nobody owns what the plan changes. With an owner the change is proposed to its source instead."""
    found = view.plan.owner
    if not isinstance(found, str):
        return holds(NAME, f"it cannot be told who owns {view.plan.touches}")
    if found:
        return holds(NAME, f"{view.plan.touches} belongs to {found}, which would put it back: change it there")
    return passes(NAME, f"nothing would put {view.plan.touches} back")
