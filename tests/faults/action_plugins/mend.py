# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Mends a member of a stand-in fleet: one POST, sent from the controller so that hundreds of them are quick."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Sends the write; a server that does not take it fails the task."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        body = json.dumps({"incident": self._task.args["incident"]}).encode()
        with urllib.request.urlopen(self._task.args["url"], data=body, timeout=30):  # noqa: S310  a URL of the test's own
            return {"changed": True, "message": "mended"}
