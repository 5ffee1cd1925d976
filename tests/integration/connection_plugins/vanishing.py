# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A connection to this very machine that is lost for good as soon as a certain file is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection.local import Connection as Local

DOCUMENTATION = """
name: vanishing
short_description: lost in the middle
description:
  - Works as the local connection until the file O(log) is there; then the host cannot be reached any more.
options:
  log:
    description: The file whose presence cuts the connection.
    type: path
    required: true
    vars:
      - name: treatment_log
"""


class Connection(Local):
    """The local connection, until it is lost."""

    transport = "vanishing"

    def exec_command(self, *args: Any, **kwargs: Any) -> Any:
        """Runs a command, or fails as a dead host does."""
        if Path(self.get_option("log")).exists():  # type: ignore[no-untyped-call]
            raise AnsibleConnectionFailure("the host does not answer any more")
        return super().exec_command(*args, **kwargs)
