#!/usr/bin/python
# Copyright (c) 2026 the oncall.remedy authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: assess
short_description: asks, diagnoses, decides and issues permits
version_added: 0.1.0
author:
- the oncall.remedy authors (@oncall-remedy)
description:
- The third stage of a sweep. Asks all questions of all incidents side by side under the read-only identity, diagnoses
  each by its runbook, asks the gate, and issues a permit for each plan that every guard agrees with.
- Writes to the ledger alone.
extends_documentation_fragment:
- oncall.remedy.stage
- oncall.remedy.stage.sweep
"""

EXAMPLES = r"""
- name: Ask, diagnose, decide
  oncall.remedy.assess:
    sweep: "{{ remedy_sweep }}"
  register: remedy_assessed
"""

RETURN = r"""
mend:
  description: The targets that have a permit.
  returned: success
  type: list
  sample:
  - hetzner
  elements: str
outcomes:
  description: How many incidents have which outcome already.
  returned: success
  type: dict
  sample:
    escalated: 1
"""
