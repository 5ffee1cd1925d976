#!/usr/bin/python
# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: status
short_description: shows what waits, what is held and why
version_added: 0.1.0
author:
- the oncall.remedy authors (@oncall-remedy)
description:
- Reads the ledger once, shows how the engine stands in lines of 80 columns, and returns the same as data. Opens the
  ledger for reading only, with or without C(--check).
- Narrowed to one target by the variable C(target), to the letter the name of one inventory host. Where the variable
  C(format) is C(json), the data is shown instead of the text. Both are read as they stand and never rendered as
  templates, so they are no options.
extends_documentation_fragment:
- oncall.remedy.stage
options: {}
"""

EXAMPLES = r"""
- name: Show what waits, what is held and why
  oncall.remedy.status:
  register: remedy_status
"""

RETURN = r"""
status:
  description:
  - How the engine stands. Times are Unix seconds. Texts of alerts in it are as they came, so they are data and never to
    be rendered.
  returned: success
  type: dict
  contains:
    at:
      description: When this was read.
      type: float
      sample: 1795321027.0
    target:
      description: The target that it is narrowed to, or empty.
      type: str
      sample: hetzner
    engine:
      description:
      - C(last_success) and C(last_sweep) with C(ended_at), C(took), C(verdict); sweeps C(under_way); C(sources) with
        C(heard_at); C(kill_switch); C(storm); C(failures) of the engine itself.
      type: dict
      sample:
        kill_switch: absent
    approvals:
      description: Plans that wait for a human, or that are approved and not carried out yet.
      type: list
      elements: dict
      sample: []
    held:
      description: Incidents that a guard holds, with the guards and their reasons in C(held_by).
      type: list
      elements: dict
      sample: []
    waits:
      description: All other open incidents, with what each waits for and when it is looked at.
      type: list
      elements: dict
      sample: []
    undelivered:
      description: Calls for a human that have not arrived.
      type: list
      elements: dict
      sample: []
    unfinished:
      description: Mitigations that were begun and have no outcome.
      type: list
      elements: dict
      sample: []
    leases:
      description: Locks that are held, or ran out and were not given back.
      type: list
      elements: dict
      sample: []
    pauses:
      description: Pauses in force.
      type: list
      elements: dict
      sample: []
    trust:
      description: What became of each remedy on each target so far, and what that suggests.
      type: list
      elements: dict
      sample: []
    next_due:
      description: When the next incident is to be looked at, or null.
      type: float
      sample: 1795321087.0
"""
