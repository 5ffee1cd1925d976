# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The emergency brake, as a file: while it is there, nothing begins."""

from __future__ import annotations

import os

from ansible_collections.oncall.remedy.plugins.plugin_utils.guards.view import KillSwitch


def kill_switch(path: str) -> KillSwitch:
    """Whether the emergency brake is pulled. Only a clear "no such file" counts as absent."""
    try:
        os.lstat(path)
    except FileNotFoundError:
        return "absent"
    except OSError:
        return "unreadable"
    return "present"
