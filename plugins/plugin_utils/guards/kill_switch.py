# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The emergency brake: a file whose presence keeps everything from acting."""

from __future__ import annotations

from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.view import GateInput, holds, passes
from ansible_collections.oncall.remedy.plugins.plugin_utils.model import Verdict

NAME = "kill switch"


def kill_switch(view: GateInput) -> Verdict:
    """Passes only if it is known that the file is not there."""
    if view.kill_switch == "absent":
        return passes(NAME, "not pulled")
    if view.kill_switch == "present":
        return holds(NAME, "pulled: while its file exists, nothing acts")
    return holds(NAME, "it cannot be told whether it is pulled: the place of its file cannot be read")
