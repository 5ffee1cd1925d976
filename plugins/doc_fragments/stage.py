# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation that the steps of a sweep share."""

from __future__ import annotations


class ModuleDocFragment:
    """``stage``: every step; ``stage.sweep``: one that goes on with what discover found."""

    DOCUMENTATION = r"""
options: {}
attributes:
  action:
    description: Runs in the controller's process, as an action plugin.
    support: full
  connection:
    description: Needs a connection to the host.
    support: none
  check_mode:
    description: Can run in check mode and says what would happen.
    support: full
  diff_mode:
    description: Gives a diff of what is changed.
    support: none
"""

    SWEEP = r"""
options:
  sweep:
    description: What M(oncall.remedy.discover) returned.
    type: dict
    required: true
"""
